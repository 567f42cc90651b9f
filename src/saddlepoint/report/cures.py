"""What was tried against failures while the run trained: one row a cure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from saddlepoint.markup import Markup, html, joined
from saddlepoint.records import change
from saddlepoint.report.facts import Facts
from saddlepoint.report.sections import section
from saddlepoint.report.words import count


def cures(facts: Facts) -> Markup:
    """The section; empty where nothing was tried."""
    tried = facts.summary.get("cures")
    if not isinstance(tried, Sequence) or not tried:
        return Markup()
    rows = joined(_row(line) for line in tried if isinstance(line, Mapping))
    told = html(
        "<p>On these failures the run went back, changed its settings and went on (<code>training.cure: auto</code>). "
        "What it went back behind lies in <code>attempts/</code>; recipe.yaml has the settings it ended with.</p>"
    )
    heads = joined(html("<th>{}</th>", name) for name in ("#", "against", "found at step", "went back to", "changed"))
    return section("cures", "Cures", html("{}<table><tr>{}</tr>{}</table>", told, heads, rows))


def _row(line: Mapping[str, Any]) -> Markup:
    changes = line.get("changes")
    changed = joined(
        (
            html("<code>{}</code> {}", name, change(name, before, after).replace("->", "→"))
            for name, (before, after) in (changes if isinstance(changes, Mapping) else {}).items()
        ),
        html("<br>"),
    )
    returned = line.get("returned_to")
    cells = (
        count(line.get("number")),
        html("<code>{}</code> {}", line.get("code"), line.get("title") or ""),
        count(line.get("found")),
        f"step {count(returned)}" if returned else "the start",
        changed,
    )
    return html("<tr>{}</tr>", joined(html("<td>{}</td>", cell) for cell in cells))
