"""A verdict: a headline, what was measured, and what to do.

It answers two questions. How training went is decided by the active findings. How close the samples are to the data is
decided by all measurements of quality together (see `saddlepoint.records.result`). Neither answer implies the other: a run
without findings may have stopped too early, and a run that diverged at its end may have samples that are close to the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from saddlepoint.diagnosis.causes import causes_first
from saddlepoint.diagnosis.headlines import EXAMPLES, phrase_of
from saddlepoint.models.settings import IMPROVEMENT
from saddlepoint.records import RESULT_LEVELS, Finding, Result, active_findings

Process = Literal["no failure found", "at risk", "failing", "failed"]
PROCESSES: tuple[Process, ...] = get_args(Process)
NO_FAILURE_FOUND, AT_RISK, FAILING, FAILED = PROCESSES
DATA_CODES = "DATA"  # prefix of codes that describe the data, not how training went
NOT_JUDGED = "Not judged"
_EARLIER_WORDS: Mapping[str, Process] = {"healthy": NO_FAILURE_FOUND}  # in summaries of version 0.1
_FAR, _PARTLY, _CLOSE, _NOT_TOLD_APART = RESULT_LEVELS
_SAMPLES = {
    _FAR: ", but samples are far from the data",
    _PARTLY: ", but samples are only partly like the data",
    _CLOSE: ": samples are close to the data",
    _NOT_TOLD_APART: ": samples cannot be told from real examples",
}
_NOUNS = {
    "image": "images",
    "sound": "sounds",
    "series": "series",
    "volume": "volumes",
    "video": "videos",
}  # of an event's kind
_ADVICE = {
    _CLOSE: "Nothing needs to be changed. Train another seed to see how much the result depends on chance.",
    _NOT_TOLD_APART: "Nothing needs to be changed. Measure more samples if you need a finer comparison.",
}
_LACKS = "The worst measurement says what the samples lack."
_RESUME = "Resume the run to train its remaining steps."


def process_of(findings: Iterable[Finding], *, ended: bool) -> Process:
    """Return how training went according to the active findings.

    Findings of severity "info" and warnings about the data alone do not count.

    Args:
        findings: the log of findings.
        ended: whether training has ended.

    Returns:
        "failed" if a failure is active at the end; "failing" if one is active during training, which may still recover; "at
        risk" if a warning is active; otherwise "no failure found", which does not mean that samples are good.
    """
    severities = {finding.severity for finding in active_findings(findings) if not _about_data(finding)}
    if "failure" in severities:
        return FAILED if ended else FAILING
    return AT_RISK if "warning" in severities else NO_FAILURE_FOUND


def process_in(summary: Mapping[str, Any]) -> Process | None:
    """Return the process in a run's summary, in the words of this version; None if the summary has none."""
    word = summary.get("process", summary.get("health"))
    word = _EARLIER_WORDS.get(word, word) if isinstance(word, str) else None
    return word if word in PROCESSES else None


def headline(
    process: Process | None,
    findings: Iterable[Finding],
    result: Result | None = None,
    *,
    examples: str = EXAMPLES,
    under_way: str = "",
) -> str:
    """Return the verdict in at most twelve words, such as "At risk: the discriminator memorises its 1,617 images".

    Args:
        process: how training went; None if it was not assessed.
        findings: the log of findings.
        result: how close samples are to the data; None where it was not measured.
        examples: what the model was trained on, such as "1,617 images".
        under_way: the state of a run that has not ended, shown instead of the result: "stopped at step 300 of 2,000".
    """
    if process is None:
        return f"{NOT_JUDGED}: the findings of this run were not recorded"
    said = f"{process[:1].upper()}{process[1:]}"
    if process != NO_FAILURE_FOUND:
        cause = next(iter(_causes(findings)), None)
        return f"{said}: {'its findings were not recorded' if cause is None else phrase_of(cause, examples)}"
    if under_way:
        return f"{said} so far: {under_way}"
    level = None if result is None else result.level
    return f"{said}{': sample quality was not measured' if level is None else _SAMPLES[level]}"


def what_to_do(
    process: Process | None,
    findings: Iterable[Finding],
    result: Result | None = None,
    *,
    best_step: int | None = None,
    under_way: str = "",
    improvement: str = IMPROVEMENT,
) -> str:
    """Return what to do next, in one to three sentences without commands; empty if there is nothing to do.

    Args:
        process: how training went.
        findings: the log of findings.
        result: how close samples are to the data.
        best_step: the best step if the last one is measurably worse; longer training does not help then.
        under_way: the state of a run that has not ended, as for `headline`.
        improvement: what makes samples of this family of models better, as a sentence.
    """
    if process != NO_FAILURE_FOUND:
        advice = next((cause.advice for cause in _causes(findings)), "")
        return f"{_RESUME} {advice}".rstrip() if under_way and process == AT_RISK else advice
    if under_way:
        return _RESUME
    if result is None or result.level is None:
        return ""
    if result.level not in (_FAR, _PARTLY):
        return _ADVICE[result.level]
    if best_step is not None:
        return f"Take the checkpoint of step {best_step:,}: it is better than the last. {_LACKS}"
    return f"{improvement} {_LACKS}"


def examples_in_words(data: Mapping[str, Any]) -> str:
    """Return what a model was trained on, from "data" in its summary: "1,617 images"."""
    count = data.get("examples")
    return f"{count:,} {_NOUNS.get(str(data.get('kind')), 'examples')}" if isinstance(count, int) else EXAMPLES


def cause_in_words(findings: Iterable[Finding]) -> str:
    """Return the finding that explains the others and the number of others; empty if no warning or failure is active.

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


def _causes(findings: Iterable[Finding]) -> list[Finding]:
    """Return the active findings that decide the process, causes before their consequences."""
    return [f for f in causes_first(findings) if f.severity != "info" and not _about_data(f)]


def _about_data(finding: Finding) -> bool:
    """Whether a finding is a warning about the data alone. Data that cannot be learnt are a failure of the run too."""
    return finding.code.startswith(DATA_CODES) and finding.severity != "failure"
