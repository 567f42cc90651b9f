"""Columns of a table, generated rows against real rows: a histogram of one column, and two columns side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from saddlepoint.figures.marks import draw_histogram
from saddlepoint.figures.style import (
    DATA,
    GENERATED,
    INK,
    MUTED,
    PAPER,
    TICK_SIZE,
    TITLE_SIZE,
    figure,
    legend,
    style_axes,
    text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Values = NDArray[np.float64]
BINS, LEAST_BINS = 40, 6
FEW = 25  # different whole numbers that have a bin each
MOST_CATEGORIES = 12  # the others are one bar
MOST_DOTS = 1_500
MISSING, OTHERS = "(missing)", "(others)"


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


def column_figure(column: ColumnValues, title: str = "", names: tuple[str, str] = ("real", "generated")) -> Figure:
    """The distribution of one column: bars for generated rows, an outline or dark bars for real rows.

    Args:
        column: its values.
        title: above it; empty takes the name of the column.
        names: of the two groups of rows.
    """
    drawing, grid = figure(width=4.8, height=3.1)
    axes = grid[0, 0]
    style_axes(
        axes, title=title or column.name, x="", y="share of rows" if column.categories else "probability density"
    )
    if column.categories:
        _draw_shares(axes, column, names)
    else:
        _draw_numbers(axes, column, names)
    legend(axes)
    return drawing


def pair_figure(x: ColumnValues, y: ColumnValues, title: str) -> Figure:
    """Two columns, real rows on the left and generated rows on the right, on the same axes.

    Two numbers are dots; with a category, colours are shares of rows: of each category where the other is a number.

    Args:
        x: the column along the horizontal axis.
        y: the column along the vertical axis.
        title: above both.
    """
    drawing, grid = figure(1, 2, width=7.6, height=3.9)
    drawing.suptitle(text(title), x=0.01, ha="left", fontsize=TITLE_SIZE, color=INK)
    if x.categories and not y.categories:
        x, y = y, x
    most = 0.0
    grids = []
    for side in ("real", "generated"):
        if y.categories:
            counts = _counts(x, y, side)
            grids.append(counts)
            most = max(most, float(counts.max()))
    for place, side in enumerate(("real", "generated")):
        axes: Axes = grid[0, place]
        style_axes(axes, title=f"{side} rows", x=x.name, y=y.name if place == 0 else "")
        if y.categories:
            _draw_grid(axes, x, y, grids[place], most)
        else:
            _draw_dots(axes, x, y, side)
    return drawing


def _draw_numbers(axes: Axes, column: ColumnValues, names: tuple[str, str]) -> None:
    edges = _edges(column)
    draw_histogram(axes, column.generated, edges, GENERATED, names[1], filled=True)
    draw_histogram(axes, column.real, edges, DATA, names[0], filled=False)
    axes.set_ylim(bottom=0.0)
    _label_axis(axes.xaxis, column)
    absent = [float(np.isnan(values).mean()) for values in (column.real, column.generated)]
    if any(absent):
        axes.set_xlabel(
            f"missing: {names[0]} {absent[0]:.1%}, {names[1]} {absent[1]:.1%}", fontsize=TICK_SIZE, color=MUTED
        )


def _draw_shares(axes: Axes, column: ColumnValues, sides: tuple[str, str]) -> None:
    names, shares = _shares(column)
    places = np.arange(len(names))
    axes.bar(places - 0.2, shares[0], 0.38, color=DATA, label=sides[0])
    axes.bar(places + 0.2, shares[1], 0.38, color=GENERATED, alpha=0.6, label=sides[1])
    _name_ticks(axes.xaxis, names)
    if sum(map(len, names)) > 36:
        axes.tick_params(axis="x", rotation=40)
        for label in axes.get_xticklabels():
            label.set_horizontalalignment("right")
            label.set_rotation_mode("anchor")


def _shares(column: ColumnValues) -> tuple[list[str], list[Values]]:
    """Names and shares of the most frequent categories, of all others together, and of missing cells."""
    k = len(column.categories)
    counts = []
    for values in (column.real, column.generated):
        codes = np.where(np.isnan(values), k + 1, np.minimum(values, k)).astype(np.int64)
        counts.append(np.bincount(codes, minlength=k + 2) / max(len(codes), 1))
    order = np.arange(k)
    if k > MOST_CATEGORIES:
        order = np.sort(np.argsort(-(counts[0] + counts[1])[:k], kind="stable")[:MOST_CATEGORIES])
    rest = [float(some[:k].sum() - some[order].sum() + some[k]) for some in counts]
    names, shares = [_cut(column.categories[place]) for place in order], [some[order] for some in counts]
    for name, own in ((OTHERS, rest), (MISSING, [float(some[k + 1]) for some in counts])):
        if max(own) > 1e-12:
            names.append(name)
            shares = [np.append(some, one) for some, one in zip(shares, own, strict=True)]
    return names, shares


def _draw_dots(axes: Axes, x: ColumnValues, y: ColumnValues, side: str) -> None:
    a, b = (getattr(column, side)[:MOST_DOTS] for column in (x, y))
    axes.scatter(a, b, s=9, color=DATA if side == "real" else GENERATED, alpha=0.45, linewidths=0)
    axes.set_xlim(*_range(x))
    axes.set_ylim(*_range(y))
    _label_axis(axes.xaxis, x)
    _label_axis(axes.yaxis, y)


def _draw_grid(axes: Axes, x: ColumnValues, y: ColumnValues, counts: Values, most: float) -> None:
    names = _names(y)
    axes.grid(False)
    if x.categories:
        axes.imshow(counts, origin="lower", aspect="auto", cmap="Blues", vmin=0.0, vmax=most or 1.0)
        _name_ticks(axes.xaxis, _names(x))
        if sum(map(len, _names(x))) > 24:
            axes.tick_params(axis="x", rotation=40)
            for label in axes.get_xticklabels():
                label.set_horizontalalignment("right")
                label.set_rotation_mode("anchor")
        if counts.size <= 36:
            for row, line in enumerate(counts):
                for place, share in enumerate(line):
                    colour = PAPER if share > 0.6 * most else INK
                    axes.text(place, row, f"{share:.0%}", ha="center", va="center", fontsize=TICK_SIZE, color=colour)
    else:
        heights = np.arange(len(names) + 1) - 0.5
        axes.pcolormesh(_edges(x), heights, counts, cmap="Blues", vmin=0.0, vmax=most or 1.0)
        _label_axis(axes.xaxis, x)
    _name_ticks(axes.yaxis, names)


def _counts(x: ColumnValues, y: ColumnValues, side: str) -> Values:
    """Shares of rows (categories of y, categories or bins of x); where x has bins, of the rows of each category."""
    rows = _positions(y, getattr(y, side))
    if x.categories:
        columns, width = _positions(x, getattr(x, side)), len(_names(x))
        keep = (rows >= 0) & (columns >= 0)
        counts = np.zeros((len(_names(y)), width))
        np.add.at(counts, (rows[keep], columns[keep]), 1.0)
        return np.asarray(counts / max(counts.sum(), 1.0), np.float64)
    edges = _edges(x)
    lines = []
    for place in range(len(_names(y))):
        values = getattr(x, side)[rows == place]
        heights = np.histogram(values[np.isfinite(values)], edges)[0]
        lines.append(heights / max(heights.sum(), 1))
    return np.array(lines, np.float64)


def _positions(column: ColumnValues, values: Values) -> NDArray[np.int64]:
    """Places of the values among the names that are shown, -1 where there is none."""
    shown = _shown(column)
    places = np.full(len(column.categories) + 1, -1, dtype=np.int64)
    places[shown] = np.arange(len(shown))
    codes = np.where(np.isnan(values), len(column.categories), np.minimum(values, len(column.categories)))
    return places[codes.astype(np.int64)]


def _shown(column: ColumnValues) -> NDArray[np.int64]:
    known = column.real[~np.isnan(column.real)]
    counts = np.bincount(known.astype(np.int64), minlength=len(column.categories))[: len(column.categories)]
    return np.sort(np.argsort(-counts, kind="stable")[:MOST_CATEGORIES])


def _names(column: ColumnValues) -> list[str]:
    return [_cut(column.categories[place]) for place in _shown(column)]


def _edges(column: ColumnValues) -> Values:
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
    return np.linspace(*_range(column), bins + 1)


def _range(column: ColumnValues) -> tuple[float, float]:
    real = column.real[np.isfinite(column.real)]
    if not len(real):
        return 0.0, 1.0
    low, high = (float(end) for end in np.quantile(real, [0.001, 0.999]))
    spare = 0.08 * (high - low) or 0.5 * max(abs(high), 1.0)
    return low - spare, high + spare


def _label_axis(axis: Any, column: ColumnValues) -> None:
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


def _name_ticks(axis: Any, names: Sequence[str]) -> None:
    axis.set_ticks(range(len(names)), [text(name) for name in names])


def _cut(name: str) -> str:
    return name if len(name) <= 16 else f"{name[:14]}..."
