"""The remedies that were applied against failures while the run trained, one a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from saddlepoint.markup import Markup, html, joined
from saddlepoint.records import change
from saddlepoint.report.facts import Facts
from saddlepoint.report.layout import folded_section
from saddlepoint.report.words import count


def remedies(facts: Facts) -> Markup:
    """The section; empty where no remedy was applied."""
    applied = facts.summary.get("cures")
    if not isinstance(applied, Sequence) or not applied:
        return Markup()
    rows = joined(_row(line) for line in applied if isinstance(line, Mapping))
    how = html(
        "<p>On each of these failures the run went back to a checkpoint, changed its settings and went on "
        "(<code>training.cure: auto</code>). The steps that were given up lie in <code>attempts/</code>; recipe.yaml has the "
        "settings at the end.</p>"
    )
    heads = joined(html("<th>{}</th>", name) for name in ("#", "against", "found at step", "went back to", "changed"))
    table = html('{}<div class="scroll"><table><tr>{}</tr>{}</table></div>', how, heads, rows)
    return folded_section("remedies", "Remedies applied", f"{len(applied)} of them", table)


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
