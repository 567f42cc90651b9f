"""The scores of a scorecard as an HTML table for notebooks."""

from __future__ import annotations

from collections.abc import Sequence

from saddlepoint.evaluation.scorecard.protocol import ProtocolCard
from saddlepoint.evaluation.scorecard.score import Estimate, Score
from saddlepoint.markup import Markup, html, joined
from saddlepoint.records import Result

_ARROWS = {"lower": "↓", "higher": "↑", "none": ""}


def scores_table(card: ProtocolCard, scores: Sequence[Score], warnings: Sequence[str], result: Result | None) -> Markup:
    """HTML in the notebook's own style."""
    names = ("score", "", "value", "95 % interval", "real data", "bad generator")
    head = joined(html("<th>{}</th>", name) for name in names)
    return html(
        "<p><b>{}</b> on {}: {:,} samples for each of {} seeds, against {:,} {} examples</p>{}{}"
        "<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
        card.model,
        card.data,
        card.n_fake,
        len(card.seeds),
        card.n_real,
        card.split,
        "" if result is None else html("<p>Samples are {}.</p>", result),
        joined(html("<p><b>Warning:</b> {}</p>", warning) for warning in warnings),
        head,
        joined(_row(score) for score in scores),
    )


def _row(score: Score) -> Markup:
    interval = "" if score.low is None or score.high is None else f"{score.low:.4g} to {score.high:.4g}"
    unit = f" {score.unit}" if score.unit else ""
    cells = (
        score.title,
        _ARROWS[score.better],
        f"{score.value:.4g}{unit}",
        interval,
        _value(score.baseline),
        _value(score.worst_case),
    )
    return html("<tr>{}</tr>", joined(html("<td>{}</td>", cell) for cell in cells))


def _value(estimate: Estimate | None) -> str:
    return "" if estimate is None else f"{estimate.value:.4g}"
