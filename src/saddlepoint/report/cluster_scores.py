"""The numbers on the page of clusters: scores of every method on every representation, and probes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saddlepoint.figures.alternatives import alternatives_figure
from saddlepoint.markup import Markup, html
from saddlepoint.report.layout import absent, card_table
from saddlepoint.report.measurement_page import embedded_figure
from saddlepoint.report.words import signed_with_interval, with_interval

SHARE = 600_000  # bytes of the picture
NAMES = {
    "ami": "AMI",
    "nmi": "NMI",
    "ari": "ARI",
    "accuracy": "accuracy",
    "silhouette": "silhouette",
    "stability": "stability",
}
AGREEMENT = ("ami", "nmi", "ari", "accuracy")


def scores_section(document: Mapping[str, Any]) -> Markup:
    """Scores by method and representation, as a picture and as a table."""
    scores: Mapping[str, Mapping[str, Mapping[str, Any]]] = document["scores"]
    representations, methods = list(scores), list(next(iter(scores.values())))
    labelled = document["verdict"] is not None
    metric = "ami" if labelled else "stability"
    drawn = Markup()
    if all(metric in scores[name][method] for name in representations for method in methods):
        values, low, high = (
            [[scores[name][method][metric][part] for name in representations] for method in methods]
            for part in ("value", "low", "high")
        )
        figure = alternatives_figure(
            methods, representations, values, low, high, x=f"{NAMES[metric]}, higher is better"
        )
        caption = f"{NAMES[metric]} with 95 % intervals by each method; the dotted line is that of the codes."
        drawn = embedded_figure(figure, caption, share=SHARE)
    shown = (*AGREEMENT, "silhouette") if labelled else ("stability", "silhouette")
    rows = []
    for method in methods:
        for name in representations:
            one = scores[name][method]
            cells = [("other", with_interval(one.get(metric))) for metric in shown]
            if labelled:
                cells.append(
                    ("other", signed_with_interval(one["codes_against"]["ami"]) if one["codes_against"] else "-")
                )
            found = f"{one['clusters']}" + (f", {one['noise']:.0%} noise" if one["noise"] else "")
            rows.append([("title", html("<strong>{}, {}</strong>", method, name)), *cells, ("other", found)])
    names = ["", *(NAMES[metric] for metric in shown), *(["AMI of codes less this"] if labelled else []), "clusters"]
    return html('<p class="quiet">{}</p>{}{}', _explained(labelled), drawn, card_table("scores", names, rows))


def _explained(labelled: bool) -> str:
    if not labelled:
        return (
            "Stability is the adjusted Rand index between clusters of two bootstrap samples: 1 where other examples give the same clusters, 0 where "
            "they are unrelated. The silhouette compares distances within and between clusters; it depends on the representation."
        )
    return (
        "AMI is the adjusted mutual information of clusters and classes, 0 in expectation for random clusters; NMI is normalised without this "
        "correction, and ARI is the adjusted Rand index. Accuracy is that of the best one-to-one assignment of clusters to classes (Hungarian "
        "matching). Noise of HDBSCAN is wrong for accuracy and one more cluster for the others. "
        "Intervals of 95 % allow for other examples and other seeds of the method, not for other trainings of the model. The silhouette depends on "
        "the representation."
    )


def probes_section(probes: Mapping[str, Any] | None) -> Markup:
    """Accuracy of the probes; None where classes are not known."""
    if probes is None:
        return absent("Probes need known classes, and ten labelled examples to train and ten to test on.")
    rows = [
        [
            ("title", html("<strong>{}, {}</strong>", probe, name)),
            ("other", with_interval(one["accuracy"])),
            ("other", "-" if one["difference"] is None else signed_with_interval(one["difference"])),
        ]
        for probe in ("linear", "k-nn")
        for name, one in probes[probe].items()
    ]
    said = (
        f"{probes['note']} Accuracy of a logistic regression (linear) and of the five nearest neighbours (k-nn), trained on "
        f"{probes['trained']:,} examples and tested on {probes['tested']:,}. Always the most frequent class: {probes['chance']:.3f}."
    )
    names = ["", "Accuracy [95 % interval]", "Codes less this"]
    return html('<p class="quiet">{}</p>{}', said, card_table("scores", names, rows))
