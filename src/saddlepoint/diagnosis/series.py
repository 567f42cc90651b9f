"""A series is what a rule looks at: the values of one quantity over the steps of a run."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from saddlepoint.records import Record


@dataclass
class Series:
    """Values of one quantity (`d/loss`), oldest first; a value may be NaN or infinite."""

    name: str
    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    @property
    def last(self) -> float:
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
        return [value for value in self.values[-count:] if math.isfinite(value)]

    def level(self, count: int) -> float:
        """Median of the newest `count` values: what one spike does not move. NaN where none is finite."""
        recent = self.recent(count)
        return statistics.median(recent) if recent else math.nan

    def at(self, step: int) -> float:
        """The newest value recorded at `step` or before; NaN where there is none."""
        for own, value in zip(reversed(self.steps), reversed(self.values), strict=True):
            if own <= step:
                return value
        return math.nan


class History:
    """All series of a run so far, grown record by record."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.series: dict[str, Series] = {}
        self._parameters: dict[str, Series] = {}
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        for name, value in record.values.items():
            series = self.series.get(name)
            if series is None:
                series = self.series[name] = Series(name)
                self._parameters[series.parameter] = series
            series.steps.append(record.step)
            series.values.append(value)

    def by_parameter(self) -> Mapping[str, Series]:
        return self._parameters
