"""The findings of a log, with what to try in words, and how training went according to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from saddlepoint.diagnosis.log_rules import Problem
from saddlepoint.diagnosis.log_rules.checks import step_in_words
from saddlepoint.diagnosis.logs.judging import Judged, Judgement, first_of_each_code
from saddlepoint.diagnosis.verdict import AT_RISK, FAILED, NO_FAILURE_FOUND, Process
from saddlepoint.records import Finding

TRIES = 3


def findings_of(judgement: Judgement, measured: Iterable[Finding]) -> list[Finding]:
    """Return the findings of a log.

    Args:
        judgement: of the rules for logs.
        measured: findings of the rules for runs, from series that a log seldom has.

    Returns:
        Those that hold whatever the objective, the most particular first; then those that hold for one of the possible objectives, as
        warnings that begin with "If".
    """
    certain = first_of_each_code(judgement.certain)
    found = [_with_advice(judged) for judged in certain]
    codes = {finding.code for finding in found}
    found += [replace(finding, remedy=None) for finding in measured if finding.code not in codes]
    for candidate, problems in zip(judgement.candidates, judgement.found, strict=False):
        for judged in first_of_each_code([one for one in problems if one not in judgement.certain]):
            finding = _with_advice(judged)
            if finding.code in codes:
                continue
            title = f"If this is {candidate.in_words}: {finding.title[:1].lower()}{finding.title[1:]}"
            evidence = {**finding.evidence, "if": candidate.objective}
            found.append(replace(finding, severity="warning", title=title, evidence=evidence))
    return found


def process_of_log(findings: Sequence[Finding], is_judged: bool) -> Process | None:
    """Return how training went according to the findings of a log; None if there are none and it was not judged."""
    severities = {finding.severity for finding in findings}
    if "failure" in severities:
        return FAILED
    return AT_RISK if "warning" in severities else NO_FAILURE_FOUND if is_judged else None


def steps_of(problem: Problem, finding: Finding) -> list[str]:
    """Return what to try for a problem, in order, a sentence each; at most three."""
    return [sentence(step_in_words(name, finding.step)) for name in problem.steps[:TRIES]]


def sentence(clause: str) -> str:
    """Return a clause as a sentence."""
    return f"{clause[:1].upper()}{clause[1:]}."


def _with_advice(judged: Judged) -> Finding:
    return replace(judged.finding, advice=" ".join(steps_of(judged.problem, judged.finding)))
