"""The page of clusters: examples of each, agreement with classes beside the baselines, the plane of codes, probes and outliers.

One HTML file that opens without a network.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from saddlepoint.figures.alternatives import alternatives_figure
from saddlepoint.markup import Markup, html, joined
from saddlepoint.report.embedding import embedded_picture
from saddlepoint.report.layout import absent, card_table, image
from saddlepoint.report.measurement_page import FirstScreen, embedded_figure, write_measurement_page
from saddlepoint.report.words import count, definitions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from saddlepoint.figures.style import Picture

SHARE = 600_000  # bytes of a picture
TONES = {"better": "good", "no difference is shown": "info", "worse": "warning"}
NAMES = {
    "ami": "AMI",
    "nmi": "NMI",
    "ari": "ARI",
    "accuracy": "accuracy",
    "silhouette": "silhouette",
    "stability": "stability",
}
AGREEMENT = ("ami", "nmi", "ari", "accuracy")


@dataclass(frozen=True)
class RowTable:
    """Examples as rows of a table: the names of its columns, the cells, and how many columns are not shown."""

    names: Sequence[str]
    rows: Sequence[Sequence[str]]
    left_out: int = 0


@dataclass(frozen=True)
class ClusterPictures:
    """The pictures of the page; examples are either pictures or rows.

    Attributes:
        clusters: examples nearest to the centres.
        plane: the codes in a plane, by cluster and by class.
        confusions: of classes and clusters, by method.
        outliers: the most unusual examples.
        cluster_rows, outlier_rows: the same as rows.
    """

    clusters: Picture | None
    plane: Picture
    confusions: Mapping[str, Picture]
    outliers: Picture | None
    cluster_rows: RowTable | None = None
    outlier_rows: RowTable | None = None


def write_cluster_page(document: Mapping[str, Any], pictures: ClusterPictures, path: Path) -> Path:
    """Write the page.

    Args:
        document: what `Clustered.to_json` returns.
        pictures: of the clusters.
        path: of the page, which appears whole or stays as it was.

    Returns:
        The path.
    """
    sections = {
        "clusters": ("Clusters", _clusters(document, pictures)),
        "scores": ("Scores", _scores(document)),
        "plane": ("Codes in a plane", _plane(pictures)),
    }
    if pictures.confusions:
        sections["classes"] = ("Clusters and classes", _confusions(pictures))
    sections |= {
        "probes": ("Probes", _probes(document["probes"])),
        "outliers": ("Outliers", _outliers(document, pictures)),
        "facts": ("Details", _facts(document)),
    }
    return write_measurement_page(path, _first_screen(document), sections)


def _first_screen(document: Mapping[str, Any]) -> FirstScreen:
    verdict = document["verdict"]
    if verdict is None:
        words = (
            "No classes are known, so nothing says whether these clusters mean something. Stability says whether other examples would give "
            "the same clusters; look at the examples of each."
        )
        tone = "info"
    else:
        against = "; ".join(
            f"{_signed(document['scores'][name]['k-means']['codes_against']['ami'])} against {title}"
            for name, title in (("raw", "raw values"), ("pca", "principal components"))
        )
        words = f"Difference in AMI by k-means of codes: {against}, with 95 % intervals. All methods and measures are below."
        tone = TONES[verdict]
    notes = joined(html('<p class="quiet">{}</p>', note) for note in document["notes"])
    return FirstScreen(
        tone=tone,
        about=html("clusters of {}, by {}", document["source"], document["recipe"]),
        headline=document["headline"],
        verdict=html("<h2>What it says</h2><p>{}</p>{}", words, notes),
        tiles=[
            ("Examples", count(document["examples"])),
            ("Clusters", count(document["clusters"])),
            ("Classes", count(len(document["classes"])) if document["classes"] else "unknown"),
            ("Numbers in a code", count(document["dimensions"]["codes"])),
        ],
    )


def _clusters(document: Mapping[str, Any], pictures: ClusterPictures) -> Markup:
    said = (
        f"Clusters of codes by k-means, numbered from the largest; n is their size. Their number is {document['clusters']}: "
        f"{document['clusters_chosen_by']}."
    )
    shown = _shown(pictures.clusters, pictures.cluster_rows, "The examples nearest to the mean of each cluster")
    return html('<p class="quiet">{}</p>{}', said, shown)


def _scores(document: Mapping[str, Any]) -> Markup:
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
            cells = [("other", _interval(one.get(metric))) for metric in shown]
            if labelled:
                cells.append(("other", _signed(one["codes_against"]["ami"]) if one["codes_against"] else "-"))
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


def _plane(pictures: ClusterPictures) -> Markup:
    caption = "Each point is the code of an example, projected on the first two principal components of all codes"
    return _embedded(pictures.plane, caption)


def _confusions(pictures: ClusterPictures) -> Markup:
    said = "Examples of each class in each cluster; the darker, the larger the share of the class. Matched clusters come first."
    drawn = [
        _embedded(picture, f"Classes and clusters of codes by {method}")
        for method, picture in pictures.confusions.items()
    ]
    return html('<p class="quiet">{}</p><div class="plots">{}</div>', said, joined(drawn))


def _probes(probes: Mapping[str, Any] | None) -> Markup:
    if probes is None:
        return absent("Probes need known classes, and ten labelled examples to train and ten to test on.")
    rows = [
        [
            ("title", html("<strong>{}, {}</strong>", probe, name)),
            ("other", _interval(one["accuracy"])),
            ("other", "-" if one["difference"] is None else _signed(one["difference"])),
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


def _outliers(document: Mapping[str, Any], pictures: ClusterPictures) -> Markup:
    said = "; ".join(f"{name}: {title}" for name, title in document["criteria"].items())
    shown = _shown(pictures.outliers, pictures.outlier_rows, "The most unusual examples, in the order of the list")
    rows = [
        [
            ("title", html("<strong>{}</strong>", one["name"])),
            ("other", one["criterion"]),
            ("other", f"{one['score']:.4g}"),
            ("other", f"{one['typical']:.4g}"),
            ("other", one["known_class"] or "-"),
        ]
        for one in document["outliers"]
    ]
    listed = card_table("scores", ["Example", "Criterion", "Score", "Median of all", "Class"], rows)
    return html('<p class="quiet">By two criteria. {}.</p>{}{}', said[:1].upper() + said[1:], shown, listed)


def _facts(document: Mapping[str, Any]) -> Markup:
    facts = {
        "Model": document["model"],
        "Representations": "; ".join(
            f"{name}: {title} ({document['dimensions'][name]:,} numbers)"
            for name, title in document["representations"].items()
        ),
        "Methods": "; ".join(f"{name}: {title}" for name, title in document["methods"].items()),
        "Number of clusters": document["clusters_chosen_by"],
        "Seed": str(document["seed"]),
    }
    return definitions(facts.items())


def _shown(picture: Picture | None, rows: RowTable | None, caption: str) -> Markup:
    if picture is not None:
        return _embedded(picture, caption)
    if rows is None:
        return absent("Examples of this kind are not drawn; their names are in clusters.csv.")
    head = joined(html("<th>{}</th>", name) for name in rows.names)
    body = joined(html("<tr>{}</tr>", joined(html("<td>{}</td>", cell) for cell in row)) for row in rows.rows)
    more = html('<p class="quiet">{} more columns are not shown.</p>', rows.left_out) if rows.left_out else Markup()
    return html('<div class="scroll"><table><tr>{}</tr>{}</table></div>{}', head, body, more)


def _embedded(picture: Picture, caption: str) -> Markup:
    if hasattr(picture, "savefig"):
        return embedded_figure(cast("Figure", picture), caption, share=SHARE)
    file = io.BytesIO()
    picture.save(file, format="PNG")
    shown = image(embedded_picture(file.getvalue(), SHARE), caption)
    return html('<figure class="plot">{}<figcaption>{}</figcaption></figure>', shown, caption)


def _interval(interval: Mapping[str, float] | None) -> str:
    return "-" if interval is None else f"{interval['value']:.3f} [{interval['low']:.3f}, {interval['high']:.3f}]"


def _signed(interval: Mapping[str, float]) -> str:
    return f"{interval['value']:+.3f} [{interval['low']:+.3f}, {interval['high']:+.3f}]"
