"""How close samples are to the data: a row with a bar for each measurement behind the level, the worst first."""

from __future__ import annotations

from collections.abc import Mapping

from saddlepoint.figures.panels import MEASURED_BY
from saddlepoint.markup import Markup, html, joined
from saddlepoint.records import Aspect, Result
from saddlepoint.report.facts import Facts
from saddlepoint.report.layout import absent, section
from saddlepoint.report.words import count, number

_TITLE = "How close samples are to the data"
_VALUES = ("Samples", "Real examples", "Worst case")


def result(facts: Facts) -> Markup:
    """The section; empty where the run's summary holds no result."""
    content = facts.summary.get("result")
    if not isinstance(content, Mapping):
        return Markup()
    try:
        found = Result.from_json(content)
    except (KeyError, TypeError, ValueError, AttributeError):
        return section("result", _TITLE, absent("The result in summary.json could not be read."))
    if found.level is None:
        return section("result", _TITLE, absent(f"It was not measured: {found.reason}."))
    head = html(
        "<p>Samples are <strong>{}</strong>. {} of them were compared with {}{}, by {}{}. All measurements decide together. A bar that "
        "is full means as good as other real examples (1); an empty one, nothing in common with the data (0).</p>",
        found.level,
        count(found.samples),
        "" if found.real is None else f"{count(found.real)} ",
        found.against,
        found.features,
        "" if found.features == MEASURED_BY else f" (the curves below are by {MEASURED_BY}, which give other values)",
    )
    cells = joined(html("<th>{}</th>", name) for name in ("Measurement", "From worst to real", "", *_VALUES))
    rows = joined(_row(aspect) for aspect in found.aspects)
    return section(
        "result",
        _TITLE,
        html('{}<div class="scroll"><table class="result"><tr>{}</tr>{}</table></div>', head, cells, rows),
    )


def _row(aspect: Aspect) -> Markup:
    error = "" if aspect.error is None else f"\u00a0±\u00a0{number(float(f'{aspect.error:.2g}'))}"
    cells = [html("<td>{}</td>", cell) for cell in (aspect.name, _bar(aspect.share), f"{aspect.share:.2f}")]
    values = (number(aspect.value) + error, number(aspect.real), number(aspect.worst_case))
    # A phone shows a row as a card, in which every value has its column's name beside it.
    cells += [html('<td data-label="{}">{}</td>', name, value) for name, value in zip(_VALUES, values, strict=True)]
    return html("<tr>{}</tr>", joined(cells))


def _bar(share: float) -> Markup:
    """The share as a horizontal bar, from 0 to 1."""
    filled = min(max(share, 0.0), 1.0) if share == share else 0.0
    return html(
        '<svg class="meter" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{:.2f} of 1">'
        '<rect class="rail" width="100" height="8" rx="2"/><rect class="fill" width="{:.1f}" height="8" rx="2"/></svg>',
        filled,
        100 * filled,
    )
