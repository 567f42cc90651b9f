"""What rules for whole logs measure: levels, spreads, trends, and since when something holds. All by ranks, robust against single spikes.

A log may have thirty epochs or a million steps, so lengths are shares of its rows, never numbers of steps.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

from saddlepoint.diagnosis.series import Series

FEWEST = 8  # rows, below which a log shows no course
HOLDS = 0.9  # share of the rows in a stretch in which a condition must hold
LONG, LEAST = 0.25, 6  # share of the log, and rows, from which a stretch is long


def finite(series: Series) -> tuple[list[int], list[float]]:
    """Return the steps and values of a series where it is finite."""
    pairs = [(step, value) for step, value in zip(series.steps, series.values, strict=True) if math.isfinite(value)]
    return [step for step, _ in pairs], [value for _, value in pairs]


def together(*series: Series) -> tuple[list[int], list[tuple[float, ...]]]:
    """Return the steps at which all series are finite, and their values there."""
    tables = [dict(zip(one.steps, one.values, strict=True)) for one in series]
    steps = [
        step for step in dict.fromkeys(series[0].steps) if all(math.isfinite(t.get(step, math.nan)) for t in tables)
    ]
    return steps, [tuple(table[step] for table in tables) for step in steps]


def last_stretch(rows: Sequence[tuple[float, ...]], holds: Callable[..., bool]) -> int | None:
    """Return where the longest stretch up to the end begins in which a condition holds in nine rows of ten.

    Args:
        rows: the values of each row.
        holds: whether the condition holds in a row, called with its values.

    Returns:
        The place of its first row; None if it is not long.
    """
    begins, count = None, 0
    for length, place in enumerate(range(len(rows) - 1, -1, -1), 1):
        if holds(*rows[place]):
            count += 1
            if count >= HOLDS * length:
                begins = place
    return begins if begins is not None and is_long(len(rows) - begins, len(rows)) else None


def is_long(stretch: int, rows: int) -> bool:
    """Whether so many rows are a long part of a log."""
    return rows >= FEWEST and stretch >= max(LEAST, LONG * rows)


def median(values: Sequence[float]) -> float:
    """Return the median; NaN of nothing."""
    return statistics.median(values) if values else math.nan


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the values lies; NaN of nothing."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else math.nan


def width(values: Sequence[float]) -> float:
    """Return half the distance between the quantiles .1 and .9."""
    return 0.5 * (quantile(values, 0.9) - quantile(values, 0.1))


def blocks(values: Sequence[float], count: int) -> list[float]:
    """Return the medians of so many equal parts of a series (fewer for a short one)."""
    count = min(count, len(values))
    return [median(values[len(values) * i // count : len(values) * (i + 1) // count]) for i in range(count)]


def trend(values: Sequence[float], count: int = 12) -> float:
    """Return Kendall's rank correlation of block medians with time, from -1 (falls throughout) to 1 (grows throughout)."""
    levels = blocks(values, count)
    signs = [(b > a) - (b < a) for i, a in enumerate(levels) for b in levels[i + 1 :]]
    return sum(signs) / len(signs) if signs else 0.0
