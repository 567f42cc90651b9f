"""A verdict over a run: healthy, at risk, failing, failed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from saddlepoint.records import Finding, standing

Health = Literal["healthy", "at risk", "failing", "failed"]
HEALTHS: tuple[Health, ...] = ("healthy", "at risk", "failing", "failed")
# What is known of the data before training is said by itself; whether the training went well is another question.
BEFORE_TRAINING = "DATA"


def health_of(findings: Iterable[Finding], *, ended: bool, learnt: bool | None = None) -> Health:
    """What the findings that stand amount to.

    failing: a failure stands while training goes on, which may yet recover; failed: it stands at the end. at risk: a warning
    stands, or training has ended and the samples are not yet like the data. Notes (severity "info") count for nothing.

    learnt: whether samples have come at least half of the way to the data; None where that is not known.
    """
    own = [finding for finding in standing(findings) if not _about_data(finding)]
    severities = {finding.severity for finding in own}
    if "failure" in severities:
        return "failed" if ended else "failing"
    return "at risk" if "warning" in severities or (ended and learnt is False) else "healthy"


def _about_data(finding: Finding) -> bool:
    """A warning about the data alone; data that cannot be learnt are a failure of the run too."""
    return finding.code.startswith(BEFORE_TRAINING) and finding.severity != "failure"
