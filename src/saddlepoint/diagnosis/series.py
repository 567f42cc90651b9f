"""Series, the values of one quantity over the steps of a run, and the history that holds all of them.

Rules are evaluated at every record, so a rule's cost per record must not grow with the length of the run. Therefore the
extremes (`lowest`, `highest`) and the medians of long windows (`median_between`) are updated with each new value instead of
computed from all values.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from saddlepoint.records import Record


@dataclass
class Series:
    """Values of one quantity, oldest first.

    Attributes:
        name: of the series: "d/loss".
        steps: at which values were recorded, ascending.
        values: one for each step; a value may be NaN or infinite.
    """

    name: str
    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    _extremes: _Extremes = field(default_factory=lambda: _Extremes(), repr=False, compare=False)
    _windows: dict[str, _Window] = field(default_factory=dict, repr=False, compare=False)

    @property
    def last(self) -> float:
        """The newest value."""
        return self.values[-1]

    @property
    def step(self) -> int:
        """The step of the newest value."""
        return self.steps[-1]

    @property
    def parameter(self) -> str:
        """The name of a rule's parameter that gets this series: `d_real_score` for `d/real_score`."""
        return self.name.replace("/", "_")

    def __len__(self) -> int:
        return len(self.values)

    def recent(self, count: int) -> list[float]:
        """Return the finite ones among the newest `count` values, oldest first."""
        return list(filter(math.isfinite, self.values[-count:]))

    def level(self, count: int) -> float:
        """Return the median of the newest `count` values, which is robust to single spikes; NaN if none is finite."""
        recent = self.recent(count)
        if not recent:
            return math.nan
        recent.sort()
        middle = len(recent) // 2
        return recent[middle] if len(recent) % 2 else 0.5 * (recent[middle - 1] + recent[middle])

    def at(self, step: int) -> float:
        """Return the newest value recorded at `step` or before; NaN if there is none."""
        place = self.place(step)
        return self.values[place - 1] if place else math.nan

    def place(self, step: int) -> int:
        """Return how many values were recorded at `step` or before."""
        return bisect_right(self.steps, step)

    @property
    def finite(self) -> int:
        """The number of finite values."""
        return self._extremes.update(self.values).count

    @property
    def lowest(self) -> tuple[float, int]:
        """The smallest finite value and the index of its first occurrence; (NaN, -1) if none is finite."""
        return self._extremes.update(self.values).lowest

    @property
    def highest(self) -> tuple[float, int]:
        """The largest finite value and the index of its first occurrence; (NaN, -1) if none is finite."""
        return self._extremes.update(self.values).highest

    def median_between(self, start: int, stop: int, window: str) -> float:
        """Return the median of the finite values at indexes `start` to `stop - 1`; NaN if there are none.

        Args:
            start: first index.
            stop: index after the last.
            window: a name under which the sorted values are cached. Between calls with the same name, both ends should move
                forward; if one moves back, the whole window is sorted again.
        """
        return self._windows.setdefault(window, _Window()).move(self.values, start, min(stop, len(self.values)))


@dataclass
class _Extremes:
    """Count, minimum and maximum of the finite values of a list that only grows."""

    seen: int = 0
    count: int = 0
    lowest: tuple[float, int] = (math.nan, -1)
    highest: tuple[float, int] = (math.nan, -1)

    def update(self, values: list[float]) -> _Extremes:
        for place in range(self.seen, len(values)):
            value = values[place]
            if not math.isfinite(value):
                continue
            self.count += 1
            if not self.lowest[0] <= value:
                self.lowest = (value, place)
            if not self.highest[0] >= value:
                self.highest = (value, place)
        self.seen = len(values)
        return self


@dataclass
class _Window:
    """The sorted finite values at indexes `start` to `stop - 1` of a list."""

    start: int = 0
    stop: int = 0
    ordered: list[float] = field(default_factory=list)

    def move(self, values: list[float], start: int, stop: int) -> float:
        """Move both ends and return the median."""
        if start < self.start or stop < self.stop or start > self.stop:
            self.start, self.stop, self.ordered = start, start, []
        for place in range(self.stop, stop):
            if math.isfinite(values[place]):
                insort(self.ordered, values[place])
        for place in range(self.start, start):
            if math.isfinite(values[place]):
                del self.ordered[bisect_left(self.ordered, values[place])]
        self.start, self.stop = start, stop
        count = len(self.ordered)
        if not count:
            return math.nan
        return 0.5 * (self.ordered[(count - 1) // 2] + self.ordered[count // 2])


class History:
    """All series of a run so far; each record adds to them."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.series: dict[str, Series] = {}
        self._parameters: dict[str, Series] = {}
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Append the values of one record to their series."""
        for name, value in record.values.items():
            series = self.series.get(name)
            if series is None:
                series = self.series[name] = Series(name)
                self._parameters[series.parameter] = series
            series.steps.append(record.step)
            series.values.append(value)

    def by_parameter(self) -> Mapping[str, Series]:
        """Return the series by the name of a rule's parameter (`d_loss` for `d/loss`)."""
        return self._parameters
