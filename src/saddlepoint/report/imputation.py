"""The page of an imputation: what was missing where, the contest of methods, and filled beside observed values.

One HTML file that opens without a network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saddlepoint.figures.alternatives import alternatives_figure
from saddlepoint.figures.column_axes import ColumnValues
from saddlepoint.figures.columns import column_figure
from saddlepoint.figures.missing import Patterns, pattern_figure
from saddlepoint.markup import Markup, html, joined
from saddlepoint.report.layout import absent, card_table
from saddlepoint.report.measurement_page import FirstScreen, embedded_figure, write_measurement_page
from saddlepoint.report.words import count, definitions, table

MOST_COLUMNS = 40  # that are drawn
ADVICE = {
    "prediction": "Use the completed table where a program needs a value in each cell. Do not compute intervals or tests from it: best "
    "guesses vary too little.",
    "inference": "Analyse each completed table, and pool the answers by Rubin's rules. A single one conceals what is not known.",
}


def write_imputation_page(
    document: Mapping[str, Any], patterns: Patterns, columns: Sequence[ColumnValues], path: Path
) -> Path:
    """Write the page.

    Args:
        document: what `Imputed.to_json` returns.
        patterns: of missing cells.
        columns: observed (`real`) and filled (`generated`) values.
        path: of the page, which appears whole or stays as it was.

    Returns:
        The path.
    """
    sections = {
        "missing": ("What was missing", _missing(document, patterns)),
        "methods": ("Methods", _methods(document, document["contest"])),
        "columns": ("Columns", _columns(document, columns)),
        "facts": ("Details", _facts(document)),
    }
    return write_measurement_page(path, _first_screen(document), sections)


def _first_screen(document: Mapping[str, Any]) -> FirstScreen:
    share = document["missing"] / max(document["rows"] * document["columns"], 1)
    left = joined(
        html('<p class="quiet">Cells stay missing in {}: {}.</p>', name, reason)
        for name, reason in document["left"].items()
    )
    advice = ADVICE["inference" if document["draws"] > 1 else document["aim"]]
    return FirstScreen(
        tone="warning" if document["left"] else "good",
        about=html("missing values, for {}", document["aim"]),
        headline=document["headline"],
        verdict=html("<h2>How to use it</h2><p>{}</p>{}", advice, left),
        tiles=[
            ("Rows", count(document["rows"])),
            ("Columns", count(document["columns"])),
            ("Missing cells", f"{share:.1%}"),
            ("Completed tables", count(document["draws"])),
        ],
    )


def _missing(document: Mapping[str, Any], patterns: Patterns) -> Markup:
    if not patterns.names:
        return absent("No cell is missing.")
    explained = (
        "Each row of squares is a combination of missing cells, with the number of rows that have it; above, the missing share of each "
        "column. No method can tell whether cells are missing because of their own value: then all of them are biased."
    )
    counts = table((name, f"{cells:,} cells filled") for name, cells in document["filled"].items())
    drawn = embedded_figure(pattern_figure(patterns), "Combinations of missing cells, the most frequent first")
    return html('<p class="quiet">{}</p>{}{}', explained, drawn, counts)


def _methods(document: Mapping[str, Any], contest: Mapping[str, Any] | None) -> Markup:
    note = document["note"]
    said = html("<p>{}</p>", note[:1].upper() + note[1:])
    if contest is None:
        return said
    scores: Sequence[Mapping[str, Any]] = contest["scores"]
    what = "error" if contest["aim"] == "prediction" else "energy score"
    values, halves = (np.array([[score[part] for score in scores]]) for part in ("error", "half"))
    drawing = alternatives_figure(
        [f"{what[:1].upper()}{what[1:]} on {contest['cells']:,} held-out cells"],
        [score["method"] for score in scores],
        values,
        values - halves,
        values + halves,
        x=f"{what}, lower is better",
    )
    rows = [
        [
            ("title", html("<strong>{}</strong>", score["method"])),
            ("value", f"{score['error']:.4f}"),
            ("interval", f"{score['error'] - score['half']:.4f} to {score['error'] + score['half']:.4f}"),
            ("other", f"{score['seconds']:.1f} s"),
            *([] if score["coverage"] is None else [("other", f"{score['coverage']:.0%}")]),
        ]
        for score in scores
    ]
    drawn = ["Numbers within their 80 % range"] if any(score["coverage"] is not None for score in scores) else []
    names = ["Method", what[:1].upper() + what[1:], "95 % interval", "Time", *drawn]
    failed = table((name, reason) for name, reason in contest["failed"].items())
    title = html("<h3>Could not be tried</h3>") if contest["failed"] else Markup()
    caption = (
        "Mean and 95 % interval over the cells; the dotted line is the winner. Methods are compared on the same cells."
    )
    return html("{}{}{}{}{}", said, embedded_figure(drawing, caption), card_table("scores", names, rows), title, failed)


def _columns(document: Mapping[str, Any], columns: Sequence[ColumnValues]) -> Markup:
    if not columns:
        return absent("No cell was filled.")
    drawn = [
        embedded_figure(
            column_figure(column, names=("observed", "filled")),
            f"{column.name}: {document['filled'].get(column.name, 0):,} filled cells",
        )
        for column in columns[:MOST_COLUMNS]
    ]
    more = len(columns) - len(drawn)
    left = f" {more} more columns are not drawn." if more else ""
    guessed = " Best guesses lie closer together than observed values." if document["draws"] == 1 else ""
    explained = f"Filled over observed values. They may differ for good reason: other rows lack a value.{guessed}{left}"
    return html('<p class="quiet">{}</p><div class="plots">{}</div>', explained, joined(drawn))


def _facts(document: Mapping[str, Any]) -> Markup:
    return definitions(
        [
            ("Method", document["method"]),
            ("Aim", document["aim"]),
            ("Completed tables", count(document["draws"])),
            ("Missing cells", count(document["missing"])),
            ("Filled", count(sum(document["filled"].values()))),
        ]
    )
