"""Verdict and process of a run as its folder records them, also of runs that version 0.1 wrote.

Version 0.1 wrote one word on health, "healthy" among them, and a sentence around it. It did not measure how close samples
are to the data as this version does. For such a run the process follows from its findings, and the sentence is made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from saddlepoint.diagnosis import Process, cause_in_words, process_in, process_of
from saddlepoint.records import Finding, RunFolder, shell_command
from saddlepoint.report.words import count, duration

NOT_RECORDED = "process not recorded"
NOTHING_ACTIVE = "No failure and no warning is active."


def recorded_process(
    folder: RunFolder, summary: Mapping[str, Any], findings: Iterable[Finding] | None = None
) -> Process | None:
    """How training went.

    Args:
        folder: the run's.
        summary: what its summary.json holds.
        findings: its log of findings; None reads it.

    Returns:
        What the summary names; of a run that has ended and names none, what its findings say. None before a run has ended,
        and where neither the word nor a log of findings is there.
    """
    named = process_in(summary)
    is_named = named is not None and "process" in summary
    if is_named or not summary or not folder.findings.is_file():
        return named
    return process_of(folder.read_findings() if findings is None else findings, ended=_has_ended(summary))


def recorded_verdict(
    folder: RunFolder, summary: Mapping[str, Any], findings: Iterable[Finding] | None = None
) -> str | None:
    """How the run went, in words; None where the summary has none.

    Args:
        folder: the run's.
        summary: what its summary.json holds.
        findings: its log of findings; None reads it.
    """
    spoken = summary.get("verdict")
    if "process" in summary or "health" not in summary:
        return None if spoken is None else str(spoken)
    log = list(folder.read_findings() if findings is None else findings)
    done = f"{count(summary.get('step', 'unknown'))} steps"
    if isinstance(seconds := summary.get("seconds"), int | float):
        done += f" in {duration(float(seconds))}"
    if not _has_ended(summary):
        done += ", interrupted"
    process = recorded_process(folder, summary, log) or NOT_RECORDED
    cause = cause_in_words(log) or NOTHING_ACTIVE
    return (
        f"{done}; {process}. {cause} How close its samples are to the data was not measured by version 0.1, which trained "
        f"it. To measure it: {shell_command('evaluate', folder.path)}"
    )


def _has_ended(summary: Mapping[str, Any]) -> bool:
    return summary.get("state") != "interrupted"
