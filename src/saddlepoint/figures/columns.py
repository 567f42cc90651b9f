"""One column of a table: the distribution of its generated values against that of its real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from saddlepoint.figures.column_axes import (
    MOST_CATEGORIES,
    ColumnValues,
    Values,
    bin_edges,
    label_axis,
    name_ticks,
    short_name,
)
from saddlepoint.figures.marks import draw_histogram
from saddlepoint.figures.style import DATA, GENERATED, MUTED, TICK_SIZE, figure, legend, style_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MISSING, OTHERS = "(missing)", "(others)"


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


def _draw_numbers(axes: Axes, column: ColumnValues, names: tuple[str, str]) -> None:
    edges = bin_edges(column)
    draw_histogram(axes, column.generated, edges, GENERATED, names[1], filled=True)
    draw_histogram(axes, column.real, edges, DATA, names[0], filled=False)
    axes.set_ylim(bottom=0.0)
    label_axis(axes.xaxis, column)
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
    name_ticks(axes.xaxis, names, room=36)


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
    names, shares = [short_name(column.categories[place]) for place in order], [some[order] for some in counts]
    for name, own in ((OTHERS, rest), (MISSING, [float(some[k + 1]) for some in counts])):
        if max(own) > 1e-12:
            names.append(name)
            shares = [np.append(some, one) for some, one in zip(shares, own, strict=True)]
    return names, shares
