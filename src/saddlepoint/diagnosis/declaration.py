"""A rule: a plain function from series to a finding, and the declaration of its conditions.

The parameters of a rule name the series that it needs (`d_real_score: Series` for `d/real_score`). It is evaluated only if all
of them exist, and only in runs that have all the traits it declares. A parameter with a default is optional. The parameter
`every_series` gets all series, and `run` gets the facts of the run.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.series import History
from saddlepoint.records import Finding


class Undecided(Enum):
    """The result of a rule that has no evidence for its finding at present, and none against it either."""

    UNDECIDED = "undecided"


UNDECIDED = Undecided.UNDECIDED
Judgement = Callable[..., Finding | Undecided | None]
NOT_SERIES = ("every_series", "run")  # parameters of rules that are not the name of a series


@dataclass(frozen=True)
class Rule:
    """A function that returns a finding, and the conditions under which it is evaluated.

    Attributes:
        code: stable code of its finding; several rules may share one.
        judge: the function, which returns a finding; None if nothing is wrong; or `UNDECIDED`, which neither opens a finding nor
            closes one that is open.
        needs: parameters that must be available.
        traits: traits that a run must have (see `saddlepoint.diagnosis.traits`); empty for any run.
        without: traits that a run must not have, because the rule would misjudge it.
        optional: series that are passed if they exist.
        opens: number of consecutive findings that open the finding.
        closes: number of consecutive evaluations without a finding that close it; with 0 it stays open until the end.
        unless: codes that explain this one; while one of them is active, the finding does not open.
        reads: for a rule that takes `every_series`, patterns (`*/grad_norm`) of the series it uses; empty for all series.
    """

    code: str
    judge: Judgement
    needs: tuple[str, ...]
    traits: frozenset[str] = frozenset()
    optional: tuple[str, ...] = ()
    opens: int = 1
    closes: int = 3
    unless: frozenset[str] = frozenset()
    reads: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()

    @cached_property
    def _needed_series(self) -> tuple[str, ...]:
        return tuple(name for name in self.needs if name not in NOT_SERIES)

    def applies_to(self, traits: Collection[str]) -> bool:
        """Return whether a run with these traits has all that the rule declares, and none that it excludes."""
        return self.traits <= set(traits) and self.without.isdisjoint(traits)

    def missing(self, history: History) -> list[str]:
        """Return the parameters whose series do not exist, and the patterns that no series matches.

        The rule can be evaluated where the list is empty.
        """
        known = history.by_parameter()
        gaps = [name for name in self._needed_series if name not in known]
        if self.reads and not any(fnmatchcase(name, pattern) for name in history.series for pattern in self.reads):
            gaps.append(" or ".join(self.reads))
        return gaps

    def uses(self, parameters: Collection[str]) -> bool:
        """Whether the rule reads one of these series."""
        return "every_series" in self.needs or not {*self.needs, *self.optional}.isdisjoint(parameters)

    def can_judge(self, history: History) -> bool:
        """Whether the newest values of all series it needs are finite."""
        known = history.by_parameter()
        return all(math.isfinite(known[name].last) for name in self._needed_series)

    def evaluate(self, history: History, facts: Facts | None = None) -> Finding | Undecided | None:
        """Return the finding for this history, `UNDECIDED` or None. No series may be missing."""
        known = history.by_parameter()
        given: dict[str, Any] = {name: known[name] for name in (*self._needed_series, *self.optional) if name in known}
        if "every_series" in self.needs:
            given["every_series"] = history.series
        if "run" in self.needs:
            given["run"] = facts or Facts()
        return self.judge(**given)


def rule(
    code: str,
    *,
    traits: Iterable[str] = (),
    opens: int = 1,
    closes: int = 3,
    unless: Iterable[str] = (),
    reads: Iterable[str] = (),
    without: Iterable[str] = (),
) -> Callable[[Judgement], Rule]:
    """Make a `Rule` of a plain function, whose parameters say what it needs.

    The function stays available as `.judge`. Arguments: see `Rule`.
    """

    def declare(judge: Judgement) -> Rule:
        parameters = inspect.signature(judge).parameters.values()
        needs = tuple(p.name for p in parameters if p.default is inspect.Parameter.empty)
        optional = tuple(p.name for p in parameters if p.name not in needs)
        declared = (frozenset(traits), optional, opens, closes, frozenset(unless), tuple(reads), frozenset(without))
        return Rule(code, judge, needs, *declared)

    return declare
