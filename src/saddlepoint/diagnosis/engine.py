"""Watches a run's records and says what goes wrong.

A rule is a plain function that names, as its parameters, the series it needs (`d_real_score: Series` for
`d/real_score`); it is asked only where all of them exist and only for the objectives that it declares. A parameter with
a default is given where its series exists. `every_series` stands for all series at once (`reads` says which of them the
rule looks at: it is asked where there is one of these), `run` for the facts of the run. A rule answers with a Finding, or
None while all is well.

One answer is no finding yet: it opens when a rule has said so `opens` times in a row, and closes when the rule has been
content `closes` times in a row. A rule is asked whenever one of its series has a new value; where the newest value of a
series it needs is no finite number, it cannot judge, and its silence is no answer.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from saddlepoint.diagnosis.escalation import advised
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.series import History
from saddlepoint.records import SEVERITIES, Finding, Record

Judgement = Callable[..., Finding | None]
NOT_SERIES = ("every_series", "run")  # parameters of rules that stand for something else


@dataclass(frozen=True)
class Rule:
    """A judgement, its stable code, the series it needs, and the objectives it speaks about (None: all).

    wishes: series that it takes where they exist. opens, closes: answers in a row that open and close its finding; with
    closes 0 it stands for good. unless: codes from which this one follows; while one of them stands, it does not open.
    reads: of a rule that needs every series, the patterns of names (`*/grad_norm`) that it looks at; none: at all of them.
    """

    code: str
    judge: Judgement
    needs: tuple[str, ...]
    objectives: frozenset[str] | None
    wishes: tuple[str, ...] = ()
    opens: int = 1
    closes: int = 3
    unless: frozenset[str] = frozenset()
    reads: tuple[str, ...] = ()

    def missing(self, history: History) -> list[str]:
        """The parameters whose series do not exist, and the patterns of which there is none; the rule cannot be asked while
        there are any."""
        known = history.by_parameter()
        gaps = [name for name in self.needs if name not in (*NOT_SERIES, *known)]
        if self.reads and not any(fnmatchcase(name, pattern) for name in history.series for pattern in self.reads):
            gaps.append(" or ".join(self.reads))
        return gaps

    def concerns(self, parameters: Collection[str]) -> bool:
        """Whether new values of these series are news for this rule."""
        return "every_series" in self.needs or not {*self.needs, *self.wishes}.isdisjoint(parameters)

    @cached_property
    def _needed_series(self) -> tuple[str, ...]:
        return tuple(name for name in self.needs if name not in NOT_SERIES)

    def can_judge(self, history: History) -> bool:
        """Whether the newest values of all series it needs are finite."""
        known = history.by_parameter()
        return all(math.isfinite(known[name].last) for name in self._needed_series)

    def ask(self, history: History, facts: Facts | None = None) -> Finding | None:
        """The judgement on this history, in which nothing may be missing."""
        known = history.by_parameter()
        given: dict[str, Any] = {name: known[name] for name in (*self._needed_series, *self.wishes) if name in known}
        if "every_series" in self.needs:
            given["every_series"] = history.series
        if "run" in self.needs:
            given["run"] = facts or Facts()
        return self.judge(**given)


def rule(
    code: str,
    *,
    objectives: Iterable[str] | None = None,
    opens: int = 1,
    closes: int = 3,
    unless: Iterable[str] = (),
    reads: Iterable[str] = (),
) -> Callable[[Judgement], Rule]:
    """Make a rule of a plain function; its parameters say what it needs. The function stays reachable as `.judge`."""

    def declare(judge: Judgement) -> Rule:
        parameters = inspect.signature(judge).parameters.values()
        needs = tuple(p.name for p in parameters if p.default is inspect.Parameter.empty)
        wishes = tuple(p.name for p in parameters if p.name not in needs)
        declared = frozenset(objectives) if objectives is not None else None
        return Rule(code, judge, needs, declared, wishes, opens, closes, frozenset(unless), tuple(reads))

    return declare


@dataclass
class _Watch:
    """How one rule has answered lately."""

    ill: int = 0
    well: int = 0
    since: int = 0
    open: Finding | None = None
    complete: bool = False  # all its series exist, and will from now on


class Diagnosis:
    """The state of one watch: feed it records, get what changes: findings that open, grow graver or close."""

    def __init__(
        self, objective: str | Iterable[str], rules: Iterable[Rule] | None = None, facts: Facts | None = None
    ) -> None:
        """objective: the names that rules declare ("gan", "non-saturating", "vae", "autoencoder"), one or several."""
        if rules is None:
            from saddlepoint.diagnosis.rules import RULES

            rules = RULES
        objectives = {objective} if isinstance(objective, str) else set(objective)
        self.rules = [r for r in rules if r.objectives is None or r.objectives & objectives]
        self.facts = replace(facts or Facts(), objectives=frozenset(objectives))
        self.history = History()
        self._watches = [_Watch() for _ in self.rules]
        self._of_code: dict[str, list[_Watch]] = {}
        self._concerned: dict[tuple[str, ...], list[tuple[Rule, _Watch]]] = {}  # by the names in a record
        for own, watch in zip(self.rules, self._watches, strict=True):
            self._of_code.setdefault(own.code, []).append(watch)

    @property
    def found(self) -> dict[str, Finding]:
        """What stands now, by code; where two rules of a code found something, the graver."""
        standing = [watch.open for watch in self._watches if watch.open is not None]
        return {finding.code: finding for finding in sorted(standing, key=_gravity)}

    def unasked(self) -> dict[str, list[str]]:
        """Codes that no rule could be asked about, with the parameters of the series they would need."""
        gaps = [(rule.code, rule.missing(self.history)) for rule in self.rules]
        asked = {code for code, missing in gaps if not missing}
        return {code: missing for code, missing in gaps if code not in asked}

    def resume(self, records: Iterable[Record]) -> None:
        """Take up the watch where an earlier session left it."""
        for record in records:
            self.watch(record)

    def watch(self, record: Record) -> list[Finding]:
        """What this record changes."""
        self.history.add(record)
        changes = []
        for rule, watch in self._rules_about(record):
            watch.complete = watch.complete or not rule.missing(self.history)
            if not watch.complete:
                continue
            own_before = watch.open
            self._ask(rule, watch, record.step)
            if watch.open is own_before:
                continue
            others = self._standing(rule.code, without=watch)
            before, after = _gravest(own_before, others), _gravest(watch.open, others)
            if after is not None and (before is None or _gravity(after) > _gravity(before)):
                changes.append(after)
            elif before is not None and after is None:
                changes.append(_closed(before, record.step))
        return changes

    def _rules_about(self, record: Record) -> list[tuple[Rule, _Watch]]:
        """The rules that read a series of this record. Most records of a run hold the same series."""
        names = tuple(record.values)
        if names not in self._concerned:
            news = {name.replace("/", "_") for name in names}
            pairs = zip(self.rules, self._watches, strict=True)
            self._concerned[names] = [(rule, watch) for rule, watch in pairs if rule.concerns(news)]
        return self._concerned[names]

    def _standing(self, code: str, without: _Watch | None = None) -> Finding | None:
        """The gravest finding of this code, that of `without` left out."""
        own = [watch.open for watch in self._of_code.get(code, ()) if watch is not without]
        return _gravest(*own)

    def _ask(self, rule: Rule, watch: _Watch, step: int) -> None:
        finding = rule.ask(self.history, self.facts)
        if finding is None:
            if not rule.can_judge(self.history):
                return
            watch.ill, watch.well = 0, watch.well + 1
            if rule.closes and watch.well >= rule.closes:
                watch.open = None
            return
        if not watch.ill:
            watch.since = step
        watch.ill, watch.well = watch.ill + 1, 0
        if watch.ill < rule.opens or (watch.open is not None and _gravity(finding) <= _gravity(watch.open)):
            return
        if watch.open is None and any(self._standing(code) is not None for code in rule.unless):
            return
        parameters = {name: series.name for name, series in self.history.by_parameter().items()}
        read = [parameters[name] for name in (*rule.needs, *rule.wishes) if name in parameters]
        # A rule that looks at all of them says itself which it means.
        shown = {"window": [watch.since, step], **({"series": read} if read else {})}
        told = advised(finding, self.facts.settings) if self.facts.settings else finding
        watch.open = replace(told, evidence={**shown, **finding.evidence})


def _gravest(*findings: Finding | None) -> Finding | None:
    """The gravest of these; of several, the first."""
    return max((finding for finding in findings if finding is not None), key=_gravity, default=None)


def _gravity(finding: Finding) -> int:
    return SEVERITIES.index(finding.severity)


def _closed(finding: Finding, step: int) -> Finding:
    return replace(
        finding,
        step=step,
        state="closed",
        title=f"No longer so since step {step:,}: {finding.title}",
        advice="",
        remedy=None,
    )
