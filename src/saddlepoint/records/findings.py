"""A run's findings are a log: they open, become more severe, and close. The last entry of each decides what is active."""

from __future__ import annotations

from collections.abc import Iterable

from saddlepoint.records.schema import SEVERITIES, Finding


def active_findings(findings: Iterable[Finding]) -> list[Finding]:
    """The active findings, the most severe first, then in the order in which they were opened.

    Findings before training under one code (duplicates, a constant column) are all active. A later finding during training
    replaces an earlier one of its code. Findings of the checks before the first step (`preflight` in their evidence) and
    those of rules under the same code do not replace or close each other.
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
