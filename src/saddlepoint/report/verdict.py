"""Headline, verdict and process of a run, as its folder records them.

Runs of earlier versions have no headline: it is made from their findings and their result. Version 0.1 wrote one word on
health, such as "healthy", and did not measure how close samples are to the data. For such a run process and verdict are made
from the findings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from saddlepoint.diagnosis import (
    Process,
    cause_in_words,
    examples_in_words,
    headline,
    process_in,
    process_of,
    what_to_do,
)
from saddlepoint.records import Finding, Result, RunFolder, shell_command
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
        The process that the summary names; where a run has ended and its summary names none, the process by its findings.
        None before a run has ended, and where neither was recorded.
    """
    named = process_in(summary)
    is_named = named is not None and "process" in summary
    if is_named or not summary or not folder.findings.is_file():
        return named
    return process_of(folder.read_findings() if findings is None else findings, ended=_has_ended(summary))


def recorded_verdict(
    folder: RunFolder, summary: Mapping[str, Any], findings: Iterable[Finding] | None = None
) -> str | None:
    """What was measured, in words; None where the summary has no verdict.

    Args:
        folder: the run's.
        summary: what its summary.json holds.
        findings: its log of findings; None reads it.
    """
    said = summary.get("verdict")
    if "process" in summary or "health" not in summary:
        return None if said is None else str(said)
    log = _log(folder, findings)
    done = f"{count(summary.get('step', 'unknown'))} steps"
    if isinstance(seconds := summary.get("seconds"), int | float):
        done += f" in {duration(float(seconds))}"
    if not _has_ended(summary):
        done += ", interrupted"
    process = recorded_process(folder, summary, log) or NOT_RECORDED
    cause = cause_in_words(log) or NOTHING_ACTIVE
    return (
        f"{done}; {process}. {cause} How close samples are to the data was not measured by version 0.1, which trained "
        f"this run. To measure it: {shell_command('evaluate', folder.path)}"
    )


def recorded_headline(
    folder: RunFolder, summary: Mapping[str, Any], findings: Iterable[Finding] | None = None
) -> str | None:
    """The verdict in at most twelve words; None before a session of training has ended.

    Args:
        folder: the run's.
        summary: what its summary.json holds.
        findings: its log of findings; None reads it.
    """
    if not summary:
        return None
    if said := summary.get("headline"):
        return str(said)
    log = _log(folder, findings)
    under_way = "" if _has_ended(summary) else f"stopped at step {count(summary.get('step', 'unknown'))}"
    process = recorded_process(folder, summary, log)
    return headline(
        process, log, _result(summary), examples=examples_in_words(summary.get("data") or {}), under_way=under_way
    )


def recorded_advice(folder: RunFolder, summary: Mapping[str, Any], findings: Iterable[Finding] | None = None) -> str:
    """What to do next; empty where there is nothing to say.

    Args:
        folder: the run's.
        summary: what its summary.json holds.
        findings: its log of findings; None reads it.
    """
    if "advice" in summary:
        return str(summary["advice"])
    log = _log(folder, findings)
    return what_to_do(recorded_process(folder, summary, log), log, _result(summary))


def _log(folder: RunFolder, findings: Iterable[Finding] | None) -> list[Finding]:
    return list(folder.read_findings() if findings is None else findings)


def _result(summary: Mapping[str, Any]) -> Result | None:
    """The result in the summary; None where there is none, or none that can be read."""
    try:
        return Result.from_json(summary["result"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _has_ended(summary: Mapping[str, Any]) -> bool:
    return summary.get("state") != "interrupted"
