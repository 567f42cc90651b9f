"""What was tried against failures while the run trained: one row a cure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from saddlepoint.records import change
from saddlepoint.report.facts import Facts
from saddlepoint.report.sections import section
from saddlepoint.report.words import count, escaped


def cures(facts: Facts) -> str:
    """The section; empty where nothing was tried."""
    tried = facts.summary.get("cures")
    if not isinstance(tried, Sequence) or not tried:
        return ""
    rows = "".join(_row(line) for line in tried if isinstance(line, Mapping))
    told = (
        "<p>On these failures the run went back, changed its settings and went on (<code>training.cure: auto</code>). "
        "What it went back behind lies in <code>attempts/</code>; recipe.yaml has the settings it ended with.</p>"
    )
    heads = "".join(f"<th>{name}</th>" for name in ("#", "against", "found at step", "went back to", "changed"))
    return section("cures", "Cures", f"{told}<table><tr>{heads}</tr>{rows}</table>")


def _row(line: Mapping[str, Any]) -> str:
    changes = line.get("changes")
    changed = "<br>".join(
        f"<code>{escaped(name)}</code> {escaped(change(name, before, after)).replace('-&gt;', '→')}"
        for name, (before, after) in (changes if isinstance(changes, Mapping) else {}).items()
    )
    returned = line.get("returned_to")
    cells = (
        count(line.get("number")),
        f"<code>{escaped(str(line.get('code')))}</code> {escaped(str(line.get('title') or ''))}",
        count(line.get("found")),
        f"step {count(returned)}" if returned else "the start",
        changed,
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
