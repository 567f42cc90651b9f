"""The answer to "what is wrong with my training?" from its log: what it most likely is, how sure, what to try, what to log next time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from saddlepoint.diagnosis.escalation import ESCALATION
from saddlepoint.diagnosis.headlines import phrase_of
from saddlepoint.diagnosis.log_rules import Problem
from saddlepoint.diagnosis.log_rules.checks import step_in_words
from saddlepoint.diagnosis.log_rules.stretches import FEWEST
from saddlepoint.diagnosis.logs.foreign import Log
from saddlepoint.diagnosis.logs.judging import Judged, Judgement, first_of_each_code
from saddlepoint.diagnosis.logs.next_numbers import Number, example_lines, next_numbers
from saddlepoint.diagnosis.verdict import AT_RISK, FAILED, NO_FAILURE_FOUND, NOT_JUDGED, Process
from saddlepoint.records import Finding

TRIES = 3
NOTHING = "nothing is wrong in the losses, as far as losses show it"
_MEASURED = "likely"  # how sure a finding is that comes from more than losses
_SURENESS = {
    "certain": "certain",
    "very likely": "very likely: few other causes give such losses",
    "likely": "likely: losses alone do not prove it",
    "possible": "possible: look at samples before you change anything",
}


@dataclass(frozen=True)
class Possibility:
    """What is wrong if a certain objective was trained.

    Attributes:
        objective: its name.
        in_words: the objective in words.
        code: of the finding; "" where nothing is wrong.
        said: what is wrong, in a sentence.
        steps: what to try, in order.
    """

    objective: str
    in_words: str
    code: str
    said: str
    steps: tuple[str, ...]

    def __str__(self) -> str:
        return f"If this is {self.in_words}: {self.said[:1].lower()}{self.said[1:]}"


@dataclass(frozen=True)
class Answer:
    """The answer for a human.

    Attributes:
        headline: in at most twelve words.
        most_likely: what is wrong, in a sentence; where nothing was found, what could not be judged.
        how_sure: how sure that is; "" where nothing was found.
        possibilities: what is wrong for each objective that the losses allow, where they do not decide it.
        steps: what to try, in order, at most three.
        help: what would help to judge the log, at most three lines; empty where it was judged.
        objective: what was trained, as far as the losses show it; "" where that does not matter or the user named it.
        columns: how columns were read, a sentence each.
        notes: what should be known about how the log was read.
        kind: the format of the log.
        rows: the number of rows.
        unit: what a step is: "step", "epoch" or "row".
        numbers: three numbers to log next time.
        lines: lines of Python that log them.
    """

    headline: str
    most_likely: str
    how_sure: str
    possibilities: tuple[Possibility, ...]
    steps: tuple[str, ...]
    help: tuple[str, ...]
    objective: str
    columns: tuple[str, ...]
    notes: tuple[str, ...]
    kind: str
    rows: int
    unit: str
    numbers: tuple[Number, ...]
    lines: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return one JSON object."""
        fields = {
            name: getattr(self, name)
            for name in ("headline", "most_likely", "how_sure", "objective", "kind", "rows", "unit")
        }
        lists = {name: list(getattr(self, name)) for name in ("steps", "help", "columns", "notes", "lines")}
        return {
            **fields,
            **lists,
            "possibilities": [
                {"objective": one.objective, "code": one.code, "said": one.said, "steps": list(one.steps)}
                for one in self.possibilities
            ],
            "numbers": [{"series": list(one.series), "why": one.why, "code": one.code} for one in self.numbers],
        }


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


