"""A verdict has two parts: how the process of training went, and how close its result is to the data.

The first is decided by the findings that are active, the second by all measurements of quality together (see
`saddlepoint.records.result`). Neither implies the other: a run in which nothing was found may have stopped too early,
and a run that diverged at its end may have samples that are close.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from saddlepoint.diagnosis.causes import causes_first
from saddlepoint.records import Finding, standing

Process = Literal["no failure found", "at risk", "failing", "failed"]
PROCESSES: tuple[Process, ...] = get_args(Process)
NO_FAILURE_FOUND, AT_RISK, FAILING, FAILED = PROCESSES
# Findings on the data before training speak about the data; whether training went well is another question.
BEFORE_TRAINING = "DATA"
_EARLIER_WORDS: Mapping[str, Process] = {"healthy": NO_FAILURE_FOUND}  # in summaries of version 0.1


def process_of(findings: Iterable[Finding], *, ended: bool) -> Process:
    """How training went, by the findings that are active.

    "failing": a failure is active while training goes on, which may yet recover. "failed": it is active at the end.
    "at risk": a warning is active. "no failure found": neither; which is not to say that samples are good. Notes
    (severity "info") and warnings about the data alone count for nothing.
    """
    severities = {finding.severity for finding in standing(findings) if not _about_data(finding)}
    if "failure" in severities:
        return FAILED if ended else FAILING
    return AT_RISK if "warning" in severities else NO_FAILURE_FOUND


def process_in(summary: Mapping[str, Any]) -> Process | None:
    """The process that a run's summary names, also one of an earlier version; None where it names none."""
    word = summary.get("process", summary.get("health"))
    word = _EARLIER_WORDS.get(word, word) if isinstance(word, str) else None
    return word if word in PROCESSES else None


def cause_in_words(findings: Iterable[Finding]) -> str:
    """The finding that explains most, and how many others are active: empty where no warning or failure is.

    For example: "GAN101: The discriminator overpowers the generator. 2 other findings are active (GAN102, GAN103)."
    """
    active = [finding for finding in causes_first(findings) if finding.severity != "info"]
    if not active:
        return ""
    first, others = active[0], [finding.code for finding in active[1:]]
    said = f"{first.code}: {first.title}"
    if not others:
        return said
    codes = ", ".join(dict.fromkeys(others))
    return f"{said} {len(others)} other finding{'s are' if len(others) > 1 else ' is'} active ({codes})."


def _about_data(finding: Finding) -> bool:
    """A warning about the data alone; data that cannot be learnt are a failure of the run too."""
    return finding.code.startswith(BEFORE_TRAINING) and finding.severity != "failure"
