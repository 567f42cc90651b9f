"""A confusion matrix of classes and clusters: how many examples of each class are in each cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from saddlepoint.figures.style import INK, PAPER, TICK_SIZE, figure, shorten, style_axes, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LONGEST_NAME = 18  # characters of a name beside a row


def confusion_figure(counts: ArrayLike, rows: Sequence[str], columns: Sequence[str], *, title: str) -> Figure:
    """Draw counts as squares, as dark as the share of the class; the first row is at the top.

    Args:
        counts: (R, C) examples of each class in each cluster.
        rows: (R,) names of the classes.
        columns: (C,) names of the clusters.
        title: of the picture.

    Raises:
        ValueError: shapes that do not fit.
    """
    numbers = np.asarray(counts, np.float64)
    if numbers.shape != (len(rows), len(columns)) or not numbers.size:
        raise ValueError(
            f"a confusion matrix of {len(rows)} classes and {len(columns)} clusters got counts {numbers.shape}"
        )
    shares = numbers / np.maximum(numbers.sum(1, keepdims=True), 1)
    drawing, grid = figure(width=1.9 + 0.46 * max(len(columns), 7), height=1.5 + 0.34 * len(rows))
    axes = grid[0, 0]
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
    style_axes(axes, title=title, x="cluster", y="class")
    axes.grid(False)
    axes.set_xticks(range(len(columns)), [text(name) for name in columns])
    axes.set_yticks(range(len(rows)), [text(shorten(name, LONGEST_NAME)) for name in rows])
    for row, column in zip(*np.nonzero(numbers), strict=True):
        axes.text(
            column, row, f"{numbers[row, column]:,.0f}", ha="center", va="center", fontsize=TICK_SIZE - 1,
            color=PAPER if shares[row, column] > 0.55 else INK,
        )  # fmt: skip
    return drawing
