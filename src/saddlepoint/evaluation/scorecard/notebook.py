"""A scorecard as a table for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from saddlepoint.markup import Markup, html, joined

if TYPE_CHECKING:
    from saddlepoint.evaluation.scorecard.scorecard import Bounds, Score, Scorecard

_ARROWS = {"lower": "↓", "higher": "↑", "none": ""}


def markup(scorecard: Scorecard) -> Markup:
    """HTML with no style but the notebook's own."""
    card = scorecard.card
    names = ("score", "", "value", "95 % interval", "real data", "bad generator")
    head = joined(html("<th>{}</th>", name) for name in names)
    result = "" if scorecard.result is None else html("<p>Samples are {}.</p>", scorecard.result)
    return html(
        "<p><b>{}</b> on {}: {:,} samples for each of {} seeds, against {:,} {} examples</p>{}{}"
        "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
        card.model,
        card.data,
        card.n_fake,
        len(card.seeds),
        card.n_real,
        card.split,
        result,
        joined(html("<p><b>Warning:</b> {}</p>", warning) for warning in scorecard.warnings),
        head,
        joined(_row(score) for score in scorecard.scores),
    )


def _row(score: Score) -> Markup:
    interval = "" if score.low is None or score.high is None else f"{score.low:.4g} to {score.high:.4g}"
    unit = f" {score.unit}" if score.unit else ""
    cells = (
        score.title,
        _ARROWS[score.better],
        f"{score.value:.4g}{unit}",
        interval,
        _told(score.floor),
        _told(score.ceiling),
    )
    return html("<tr>{}</tr>", joined(html("<td>{}</td>", cell) for cell in cells))


def _told(bounds: Bounds | None) -> str:
    return "" if bounds is None else f"{bounds.value:.4g}"