def answer_of(
    log: Log, judgement: Judgement, findings: Sequence[Finding], process: Process | None, traits: Collection[str]
) -> Answer:
    """Return the answer for a log.

    Args:
        log: that was read.
        judgement: of the rules for logs.
        findings: see `findings_of`.
        process: how training went; None if the log was not judged.
        traits: of the objectives that were trained, or may have been.
    """
    certain = first_of_each_code(judgement.certain)
    measured = [
        f
        for f in findings
        if "if" not in f.evidence and f.severity != "info" and f.code not in {j.finding.code for j in certain}
    ]
    possibilities = _possibilities(judgement) if judgement.open_question and not certain else ()
    if certain:
        problem, finding = certain[0].problem, certain[0].finding
        phrase, said, sure, steps = problem.phrase, finding.title, problem.sure, _steps(problem, finding)
    elif measured:
        finding = measured[0]
        steps = [
            step_in_words(name)
            for step in ESCALATION.get(finding.code, ())
            for name in (step if isinstance(step, tuple) else (step,))
        ]
        phrase, said, sure = phrase_of(finding), finding.title, _MEASURED
    elif possibilities:
        count = len(possibilities)
        phrase = f"one of {count} answers, depending on the loss trained"
        said, sure, steps = (
            "It depends on what was trained, which the losses do not decide.",
            f"one of {count}; --objective decides",
            [],
        )
    else:
        phrase, sure, steps = "", "", []
        said = f"{NOTHING[:1].upper()}{NOTHING[1:]}. Whether samples are good was not judged."
        if judgement.rows < FEWEST:
            said = f"{judgement.rows} rows are too few to show a course."
    numbers = next_numbers(traits)
    return Answer(
        headline=_headline(process, phrase, judgement),
        most_likely=said,
        how_sure=_SURENESS.get(sure, sure),
        possibilities=possibilities,
        steps=tuple(_sentence(step) for step in steps[:TRIES]),
        help=_help(log, judgement, traits) if process is None else (),
        objective=_objective(judgement),
        columns=tuple(f"{reading}." for reading in log.readings),
        notes=log.notes,
        kind=log.kind,
        rows=judgement.rows,
        unit=log.unit,
        numbers=numbers,
        lines=example_lines(numbers),
    )


def _headline(process: Process | None, phrase: str, judgement: Judgement) -> str:
    if phrase:
        word = process or AT_RISK
        return f"{word[:1].upper()}{word[1:]}: {phrase}"
    if process == NO_FAILURE_FOUND:
        return "No failure found: sample quality was not measured"
    few = judgement.rows < FEWEST
    return f"{NOT_JUDGED}: {f'only {judgement.rows} rows' if few else 'the losses alone show nothing wrong'}"


def _possibilities(judgement: Judgement) -> tuple[Possibility, ...]:
    found = []
    for candidate, problems in zip(judgement.candidates, judgement.found, strict=True):
        first = problems[0] if problems else None
        steps = () if first is None else tuple(_sentence(step) for step in _steps(first.problem, first.finding)[:TRIES])
        code, said = ("", f"{NOTHING}.") if first is None else (first.finding.code, first.finding.title)
        found.append(Possibility(candidate.objective, candidate.in_words, code, said, steps))
    return tuple(found)


def _help(log: Log, judgement: Judgement, traits: Collection[str]) -> tuple[str, ...]:
    """Return what would help most to judge a log, in at most three lines."""
    lines = []
    if judgement.rows < FEWEST:
        lines.append(f"Log at least {FEWEST} rows, better a hundred.")
    lines.append("Log the numbers below: they say what losses cannot.")
    if len(judgement.candidates) > 1 or ("gan" in traits and not judgement.candidates and not _is_named(traits)):
        lines.append("Say what was trained: --objective non-saturating, least-squares, hinge or wasserstein.")
    if log.left and len(lines) < TRIES:
        listed = ", ".join(log.left[:4])
        lines.append(
            f"Name columns that were not read ({listed}): --map d/loss=COLUMN (docs/logs.md lists the series)."
        )
    return tuple(lines[:TRIES])


def _is_named(traits: Collection[str]) -> bool:
    return bool(
        {"probability", "cross_entropy", "squared_error", "margin", "unbounded", "log_odds", "energy"} & set(traits)
    )


def _objective(judgement: Judgement) -> str:
    if not judgement.candidates:
        return ""
    if len(judgement.candidates) == 1:
        one = judgement.candidates[0]
        return f"Trained with {one.in_words}, since {one.reason}."
    listed = " or ".join(one.in_words for one in judgement.candidates)
    return f"Trained with {listed}: {judgement.candidates[0].reason}, which does not decide it."


def _with_advice(judged: Judged) -> Finding:
    steps = _steps(judged.problem, judged.finding)
    return replace(judged.finding, advice=" ".join(_sentence(step) for step in steps[:TRIES]))


def _steps(problem: Problem, finding: Finding) -> list[str]:
    return [step_in_words(name, finding.step) for name in problem.steps]


def _sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:]}."


def process_of_log(findings: Sequence[Finding], is_judged: bool) -> Process | None:
    """Return how training went according to the findings of a log; None if there are none and it was not judged."""
    severities = {finding.severity for finding in findings}
    if "failure" in severities:
        return FAILED
    return AT_RISK if "warning" in severities else NO_FAILURE_FOUND if is_judged else None
