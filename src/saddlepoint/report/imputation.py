"""The page of an imputation: what was missing where, the contest of methods, and filled beside observed values.

One HTML file that opens without a network.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlepoint.figures.alternatives import alternatives_figure
from saddlepoint.figures.columns import ColumnValues, column_figure
from saddlepoint.figures.missing import Patterns, pattern_figure
from saddlepoint.figures.style import png
from saddlepoint.markup import Markup, html, joined
from saddlepoint.records import replaced
from saddlepoint.report.embedding import embedded_picture
from saddlepoint.report.first_screen import MARKS
from saddlepoint.report.layout import absent, card_table, section
from saddlepoint.report.page import opening
from saddlepoint.report.words import count, definitions, table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURE_SHARE = 200_000  # bytes of one picture
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
    contest = document["contest"]
    links = {"missing": "What was missing", "methods": "Methods", "columns": "Columns", "facts": "Details"}
    body = [
        opening(document["headline"]),
        _first_screen(document),
        html("<nav>{}</nav>", joined(html('<a href="#{}">{}</a>', key, word) for key, word in links.items())),
        section("missing", links["missing"], _missing(document, patterns)),
        section("methods", links["methods"], _methods(document, contest)),
        section("columns", links["columns"], _columns(document, columns)),
        section("facts", links["facts"], _facts(document)),
        html(
            "<footer><p>Written by Saddlepoint. This file is complete: it loads nothing.</p></footer>\n</body>\n</html>\n"
        ),
    ]
    with replaced(path) as file:
        file.write(joined(body, "\n"))
    return path


def _first_screen(document: Mapping[str, Any]) -> Markup:
    tone = "warning" if document["left"] else "good"
    tiles = [("Rows", count(document["rows"])), ("Columns", count(document["columns"]))]
    share = document["missing"] / max(document["rows"] * document["columns"], 1)
    tiles += [("Missing cells", f"{share:.1%}"), ("Completed tables", count(document["draws"]))]
    shown = joined(html("<div><dt>{}</dt><dd>{}</dd></div>", name, words) for name, words in tiles)
    left = joined(
        html('<p class="quiet">Cells stay missing in {}: {}.</p>', name, reason)
        for name, reason in document["left"].items()
    )
    return html(
        '<header class="first {tone}"><p class="run"><span class="brand">Saddlepoint</span> missing values, for {aim}</p>\n'
        '<h1><span class="mark" aria-hidden="true">{mark}</span><span>{headline}</span></h1>\n'
        '<div class="alone"><div class="verdict"><h2>How to use it</h2><p>{advice}</p>{left}</div></div>\n'
        '<dl class="tiles">{tiles}</dl></header>',
        tone=tone,
        aim=document["aim"],
        mark=MARKS[tone],
        headline=document["headline"],
        advice=ADVICE["inference" if document["draws"] > 1 else document["aim"]],
        left=left,
        tiles=shown,
    )


def _missing(document: Mapping[str, Any], patterns: Patterns) -> Markup:
    if not patterns.names:
        return absent("No cell is missing.")
    explained = (
        "Each row of squares is a combination of missing cells, with the number of rows that have it; above, the missing share of each "
        "column. No method can tell whether cells are missing because of their own value: then all of them are biased."
    )
    counts = table((name, f"{cells:,} cells filled") for name, cells in document["filled"].items())
    drawn = _figure(pattern_figure(patterns), "Combinations of missing cells, the most frequent first")
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
    drawn = ["Within the range (80 % is right)"] if any(score["coverage"] is not None for score in scores) else []
    names = ["Method", what[:1].upper() + what[1:], "95 % interval", "Time", *drawn]
    failed = table((name, reason) for name, reason in contest["failed"].items())
    title = html("<h3>Could not be tried</h3>") if contest["failed"] else Markup()
    caption = (
        "Mean and 95 % interval over the cells; the dotted line is the winner. Methods are compared on the same cells."
    )
    return html("{}{}{}{}{}", said, _figure(drawing, caption), card_table("scores", names, rows), title, failed)


def _columns(document: Mapping[str, Any], columns: Sequence[ColumnValues]) -> Markup:
    if not columns:
        return absent("No cell was filled.")
    drawn = [
        _figure(
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


def _figure(drawing: Figure, caption: str) -> Markup:
    file = io.BytesIO()
    png(drawing, file)
    picture = embedded_picture(file.getvalue(), PICTURE_SHARE)
    return html(
        '<figure class="plot"><img src="{}" width="{}" height="{}" alt="{caption}"><figcaption>{caption}</figcaption></figure>',
        picture.address,
        picture.width,
        picture.height,
        caption=caption,
    )
