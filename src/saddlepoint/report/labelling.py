"""The page of a labelling: how good the labels are, which methods were compared, and whether probabilities are calibrated.

One HTML file that opens without a network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from saddlepoint.figures.alternatives import alternatives_figure
from saddlepoint.figures.reliability import reliability_figure
from saddlepoint.markup import Markup, html, joined
from saddlepoint.report.layout import absent, card_table
from saddlepoint.report.measurement_page import FirstScreen, embedded_figure, write_measurement_page
from saddlepoint.report.words import count, definitions, duration


def write_labelling_page(document: Mapping[str, Any], path: Path) -> Path:
    """Write the page.

    Args:
        document: what `Labelled.to_json` returns.
        path: of the page, in a folder that exists.

    Returns:
        The path.
    """
    sections = {
        "methods": ("Methods", _methods(document)),
        "calibration": ("Calibration", _calibration(document)),
        "facts": ("Details", _facts(document)),
    }
    if document["tested"] is not None:
        sections = {"test": ("Test", _test(document["tested"])), **sections}
    return write_measurement_page(path, _first_screen(document), sections)


def _first_screen(document: Mapping[str, Any]) -> FirstScreen:
    tested = document["tested"]
    tone, advice = "info", ""
    if tested is not None and tested["baseline"] is not None:
        tone, advice = _verdict(tested)
    tiles = [("Known labels", count(sum(document["visible"]))), ("Classes", count(len(document["classes"])))]
    if tested is None:
        tiles = [
            (document["noun"].capitalize(), count(document["examples"])),
            *tiles,
            ("Filled", count(document["filled"])),
        ]
    else:
        error = 1 - tested["inductive"]["value"]
        tiles = [("Test error", f"{error:.1%}"), *tiles, ("Test examples", count(tested["examples"]))]
    verdict = html("<h2>How the labels were found</h2><p>{} {}</p>", document["choice"], advice)
    about = html("missing labels") if tested is None else html("hidden labels, an experiment")
    return FirstScreen(tone, about, document["headline"], verdict, tiles)


def _verdict(tested: Mapping[str, Any]) -> tuple[str, str]:
    """The tone, and a sentence on the method against the baseline, by intervals that do not overlap."""
    own, baseline = tested["inductive"], tested["baseline"]
    shown = f"the supervised baseline with the same labels has an error of {_error(baseline)}"
    if own["low"] > baseline["high"]:
        return "good", f"It is better than supervised learning: {shown}."
    if own["high"] < baseline["low"]:
        return "failure", f"It is worse than supervised learning: {shown}."
    return "info", f"No difference to supervised learning is shown: {shown}."


def _error(share: Mapping[str, float]) -> str:
    """The error of a share of right predictions, with its interval."""
    return f"{1 - share['value']:.1%} [{1 - share['high']:.1%}, {1 - share['low']:.1%}]"


def _test(tested: Mapping[str, Any]) -> Markup:
    kinds = {
        "inductive": ("Held-out examples (inductive)", tested["examples"], "no method saw them before the test"),
        "transductive": (
            "Hidden labels (transductive)",
            tested["hidden"],
            "examples that were learnt from without their labels",
        ),
        "baseline": ("Supervised baseline, held-out examples", tested["examples"], "tuned on the visible labels alone"),
    }
    rows = [
        [
            ("title", html("<strong>{}</strong>", name)),
            ("value", _error(tested[kind])),
            ("other", f"{n:,}"),
            ("other", what),
        ]
        for kind, (name, n, what) in kinds.items()
        if tested[kind] is not None
    ]
    said = "The intervals are those of the tested examples, for this choice of visible labels and this seed; another choice has another error."
    table = card_table("scores", ["Measured on", "Error [95 % interval]", "Examples", "What they are"], rows)
    return html('{}<p class="quiet">{}</p>', table, said)


def _methods(document: Mapping[str, Any]) -> Markup:
    scores: Sequence[Mapping[str, Any]] = document["scores"]
    said = html(
        "<p>{}: {}.{}</p>",
        document["method"],
        document["title"],
        f" Fit: {document['note']}." if document["note"] else "",
    )
    if not scores:
        return html("{}{}", said, absent("No cross-validation was asked for."))
    rows = [
        [
            ("title", html("<strong>{}</strong>", one["method"])),
            ("value", f"{one['accuracy']['value']:.1%}"),
            ("interval", f"{one['accuracy']['low']:.1%} to {one['accuracy']['high']:.1%}"),
            ("other", f"{one['log_loss']:.3f}"),
            ("other", duration(one["seconds"])),
        ]
        for one in scores
    ]
    names = ["Method", "Accuracy", "95 % interval", "Log loss (nats)", "Time"]
    values, low, high = ([[one["accuracy"][part] for one in scores]] for part in ("value", "low", "high"))
    n = sum(document["visible"])
    drawn = embedded_figure(
        alternatives_figure(
            [f"Cross-validation within {n:,} labelled examples"],
            [one["method"] for one in scores],
            values,
            low,
            high,
            x="share that is right",
        ),
        "Accuracy on labels that were left out in turn, with 95 % intervals; the dotted line is the first method.",
    )
    return html("{}{}{}", said, drawn, card_table("scores", names, rows))


def _calibration(document: Mapping[str, Any]) -> Markup:
    fitted = "Log probabilities are divided by a temperature that was fitted to cross-validated predictions of the known labels."
    if document["temperature"] is None:
        fitted = "Probabilities are not calibrated, because there was no cross-validation to fit a temperature to."
    if not document["reliability"]:
        return absent(fitted)
    explained = (
        f"{fitted} In each bin, the share of right predictions should equal the confidence. The calibration error is the mean distance of "
        "the two; a finite number of examples makes it larger than 0 for perfect probabilities too."
    )
    drawn = [_diagram(one) for one in document["reliability"]]
    return html('<p class="quiet">{}</p><div class="plots">{}</div>', explained, joined(drawn))


def _diagram(one: Mapping[str, Any]) -> Markup:
    bins: Sequence[Mapping[str, Any]] = one["bins"]
    columns = [[entry[part] for entry in bins] for part in ("confidence", "accuracy", "low", "high")]
    drawing = reliability_figure(
        *columns, title=f"Reliability: {one['of']}", examples=[entry["examples"] for entry in bins]
    )
    verdict = "as calibrated ones would" if one["error"] <= one["high"] else "more than calibrated ones would"
    caption = (
        f"{one['of'][:1].upper()}{one['of'][1:]}: calibration error {one['error']:.3f}, {verdict} (expected {one['expected']:.3f}, 95 % below "
        f"{one['high']:.3f})."
    )
    return embedded_figure(drawing, caption)


def _facts(document: Mapping[str, Any]) -> Markup:
    def by_class(counts: Sequence[int]) -> str:
        return ", ".join(f"{name}: {number:,}" for name, number in zip(document["classes"], counts, strict=True))

    facts = [
        (document["noun"].capitalize(), count(document["examples"])),
        ("Labels that were learnt from", by_class(document["visible"])),
        ("Filled labels", by_class(document["filled_by_class"]) if document["filled"] else "none"),
        ("Method", document["method"]),
        ("Temperature", "none" if document["temperature"] is None else f"{document['temperature']:.3g}"),
        *(("Note", note) for note in document["notes"]),
    ]
    return definitions(facts)
