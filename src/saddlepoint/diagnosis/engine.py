"""Watches a run's records and says what goes wrong.

A rule is a plain function that names, as its parameters, the series it needs (`d_real_score: Series` for
`d/real_score`); it is asked only where all of them exist and only for the objectives that it declares. The parameter
`every_series` stands for all series at once. A rule answers with a Finding, or None while all is well.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from saddlepoint.diagnosis.series import History
from saddlepoint.records import Finding, Record

Judgement = Callable[..., Finding | None]


@dataclass(frozen=True)
class Rule:
    """A judgement, its stable code, the series it needs, and the objectives it speaks about (None: all)."""

    code: str
    judge: Judgement
    needs: tuple[str, ...]
    objectives: frozenset[str] | None

    def ask(self, history: History) -> Finding | None:
        """The judgement on this history, or None where a series it needs is missing."""
        series = history.by_parameter()
        if any(name != "every_series" and name not in series for name in self.needs):
            return None
        given = {name: history.series if name == "every_series" else series[name] for name in self.needs}
        return self.judge(**given)


def rule(code: str, *, objectives: Iterable[str] | None = None) -> Callable[[Judgement], Rule]:
    """Make a rule of a plain function; its parameters say what it needs. The function stays reachable as `.judge`."""

    def declare(judge: Judgement) -> Rule:
        needs = tuple(inspect.signature(judge).parameters)
        return Rule(code, judge, needs, frozenset(objectives) if objectives is not None else None)

    return declare


class Diagnosis:
    """The state of one watch: feed it records, get the findings that are new."""

    def __init__(self, objective: str, rules: Iterable[Rule] | None = None) -> None:
        """objective: the name that rules declare ("non-saturating", "minimax", "vae", "autoencoder")."""
        if rules is None:
            from saddlepoint.diagnosis.rules import RULES

            rules = RULES.values()
        self.rules = [r for r in rules if r.objectives is None or objective in r.objectives]
        self.history = History()
        self.found: dict[str, Finding] = {}

    def resume(self, records: Iterable[Record], findings: Iterable[Finding]) -> None:
        """Take up the watch where an earlier session left it: its records, and the findings it has reported."""
        for record in records:
            self.history.add(record)
        self.found |= {finding.code: finding for finding in findings}

    def watch(self, record: Record) -> list[Finding]:
        """Findings that this record brings up and that were not reported before."""
        self.history.add(record)
        new = []
        for rule in self.rules:
            if rule.code in self.found:
                continue
            finding = rule.ask(self.history)
            if finding is not None:
                self.found[rule.code] = finding
                new.append(finding)
        return new
