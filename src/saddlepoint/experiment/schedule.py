"""When periodic actions of a run are due: by the step of a record and that of the record before it.

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
class EveryTick:
    """Due at whole ticks of the settings that pass a multiple of the period, except at the first and the last record.

    It depends on the settings alone: how close together records are makes no difference.

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
