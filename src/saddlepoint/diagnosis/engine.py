"""Evaluates rules on a run's records, one record after the other, and reports what changes.

A rule is evaluated whenever one of its series has a new value. One result does not make a finding: it opens when the
rule has returned one `opens` times in a row, and closes when the rule has returned none `closes` times in a row. Where
the newest value of a series that the rule needs is not finite, "no finding" does not count. A rule that is undecided interrupts a
row of findings, but does not count as "no finding".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from saddlepoint.diagnosis.declaration import Rule, Undecided
from saddlepoint.diagnosis.escalation import add_remedy
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.series import History
from saddlepoint.records import SEVERITIES, Finding, Record


@dataclass
class _State:
    """The latest results of one rule."""

    positive: int = 0  # results in a row with a finding
    negative: int = 0  # and without
    since: int = 0  # step of the first positive one
    open: Finding | None = None
    is_complete: bool = False  # all its series exist, and will from now on


class Diagnosis:
    """Rules applied to one run. `watch` takes its records and returns findings that open, become more severe or close."""

    def __init__(self, objective: str | Iterable[str], rules: Iterable[Rule], facts: Facts | None = None) -> None:
        """Choose the rules that apply.

        Args:
            objective: family and objective by name: "vae", ("gan", "non-saturating").
            rules: to choose from, usually `saddlepoint.diagnosis.rules.RULES`.
            facts: about the run.
        """
        objectives = frozenset({objective} if isinstance(objective, str) else objective)
        self.facts = replace(facts or Facts(), objectives=objectives)
        self.rules = [rule for rule in rules if rule.applies_to(self.facts.traits)]
        self.history = History()
        self._states = [_State() for _ in self.rules]
        self._of_code: dict[str, list[_State]] = {}
        self._readers: dict[tuple[str, ...], list[tuple[Rule, _State]]] = {}  # by the names in a record
        for rule, state in zip(self.rules, self._states, strict=True):
            self._of_code.setdefault(rule.code, []).append(state)

    @property
    def found(self) -> dict[str, Finding]:
        """The active findings by code; the most severe one where several rules share a code."""
        active = [state.open for state in self._states if state.open is not None]
        return {finding.code: finding for finding in sorted(active, key=_severity)}

    def not_evaluated(self) -> dict[str, list[str]]:
        """Return the codes none of whose rules could be evaluated, with the parameters whose series are missing."""
        gaps = [(rule.code, rule.missing(self.history)) for rule in self.rules]
        evaluated = {code for code, missing in gaps if not missing}
        return {code: missing for code, missing in gaps if code not in evaluated}

    def resume(self, records: Iterable[Record]) -> None:
        """Evaluate the records of an earlier session without reporting."""
        for record in records:
            self.watch(record)

    def watch(self, record: Record) -> list[Finding]:
        """Add a record and return the findings that it opens, makes more severe, or closes."""
        self.history.add(record)
        changes = []
        for rule, state in self._readers_of(record):
            state.is_complete = state.is_complete or not rule.missing(self.history)
            if not state.is_complete:
                continue
            own_before = state.open
            self._update(rule, state, record.step)
            if state.open is own_before:
                continue
            others = self._active(rule.code, without=state)
            before, after = _most_severe(own_before, others), _most_severe(state.open, others)
            if after is not None and (before is None or _severity(after) > _severity(before)):
                changes.append(after)
            elif before is not None and after is None:
                changes.append(_closed(before, record.step))
        return changes

    def _readers_of(self, record: Record) -> list[tuple[Rule, _State]]:
        """Return the rules that read a series of this record. Most records of a run hold the same series."""
        names = tuple(record.values)
        if names not in self._readers:
            parameters = {name.replace("/", "_") for name in names}
            pairs = zip(self.rules, self._states, strict=True)
            self._readers[names] = [(rule, state) for rule, state in pairs if rule.uses(parameters)]
        return self._readers[names]

    def _active(self, code: str, without: _State | None = None) -> Finding | None:
        """Return the most severe active finding of this code, other than that of `without`."""
        return _most_severe(*(state.open for state in self._of_code.get(code, ()) if state is not without))

    def _update(self, rule: Rule, state: _State, step: int) -> None:
        finding = rule.evaluate(self.history, self.facts)
        if isinstance(finding, Undecided):
            state.positive = 0
            return
        if finding is None:
            if not rule.can_judge(self.history):
                return
            state.positive, state.negative = 0, state.negative + 1
            if rule.closes and state.negative >= rule.closes:
                state.open = None
            return
        if not state.positive:
            state.since = step
        state.positive, state.negative = state.positive + 1, 0
        if state.positive < rule.opens or (state.open is not None and _severity(finding) <= _severity(state.open)):
            return
        if state.open is None and any(self._active(code) is not None for code in rule.unless):
            return
        parameters = {name: series.name for name, series in self.history.by_parameter().items()}
        read = [parameters[name] for name in (*rule.needs, *rule.optional) if name in parameters]
        # A rule that takes all series puts those that it used into the evidence itself.
        evidence = {"window": [state.since, step], **({"series": read} if read else {})}
        facts = self.facts
        advised = add_remedy(finding, facts.settings, facts.accepts) if facts.settings else finding
        state.open = replace(advised, evidence={**evidence, **finding.evidence})


def _most_severe(*findings: Finding | None) -> Finding | None:
    """Return the most severe of these, the first of several; None where there is none."""
    return max((finding for finding in findings if finding is not None), key=_severity, default=None)


def _severity(finding: Finding) -> int:
    return SEVERITIES.index(finding.severity)


def _closed(finding: Finding, step: int) -> Finding:
    title = f"Resolved at step {step:,}: {finding.title}"
    return replace(finding, step=step, state="closed", title=title, advice="", remedy=None)
