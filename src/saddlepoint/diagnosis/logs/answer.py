"""The answer to "what is wrong with my training?" from its log: what it most likely is, how sure, what to try, what to log next time."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from saddlepoint.diagnosis.escalation import ESCALATION
from saddlepoint.diagnosis.headlines import phrase_of
from saddlepoint.diagnosis.log_rules.checks import step_in_words
from saddlepoint.diagnosis.log_rules.stretches import FEWEST
from saddlepoint.diagnosis.logs.findings import TRIES, sentence, steps_of
from saddlepoint.diagnosis.logs.foreign import Log
from saddlepoint.diagnosis.logs.help import help_for, objective_in_words
from saddlepoint.diagnosis.logs.judging import Judgement, first_of_each_code
from saddlepoint.diagnosis.logs.next_numbers import Number, next_numbers, watch_lines
from saddlepoint.diagnosis.traits import OBJECTIVES
from saddlepoint.diagnosis.verdict import AT_RISK, NO_FAILURE_FOUND, NOT_JUDGED, Process
from saddlepoint.records import Finding

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
        lines: lines of `sp.watch` that record them in a PyTorch loop.
        also: what else was found, a sentence each.
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
    also: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return one JSON object."""
        fields = {
            name: getattr(self, name)
            for name in ("headline", "most_likely", "how_sure", "objective", "kind", "rows", "unit")
        }
        lists = {name: list(getattr(self, name)) for name in ("steps", "also", "help", "columns", "notes", "lines")}
        return {
            **fields,
            **lists,
            "possibilities": [
                {"objective": one.objective, "code": one.code, "said": one.said, "steps": list(one.steps)}
                for one in self.possibilities
            ],
            "numbers": [{"series": list(one.series), "what": one.what, "why": one.why} for one in self.numbers],
        }


def answer_of(
    log: Log,
    judgement: Judgement,
    findings: Sequence[Finding],
    process: Process | None,
    traits: Collection[str],
    named: Collection[str] = (),
) -> Answer:
    """Return the answer for a log.

    Args:
        log: that was read.
        judgement: of the rules for logs.
        findings: see `findings_of`.
        process: how training went; None if the log was not judged.
        traits: of the objectives that were trained, or may have been.
        named: family and objective as the user named them.
    """
    certain = first_of_each_code(judgement.certain)
    measured = [
        f
        for f in findings
        if "if" not in f.evidence and f.severity != "info" and f.code not in {j.finding.code for j in certain}
    ]
    possibilities = _possibilities(judgement, log.unit) if judgement.open_question and not certain else ()
    if certain:
        problem, finding = certain[0].problem, certain[0].finding
        phrase, said, sure, steps = problem.phrase, finding.title, problem.sure, steps_of(problem, finding)
    elif measured:
        finding = measured[0]
        steps = [
            sentence(step_in_words(name))
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
    else_found = [finding.title for finding in findings if finding.title != said and "if" not in finding.evidence]
    numbers = next_numbers(traits, log.taken.values())
    names = {candidate.objective for candidate in judgement.candidates} or OBJECTIVES.keys() & set(named)
    return Answer(
        headline=_headline(process, phrase, judgement),
        most_likely=_in_unit(said, log.unit),
        how_sure=_SURENESS.get(sure, sure),
        possibilities=possibilities,
        steps=tuple(_in_unit(step, log.unit) for step in steps[:TRIES]),
        help=help_for(log, judgement, traits) if process is None else (),
        objective=objective_in_words(judgement),
        columns=tuple(f"{reading}." for reading in log.readings),
        notes=log.notes,
        kind=log.kind,
        rows=judgement.rows,
        unit=log.unit,
        numbers=numbers,
        lines=watch_lines(numbers, traits, names.pop() if len(names) == 1 else ""),
        also=tuple(_in_unit(title, log.unit) for title in else_found),
    )


def _headline(process: Process | None, phrase: str, judgement: Judgement) -> str:
    if phrase:
        word = process or AT_RISK
        return f"{word[:1].upper()}{word[1:]}: {phrase}"
    if process == NO_FAILURE_FOUND:
        return "No failure found: sample quality was not measured"
    few = judgement.rows < FEWEST
    return f"{NOT_JUDGED}: {f'only {judgement.rows} rows' if few else 'the losses alone show nothing wrong'}"


def _possibilities(judgement: Judgement, unit: str) -> tuple[Possibility, ...]:
    found = []
    for candidate, problems in zip(judgement.candidates, judgement.found, strict=True):
        first = problems[0] if problems else None
        steps = () if first is None else tuple(_in_unit(step, unit) for step in steps_of(first.problem, first.finding))
        code, said = ("", f"{NOTHING}.") if first is None else (first.finding.code, _in_unit(first.finding.title, unit))
        found.append(Possibility(candidate.objective, candidate.in_words, code, said, steps))
    return tuple(found)


def _in_unit(text: str, unit: str) -> str:
    """Say "epoch 12" for "step 12" where the log counts epochs."""
    return text if unit == "step" else re.sub(r"\bstep(?= \d)|(?<=\d )step(?=s\b)", unit, text)
