"""Applies the rules for whole logs, once for each objective that the losses allow."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.log_rules import LOG_RULES, Problem
from saddlepoint.diagnosis.log_rules.stretches import FEWEST, together
from saddlepoint.diagnosis.logs.foreign import Log
from saddlepoint.diagnosis.logs.objectives import Candidate, possible_objectives
from saddlepoint.diagnosis.series import History
from saddlepoint.diagnosis.traits import OBJECTIVES
from saddlepoint.records import Finding

LOG = "log"  # the trait of every log


@dataclass(frozen=True)
class Judged:
    """A problem that was found, under the assumption that an objective was trained.

    Attributes:
        problem: the entry of the registry.
        finding: what its rule found.
    """

    problem: Problem
    finding: Finding


@dataclass(frozen=True)
class Judgement:
    """What the rules for logs say.

    Attributes:
        candidates: the objectives that the losses allow; empty where the user named one, and for models with one player.
        found: for each candidate (one entry where there is none), the problems, the most particular first.
        asked: codes of the rules that could be evaluated.
        rows: the number of rows of the longest series.
    """

    candidates: tuple[Candidate, ...]
    found: tuple[tuple[Judged, ...], ...]
    asked: tuple[str, ...]
    rows: int

    @property
    def certain(self) -> tuple[Judged, ...]:
        """The problems that are found whatever the objective."""
        first, *others = self.found
        codes = [{judged.finding.code for judged in other} for other in others]
        return tuple(judged for judged in first if all(judged.finding.code in other for other in codes))

    @property
    def open_question(self) -> bool:
        """Whether the first answer depends on the objective, which the losses do not decide."""
        return len({found[0].finding.code if found else "" for found in self.found}) > 1


def judge_log(log: Log, named: Collection[str], families: Collection[str]) -> Judgement:
    """Apply the rules for whole logs.

    Args:
        log: that was read.
        named: family and objective as the user named them.
        families: the families that the columns show.
    """
    history = History(log.records)
    for record in log.unread:
        history.add(record)
    given = {*named, *families, LOG}
    candidates: tuple[Candidate, ...] = ()
    if "gan" in Facts(objectives=frozenset(given)).traits and not set(named) & OBJECTIVES.keys():
        d, g = (history.series.get(name) for name in ("d/loss", "g/loss"))
        candidates = tuple(possible_objectives(together(d, g)[1])) if d and g else ()
    asked: set[str] = set()
    rounds = [{*given, candidate.objective} for candidate in candidates] or [given]
    found = []
    for names in rounds:
        facts = Facts(objectives=frozenset(names), steps=max((record.step for record in log.records), default=0))
        entries = [
            problem
            for problem in LOG_RULES.values()
            if problem.rule.applies_to(facts.traits) and not problem.rule.missing(history)
        ]
        long = [problem for problem in entries if _rows(problem, history) >= FEWEST]
        asked |= {problem.rule.code for problem in long}
        results = [(problem, problem.rule.evaluate(history, facts)) for problem in entries]
        found.append(tuple(Judged(problem, finding) for problem, finding in results if isinstance(finding, Finding)))
    rows = max((len(series) for series in history.series.values()), default=0)
    return Judgement(candidates, tuple(found), tuple(sorted(asked)), rows)


def _rows(problem: Problem, history: History) -> int:
    known = history.by_parameter()
    lengths = [len(known[name]) for name in problem.rule.needs if name in known]
    return min(lengths) if lengths else max((len(series) for series in history.series.values()), default=0)


def first_of_each_code(found: Sequence[Judged]) -> list[Judged]:
    """Return the problems without those whose code occurs before."""
    return list({judged.finding.code: judged for judged in reversed(found)}.values())[::-1]
