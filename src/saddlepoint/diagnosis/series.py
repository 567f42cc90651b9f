"""A series holds the values of one quantity over the steps of a run. Rules read series.

Rules are evaluated at every record, so whatever a rule reads has to cost about the same at the first and at the last
record. Statistics over a growing part of a series are therefore updated from value to value: the extremes
(`lowest`, `highest`) and medians of long windows (`median_between`).
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from saddlepoint.records import Record


@dataclass
class Series:
    """Values of one quantity (`d/loss`), oldest first; a value may be NaN or infinite."""

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
        """The name by which a rule asks for this series: `d/real_score` is `d_real_score`."""
        return self.name.replace("/", "_")

    def __len__(self) -> int:
        return len(self.values)

    def recent(self, count: int) -> list[float]:
        """The newest `count` values that are finite, oldest first; fewer where there are no more."""
        return list(filter(math.isfinite, self.values[-count:]))

    def level(self, count: int) -> float:
        """Median of the newest `count` values: what one spike does not move. NaN where none is finite."""
        recent = self.recent(count)
        if not recent:
            return math.nan
        recent.sort()
        middle = len(recent) // 2
        return recent[middle] if len(recent) % 2 else 0.5 * (recent[middle - 1] + recent[middle])

    def at(self, step: int) -> float:
        """The newest value recorded at `step` or before; NaN where there is none."""
        place = self.place(step)
        return self.values[place - 1] if place else math.nan

    def place(self, step: int) -> int:
        """How many values were recorded at `step` or before. Steps ascend."""
        return bisect_right(self.steps, step)

    @property
    def finite(self) -> int:
        """How many values are finite."""
        return self._extremes.update(self.values).count

    @property
    def lowest(self) -> tuple[float, int]:
        """The smallest finite value and the place of the first one of this size; (NaN, -1) where none is finite."""
        return self._extremes.update(self.values).lowest

    @property
    def highest(self) -> tuple[float, int]:
        """The largest finite value and the place of the first one of this size; (NaN, -1) where none is finite."""
        return self._extremes.update(self.values).highest

    def median_between(self, start: int, stop: int, window: str) -> float:
        """Median of the finite values at places `start` to `stop - 1`; NaN where there are none.

        Args:
            start: first place.
            stop: place after the last.
            window: a name under which the sorted values are kept. From call to call of one name both ends should move
                forward; a step back sorts the whole window again.
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
    """The finite values at places `start` to `stop - 1` of a list, sorted."""

    start: int = 0
    stop: int = 0
    ordered: list[float] = field(default_factory=list)

    def move(self, values: list[float], start: int, stop: int) -> float:
        """Move both ends; returns the median."""
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
    """All series of a run so far, grown record by record."""

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
        """The series by the name that a rule asks for them with (`d_loss` for `d/loss`)."""
        return self._parameters
