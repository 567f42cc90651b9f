"""The values of a column of a table, and the axis that they are drawn along: its range, bins and ticks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from saddlepoint.figures.style import text

Values = NDArray[np.float64]
BINS, LEAST_BINS = 40, 6
FEW = 25  # different whole numbers that have a bin each
MOST_CATEGORIES = 12  # of a column that are drawn, the most frequent ones


class ColumnValues(Protocol):
    """One column of real and of generated rows."""

    @property
    def name(self) -> str:
        """Of the column."""

    @property
    def real(self) -> Values:
        """(N,) numbers, days since 1970, or positions among the categories; NaN where a cell is missing."""

    @property
    def generated(self) -> Values:
        """(M,) likewise."""

    @property
    def categories(self) -> tuple[str, ...]:
        """Names; empty for numbers. A position after the last is a category that is not among them."""

    @property
    def is_date(self) -> bool:
        """Whether the numbers are days."""


def bin_edges(column: ColumnValues) -> Values:
    """Bins over the range of real rows without the outermost 0.1 %; few whole numbers have one each."""
    real = column.real[np.isfinite(column.real)]
    values = np.unique(real)
    if (
        1 < len(values) <= FEW
        and (values == np.round(values)).all()
        and np.ptp(values) <= 2 * FEW
        and not column.is_date
    ):
        return np.arange(values[0], values[-1] + 2) - 0.5
    bins = int(np.clip(2 * len(real) ** (1 / 3), LEAST_BINS, BINS))  # Rice's rule
    return np.linspace(*value_range(column), bins + 1)


def value_range(column: ColumnValues) -> tuple[float, float]:
    """The ends of an axis: the real rows without the outermost 0.1 % at each end, with some space beside them."""
    real = column.real[np.isfinite(column.real)]
    if not len(real):
        return 0.0, 1.0
    low, high = (float(end) for end in np.quantile(real, [0.001, 0.999]))
    spare = 0.08 * (high - low) or 0.5 * max(abs(high), 1.0)
    return low - spare, high + spare


def label_axis(axis: Any, column: ColumnValues) -> None:
    """Ticks of an axis of numbers: whole ones for whole numbers, dates for days."""
    if not column.is_date:
        from matplotlib.ticker import MaxNLocator

        real = column.real[np.isfinite(column.real)]
        if len(real) and (real == np.round(real)).all():
            axis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        return
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    dates: Any = AutoDateLocator  # without types in matplotlib
    formats: Any = ConciseDateFormatter
    locator = dates(maxticks=5)
    axis.set_major_locator(locator)
    axis.set_major_formatter(formats(locator))


def name_ticks(axis: Any, names: Sequence[str], room: int | None = None) -> None:
    """Write names at 0, 1, ... along an axis, aslant where they have more letters together than there is room for.

    Args:
        axis: of matplotlib.
        names: of its ticks.
        room: letters that fit beside each other; None leaves the names as they are.
    """
    axis.set_ticks(range(len(names)), [text(name) for name in names])
    if room is not None and sum(map(len, names)) > room:
        axis.set_tick_params(rotation=40)
        for label in axis.get_ticklabels():
            label.set_horizontalalignment("right")
            label.set_rotation_mode("anchor")


def short_name(name: str) -> str:
    """A name of at most 17 letters."""
    return name if len(name) <= 16 else f"{name[:14]}..."
