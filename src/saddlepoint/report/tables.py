"""The page of generated rows: scores beside their baselines, histograms of columns, and the strongest pairs of columns.

One HTML file that opens without a network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from saddlepoint.evaluation.scorecard.score import Estimate
from saddlepoint.evaluation.tables.answer import differs, estimate_text, leaks, passes_as_real, short
from saddlepoint.evaluation.tables.card import BASELINES, TableCard, TableScore
from saddlepoint.figures.column_pairs import pair_figure
from saddlepoint.figures.columns import column_figure
from saddlepoint.markup import Markup, html, joined
from saddlepoint.report.layout import card_table
from saddlepoint.report.measurement_page import FirstScreen, embedded_figure, write_measurement_page
from saddlepoint.report.words import count, definitions, table

if TYPE_CHECKING:
    from saddlepoint.evaluation.tables.pictures import PictureColumn, PicturePair

TILES = ("detection-boosting", "usefulness", "usefulness-number", "attack-distance")  # scores on the first screen
MOST_COLUMNS = 40  # that are drawn; more are left out, the most similar ones
DIRECTIONS = {"lower": "lower is better", "higher": "higher is better", "none": "neither direction is better"}
MOST_PARTS = 3  # columns or pairs that are named below a score


def write_table_page(
    card: TableCard, columns: Sequence[PictureColumn], pairs: Sequence[PicturePair], path: Path
) -> Path:
    """Write the page.

    Args:
        card: the scores.
        columns: both tables' columns as numbers.
        pairs: of them, that are drawn.
        path: of the page, which appears whole or stays as it was.
    """
    sections = {
        "scores": ("Scores", _scores(card)),
        "columns": ("Columns", _columns(card, columns)),
        "pairs": ("Pairs of columns", _pairs(columns, pairs)),
        "measured": ("How it was measured", _measured(card)),
    }
    return write_measurement_page(path, _first_screen(card), sections, name=f"{card.headline} ({card.generated})")


def _first_screen(card: TableCard) -> FirstScreen:
    tiles = [(f"{name[:1].upper()}{name[1:]} rows", count(number)) for name, number in card.rows.items() if number]
    tiles += [(score.title, estimate_text(score.value)) for score in card.scores if score.metric in TILES]
    notes = joined(html('<p class="quiet">{}</p>', note) for note in card.notes)
    return FirstScreen(
        tone=_tone(card.scores),
        about=html("rows of <b>{}</b> against <b>{}</b>", card.generated, card.real),
        headline=card.headline,
        verdict=html("<h2>What was measured</h2><p>{}</p>{}", card.answer, notes),
        tiles=tiles,
    )


def _tone(scores: Sequence[TableScore]) -> str:
    if leaks(scores):
        return "failure"
    if differs(scores):
        return "warning"
    return "good" if passes_as_real(scores) else "info"


def _scores(card: TableCard) -> Markup:
    names = ("Score", "These rows", "95 % interval", *(words[:1].upper() + words[1:] for words in BASELINES.values()))
    explained = (
        "Baselines are the same scores of other real rows, of training rows drawn again, and of two simple generators. "
        "Compare with real rows first: a generator that does better than these copies them."
    )
    return html(
        '<p class="quiet">{}</p>\n{}', explained, card_table("scores table-scores", names, map(_score, card.scores))
    )


def _score(score: TableScore) -> list[tuple[str, object]]:
    """(class of the cell, what it shows) for each column."""
    direction = DIRECTIONS[score.better]
    if score.better == "none" and score.ideal is not None:
        direction = f"{short(score.ideal)} is best"
    parts = "; ".join(f"{name} {short(value)}" for name, value in score.parts[:MOST_PARTS] if value < 1)
    notes = [html('<span class="note">{}</span>', score.meaning)]
    if parts:
        notes.append(html('<span class="note">Lowest: {}</span>', parts))
    verdict = html('<span class="note">unlike real rows</span>') if score.differs_from_real else Markup()
    return [
        ("title", html("<strong>{}</strong><span>{}</span>{}", score.title, direction, joined(notes))),
        ("value", html("<strong>{}</strong>{}", short(score.value.value), verdict)),
        ("interval", _interval(score.value)),
        *(("other", _estimate(score.baselines, name)) for name in BASELINES),
    ]


def _estimate(baselines: Mapping[str, Estimate], name: str) -> Markup:
    if name not in baselines:
        return html("none")
    return html('{}<span class="note">{}</span>', short(baselines[name].value), _interval(baselines[name]))


def _interval(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return "none"
    return f"{short(estimate.low)} to {short(estimate.high)}"


def _columns(card: TableCard, columns: Sequence[PictureColumn]) -> Markup:
    shapes = {name: value for score in card.scores if score.metric == "shapes" for name, value in score.parts}
    order = sorted(columns, key=lambda column: shapes.get(column.name, 1.0))
    shown = order[:MOST_COLUMNS]
    left = (
        f" {len(order) - len(shown)} more columns, which are more similar, are not drawn."
        if len(order) > len(shown)
        else ""
    )
    drawn = []
    for column in shown:
        alike = f": similarity {short(shapes[column.name])} of 1" if column.name in shapes else ""
        drawn.append(embedded_figure(column_figure(column), f"{column.name}{alike}"))
    return html(
        '<p class="quiet">Generated rows over real rows, the least similar column first.{}</p><div class="plots">{}</div>',
        left,
        joined(drawn),
    )


def _pairs(columns: Sequence[PictureColumn], pairs: Sequence[PicturePair]) -> Markup:
    if not pairs:
        return html('<p class="quiet">The table has no two columns to draw.</p>')
    drawn = []
    for pair in pairs:
        x, y = columns[pair.first], columns[pair.second]
        words = f"{x.name} and {y.name}"
        caption = f"{words}: dependence {short(pair.strength)} in real rows, similarity {short(pair.similarity)} of 1"
        drawn.append(embedded_figure(pair_figure(x, y, words), caption))
    return html(
        '<p class="quiet">The pairs that depend most on each other in real rows. Colours are shares of rows; where one column is a number, '
        'shares of the rows of each category.</p><div class="gallery">{}</div>',
        joined(drawn),
    )


def _measured(card: TableCard) -> Markup:
    facts = [
        ("Generated rows", f"{card.generated}, {count(card.rows.get('generated', 0))} rows"),
        ("Training rows", f"{card.real}, {count(card.rows.get('training', 0))} rows"),
        ("Held-out rows", count(card.rows.get("held out", 0)) if card.rows.get("held out") else "none"),
        ("Target", card.target or "none"),
        ("Seed", str(card.seed)),
    ]
    skipped = table((one.title, one.reason) for one in card.skipped)
    title = html("<h3>Not measured</h3>") if card.skipped else Markup()
    return html("{}{}{}", definitions(facts), title, skipped)
