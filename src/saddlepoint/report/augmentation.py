"""The page of an augmentation: what was generated, and whether it helped, in one HTML file that opens without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from saddlepoint.figures.alternatives import alternatives_figure
from saddlepoint.markup import Markup, html, joined
from saddlepoint.report.measurement_page import FirstScreen, embedded_figure, write_measurement_page
from saddlepoint.report.words import count, definitions, signed_with_interval

PICTURE_SHARE = 600_000
TONES = {"it helped": "good", "no difference is shown": "info", "it hurt": "failure"}


def write_augmentation_page(document: Mapping[str, Any], path: Path) -> Path:
    """Write the page.

    Args:
        document: what `Augmented.to_json` returns.
        path: of the page, in a folder that exists.

    Returns:
        The path.
    """
    measured = document["measured"]
    sections = {"data": ("The generated data", _data(document))}
    if measured is not None:
        sections = {
            "scores": ("Scores", _scores(measured)),
            "how": ("How it was measured", _how(measured)),
            **sections,
        }
    return write_measurement_page(path, _first_screen(document), sections)


def _first_screen(document: Mapping[str, Any]) -> FirstScreen:
    measured = document["measured"]
    tiles = [("Generated", count(document["examples"])), ("Classes", count(len(document["counts"])))]
    tiles += [("Real examples", count(document["source"]["examples"])), ("Model", str(document["recipe"]["name"]))]
    if measured is None:
        tone, verdict = "info", html("<p>Whether these examples help a classifier was not measured.</p>")
    else:
        tone = TONES[measured["verdict"]]
        verdict = html("<h2>What to train on</h2><p>{}</p>", measured["recommendation"])
        tiles.append(("Splits", count(measured["splits"])))
    return FirstScreen(tone, html("augmentation"), document["headline"], verdict, tiles)


def _scores(measured: Mapping[str, Any]) -> Markup:
    scenarios: Sequence[Mapping[str, Any]] = measured["scenarios"]
    names = [one["alternative"] for one in scenarios[0]["comparisons"]]
    values, low, high = (
        [[one["score"][part] for one in scenario["comparisons"]] for scenario in scenarios]
        for part in ("value", "low", "high")
    )
    titles = [_title(scenario) for scenario in scenarios]
    drawn = embedded_figure(
        alternatives_figure(titles, names, values, low, high, x="macro F1 on real test examples"),
        "Mean over splits and 95 % interval of each alternative; the dotted line is the real examples alone.",
        share=PICTURE_SHARE,
    )
    return joined([drawn, *(_table(scenario) for scenario in scenarios)], "\n")


def _title(scenario: Mapping[str, Any]) -> str:
    n = f"{scenario['n']:,}"
    return scenario["title"] if n in scenario["title"] else f"{scenario['title']} (n = {n})"


def _table(scenario: Mapping[str, Any]) -> Markup:
    rows = joined(_row(one) for one in scenario["comparisons"])
    title = _title(scenario)
    against = "; ".join(
        f"{signed_with_interval(interval)} against {name}" for name, interval in scenario["against"].items()
    )
    rejected = f"{scenario['rejected']:.0%} of the generated examples were rejected."
    kept = scenario["unfiltered"]
    if kept:
        rejected += f" In all splits together {kept:,} rejected ones were used, because too few passed."
    return html(
        '<h3>{}</h3><div class="scroll"><table class="result"><tr><th>trained on</th><th>macro F1</th>'
        "<th>difference to real [95 % interval]</th><th>verdict</th></tr>{}</table></div>"
        '<p class="quiet">Real + generated: {}. {}</p>',
        title[:1].upper() + title[1:],
        rows,
        against,
        rejected,
    )


def _row(one: Mapping[str, Any]) -> Markup:
    begin = html('<td>{}</td><td data-label="macro F1">{:.3f}</td>', one["alternative"], one["score"]["value"])
    if one["alternative"] == "real":
        return html("<tr>{}<td></td><td></td></tr>", begin)
    badge = html('<span class="badge {}">{}</span>', TONES[one["verdict"]], one["verdict"])
    return html(
        '<tr>{}<td data-label="difference">{}</td><td>{}</td></tr>',
        begin,
        signed_with_interval(one["difference"]),
        badge,
    )


def _how(measured: Mapping[str, Any]) -> Markup:
    return html(
        "<p>{} random splits of the real examples. In each split, the generator and its filter see the training examples alone, every "
        "alternative that adds examples adds equally many of each class, and all classifiers are tested on the same real examples. "
        "Differences are paired over splits; their 95 % intervals allow for the examples that splits share. The headline is that of real + "
        "generated in the first scenario. Every other verdict is by its own interval, and one in twenty shows a difference where there is none: "
        "the recommendation is corrected for the number of alternatives.</p>",
        measured["splits"],
    )


def _data(document: Mapping[str, Any]) -> Markup:
    facts = {
        "Notice": document["notice"],
        "Examples of each class": ", ".join(f"{name} {number:,}" for name, number in document["counts"].items()),
        "Drawn": f"{document['drawn']:,}",
        "Rejected": "; ".join(f"{reason} {number:,}" for reason, number in document["rejected"].items()) or "none",
        "Notes": "; ".join(document["notes"]),
        "Model": document["model"],
        "Seed": document["seed"],
        "SHA-256 of the real examples": document["source"]["sha256"],
        "SHA-256 of the generated ones": document["content_sha256"],
    }
    return definitions((name, str(value)) for name, value in facts.items())
