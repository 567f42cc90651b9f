"""How close samples are to the data: one row for each measurement that the level was decided by, the worst first."""

from __future__ import annotations

from collections.abc import Mapping

from saddlepoint.records import Aspect, Result
from saddlepoint.report.facts import Facts
from saddlepoint.report.sections import absent, section
from saddlepoint.report.words import count, escaped, number

_TITLE = "How close samples are to the data"


def result(facts: Facts) -> str:
    """The section; empty where the run's summary holds no result."""
    content = facts.summary.get("result")
    if not isinstance(content, Mapping):
        return ""
    try:
        found = Result.from_json(content)
    except (KeyError, TypeError, ValueError, AttributeError):
        return section("result", _TITLE, absent("The result in summary.json could not be read."))
    if found.level is None:
        return section("result", _TITLE, absent(f"It was not measured: {found.reason}."))
    head = (
        f"<p>Samples are <strong>{escaped(found.level)}</strong>. {count(found.samples)} of them were compared with "
        f"{escaped(found.against)}, by {escaped(found.features)}. All measurements decide together: a share of 1 means as good "
        "as other real examples, 0 as bad as samples that have nothing of the data.</p>"
    )
    names = ("Measurement", "Value", "Real examples", "Nothing of the data", "Share")
    cells = "".join(f"<th>{name}</th>" for name in names)
    rows = "".join(_row(aspect) for aspect in found.aspects)
    return section("result", _TITLE, f'{head}<div class="scroll"><table><tr>{cells}</tr>{rows}</table></div>')


def _row(aspect: Aspect) -> str:
    error = "" if aspect.error is None else f" ± {number(float(f'{aspect.error:.2g}'))}"
    cells = (
        escaped(aspect.name),
        escaped(number(aspect.value) + error),
        escaped(number(aspect.real)),
        escaped(number(aspect.worst_case)),
        f"{aspect.share:.2f}",
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
