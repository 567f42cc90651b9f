"""Schedules of periodic actions: whether an action is due, given the step of a record and that of the previous record.

Records may be further apart than an action's period, so an action is due when a multiple of its period was passed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Due = Callable[[int, int], bool]
"""(step of the previous record, -1 before the first one; step of this record) -> whether the action is due."""

FIRST = -1  # stands for the previous record at the first record


@dataclass(frozen=True)
class Every:
    """Due at the first and the last record, and at each record that passes a multiple of the period.

    Attributes:
        period: in steps.
        last: the last step of the run.
    """

    period: int
    last: int

    def __call__(self, previous: int, step: int) -> bool:
        return step // self.period > previous // self.period or step == self.last


@dataclass(frozen=True)
class OpenEnded:
    """Due at the first record, and at steps whose distance grows with their number: for a run whose length is not known.

    Attributes:
        most: the largest distance, in steps.
        times: how often at least in a run of any length.
    """

    most: int
    times: int

    def __call__(self, previous: int, step: int) -> bool:
        period = max(1, min(self.most, step // self.times))
        return step // period > previous // period


@dataclass(frozen=True)
class EveryTick:
    """Due at multiples of the tick that pass a multiple of the period, except at the first and the last record.

    This depends on the settings only, not on the distance between records.

    Attributes:
        period: in steps; 0 means never.
        tick: in steps.
        last: the last step of the run.
    """

    period: int
    tick: int
    last: int

    def __call__(self, previous: int, step: int) -> bool:
        if not self.period or step % self.tick or step in (0, self.last):
            return False
        return step // self.period > (step - self.tick) // self.period
