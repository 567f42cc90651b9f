"""A run's findings are a log: opened, grown graver, closed. What stands is what the log says last."""

from __future__ import annotations

from collections.abc import Iterable

from saddlepoint.records.schema import SEVERITIES, Finding


def standing(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that were not closed again, the gravest first, then in the order in which they were opened.

    Findings of one code that speak of different things before training (a duplicate, a constant column) all stand;
    later ones of a code take the place of those before them. What a trial found before the first step (`preflight` in its
    evidence) is another thing than what a rule finds under the same code: neither takes the other's place, or ends it.
    """
    open_: dict[tuple[str, bool], list[Finding]] = {}
    for finding in findings:
        kind = (finding.code, bool(finding.evidence.get("preflight")))
        before = open_.get(kind, [])
        if finding.state == "closed":
            open_.pop(kind, None)
        elif before and finding.step == 0 == before[-1].step:
            before.append(finding)
        else:
            open_[kind] = [finding]
    found = [finding for same in open_.values() for finding in same]
    return sorted(found, key=lambda finding: -SEVERITIES.index(finding.severity))
