"""Two columns of a table: how they depend on each other in real rows and in generated rows, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from saddlepoint.figures.column_axes import (
    MOST_CATEGORIES,
    ColumnValues,
    Values,
    bin_edges,
    label_axis,
    name_ticks,
    short_name,
    value_range,
)
from saddlepoint.figures.style import DATA, GENERATED, INK, PAPER, TICK_SIZE, TITLE_SIZE, figure, style_axes, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_DOTS = 1_500
SIDES = ("real", "generated")


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
    grids = [_counts(x, y, side) for side in SIDES] if y.categories else []
    most = max((float(counts.max()) for counts in grids), default=0.0)
    for place, side in enumerate(SIDES):
        axes: Axes = grid[0, place]
        style_axes(axes, title=f"{side} rows", x=x.name, y=y.name if place == 0 else "")
        if y.categories:
            _draw_grid(axes, x, y, grids[place], most)
        else:
            _draw_dots(axes, x, y, side)
    return drawing


def _draw_dots(axes: Axes, x: ColumnValues, y: ColumnValues, side: str) -> None:
    a, b = (getattr(column, side)[:MOST_DOTS] for column in (x, y))
    axes.scatter(a, b, s=9, color=DATA if side == "real" else GENERATED, alpha=0.45, linewidths=0)
    axes.set_xlim(*value_range(x))
    axes.set_ylim(*value_range(y))
    label_axis(axes.xaxis, x)
    label_axis(axes.yaxis, y)


def _draw_grid(axes: Axes, x: ColumnValues, y: ColumnValues, counts: Values, most: float) -> None:
    names = _names(y)
    axes.grid(False)
    if x.categories:
        axes.imshow(counts, origin="lower", aspect="auto", cmap="Blues", vmin=0.0, vmax=most or 1.0)
        name_ticks(axes.xaxis, _names(x), room=24)
        if counts.size <= 36:
            for row, line in enumerate(counts):
                for place, share in enumerate(line):
                    colour = PAPER if share > 0.6 * most else INK
                    axes.text(place, row, f"{share:.0%}", ha="center", va="center", fontsize=TICK_SIZE, color=colour)
    else:
        heights = np.arange(len(names) + 1) - 0.5
        axes.pcolormesh(bin_edges(x), heights, counts, cmap="Blues", vmin=0.0, vmax=most or 1.0)
        label_axis(axes.xaxis, x)
    name_ticks(axes.yaxis, names)


def _counts(x: ColumnValues, y: ColumnValues, side: str) -> Values:
    """Shares of rows (categories of y, categories or bins of x); where x has bins, of the rows of each category."""
    rows = _positions(y, getattr(y, side))
    if x.categories:
        columns, width = _positions(x, getattr(x, side)), len(_names(x))
        keep = (rows >= 0) & (columns >= 0)
        counts = np.zeros((len(_names(y)), width))
        np.add.at(counts, (rows[keep], columns[keep]), 1.0)
        return np.asarray(counts / max(counts.sum(), 1.0), np.float64)
    edges = bin_edges(x)
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
    return [short_name(column.categories[place]) for place in _shown(column)]
