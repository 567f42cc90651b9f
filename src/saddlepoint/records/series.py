"""Records by series: the steps and values of every quantity, as needed for curves."""

from __future__ import annotations

from collections.abc import Iterable

from saddlepoint.records.schema import Record

Series = dict[str, tuple[list[int], list[float]]]


def series_of(records: Iterable[Record]) -> Series:
    """{name: (steps, values)}, both as long as the quantity was recorded; values may be NaN or infinite."""
    series: Series = {}
    for record in records:
        for name, value in record.values.items():
            steps, values = series.setdefault(name, ([], []))
            steps.append(record.step)
            values.append(value)
    return series
