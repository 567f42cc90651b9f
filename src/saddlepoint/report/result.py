"""How close samples are to the data: one row for each measurement that the level was decided by, the worst first."""

from __future__ import annotations

from collections.abc import Mapping

from saddlepoint.markup import Markup, html, joined
from saddlepoint.records import Aspect, Result
from saddlepoint.report.facts import Facts
from saddlepoint.report.sections import absent, section
from saddlepoint.report.words import count, number

_TITLE = "How close samples are to the data"


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
        "<p>Samples are <strong>{}</strong>. {} of them were compared with {}, by {}. All measurements decide together: a "
        "share of 1 means as good as other real examples, 0 as bad as samples that have nothing of the data.</p>",
        found.level,
        count(found.samples),
        found.against,
        found.features,
    )
    names = ("Measurement", "Share", "Value", "Real examples", "Nothing of the data")
    cells = joined(html("<th>{}</th>", name) for name in names)
    rows = joined(_row(aspect) for aspect in found.aspects)
    return section(
        "result", _TITLE, html('{}<div class="scroll"><table><tr>{}</tr>{}</table></div>', head, cells, rows)
    )


def _row(aspect: Aspect) -> Markup:
    error = "" if aspect.error is None else f"\u00a0±\u00a0{number(float(f'{aspect.error:.2g}'))}"
    cells = (
        aspect.name,
        f"{aspect.share:.2f}",
        number(aspect.value) + error,
        number(aspect.real),
        number(aspect.worst_case),
    )
    return html("<tr>{}</tr>", joined(html("<td>{}</td>", cell) for cell in cells))
