"""The page of generated rows: scores beside their baselines, histograms of columns, and the strongest pairs of columns.

One HTML file that opens without a network.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from saddlepoint.evaluation.scorecard.score import Estimate
from saddlepoint.evaluation.tables.answer import estimate_text, leaks, looks_real, short
from saddlepoint.evaluation.tables.card import BASELINES, TableCard, TableScore
from saddlepoint.figures.columns import column_figure, pair_figure
from saddlepoint.figures.style import png
from saddlepoint.markup import Markup, html, joined
from saddlepoint.records import replaced
from saddlepoint.report.embedding import embedded_picture
from saddlepoint.report.first_screen import MARKS
from saddlepoint.report.layout import card_table, section
from saddlepoint.report.page import opening
from saddlepoint.report.words import count, definitions, table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from saddlepoint.evaluation.tables.pictures import PictureColumn, PicturePair

PICTURE_SHARE = 200_000  # bytes of one picture
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
    tone = "failure" if leaks(card.scores) else "good" if looks_real(card.scores) else "warning"
    links = {"scores": "Scores", "columns": "Columns", "pairs": "Pairs", "measured": "How it was measured"}
    body = [
        opening(f"{card.headline} ({card.generated})"),
        _first_screen(card, tone),
        html("<nav>{}</nav>", joined(html('<a href="#{}">{}</a>', key, word) for key, word in links.items())),
        section("scores", "Scores", _scores(card)),
        section("columns", "Columns", _columns(card, columns)),
        section("pairs", "Pairs of columns", _pairs(columns, pairs)),
        section("measured", "How it was measured", _measured(card)),
        html(
            "<footer><p>Written by Saddlepoint. This file is complete: it loads nothing.</p></footer>\n</body>\n</html>\n"
        ),
    ]
    with replaced(path) as file:
        file.write(joined(body, "\n"))
    return path


def _first_screen(card: TableCard, tone: str) -> Markup:
    tiles = [(f"{name} rows", count(number)) for name, number in card.rows.items() if number]
    tiles += [
        (score.title, estimate_text(score.value))
        for score in card.scores
        if score.metric in ("detection-boosting", "usefulness", "usefulness-number", "attack-distance")
    ]
    shown = joined(
        html("<div><dt>{}</dt><dd>{}</dd></div>", name[:1].upper() + name[1:], words) for name, words in tiles
    )
    notes = joined(html('<p class="quiet">{}</p>', note) for note in card.notes)
    return html(
        '<header class="first {tone}"><p class="run"><span class="brand">Saddlepoint</span> rows of <b>{generated}</b> '
        "against <b>{real}</b></p>\n"
        '<h1><span class="mark" aria-hidden="true">{mark}</span><span>{headline}</span></h1>\n'
        '<div class="verdict"><h2>What was measured</h2><p>{answer}</p>{notes}</div>\n'
        '<dl class="tiles">{tiles}</dl></header>',
        tone=tone,
        generated=card.generated,
        real=card.real,
        mark=MARKS[tone],
        headline=card.headline,
        answer=card.answer,
        notes=notes,
        tiles=shown,
    )


def _scores(card: TableCard) -> Markup:
    names = ("Score", "These rows", "95 % interval", *(words[:1].upper() + words[1:] for words in BASELINES.values()))
    explained = (
        "Each score stands beside the same score of other real rows, of training rows drawn again, and of two simple generators. "
        "Compare with real rows first: no generator should be better than these."
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
        f" {len(order) - len(shown)} more columns, which are more alike, are not drawn."
        if len(order) > len(shown)
        else ""
    )
    drawn = []
    for column in shown:
        alike = f": alike to {short(shapes[column.name])} of 1" if column.name in shapes else ""
        drawn.append(_figure(column_figure(column), f"{column.name}{alike}"))
    return html(
        '<p class="quiet">Generated rows over real rows, the least alike column first.{}</p><div class="plots">{}</div>',
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
        caption = f"{words}: dependence {short(pair.strength)} in real rows, alike to {short(pair.similarity)} of 1"
        drawn.append(_figure(pair_figure(x, y, words), caption))
    return html(
        '<p class="quiet">The pairs that depend most on each other in real rows. Colours are shares of rows; where one column is a number, '
        'shares of the rows of each category.</p><div class="gallery">{}</div>',
        joined(drawn),
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
