"""A scorecard as a table for notebooks."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from saddlepoint.evaluation.scorecard import Bounds, Score, Scorecard

_ARROWS = {"lower": "↓", "higher": "↑", "none": ""}


def markup(scorecard: Scorecard) -> str:
    """HTML with no style but the notebook's own."""
    card = scorecard.card
    rows = "".join(_row(score) for score in scorecard.scores)
    names = ("score", "", "value", "95 % interval", "real data", "bad generator")
    head = "".join(f"<th>{name}</th>" for name in names)
    warnings = "".join(f"<p><b>Warning:</b> {html.escape(warning)}</p>" for warning in scorecard.warnings)
    measured = (
        f"{card.n_fake:,} samples for each of {len(card.seeds)} seeds, against {card.n_real:,} {card.split} examples"
    )
    result = "" if scorecard.result is None else f"<p>Samples are {html.escape(str(scorecard.result))}.</p>"
    return (
        f"<p><b>{html.escape(card.model)}</b> on {html.escape(card.data)}: {html.escape(measured)}</p>{result}{warnings}"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(score: Score) -> str:
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
    return "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"


def _told(bounds: Bounds | None) -> str:
    return "" if bounds is None else f"{bounds.value:.4g}"
