"""A series is what a rule looks at: the values of one quantity over the steps of a run."""

from __future__ import annotations

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
    def parameter(self) -> str:
        """The name by which a rule asks for this series: `d/real_score` is `d_real_score`."""
        return self.name.replace("/", "_")


class History:
    """All series of a run so far, grown record by record."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.series: dict[str, Series] = {}
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        for name, value in record.values.items():
            series = self.series.get(name)
            if series is None:
                series = self.series[name] = Series(name)
            series.steps.append(record.step)
            series.values.append(value)

    def by_parameter(self) -> Mapping[str, Series]:
        return {series.parameter: series for series in self.series.values()}
