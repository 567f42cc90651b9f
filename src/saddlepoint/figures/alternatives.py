"""Scores of several alternatives in several situations: a panel below each other for each situation, so that a phone shows them too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from saddlepoint.figures.style import INK, colours, figure, style_axes, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 6.2  # inches


def alternatives_figure(
    titles: Sequence[str], names: Sequence[str], values: ArrayLike, low: ArrayLike, high: ArrayLike, *, x: str
) -> Figure:
    """Draw S panels with A alternatives: points with intervals, and a line at the first alternative.

    Args:
        titles: of the panels.
        names: of the alternatives, the first of which is the reference.
        values: (S, A).
        low, high: ends of the intervals, (S, A).
        x: name of the axis.

    Raises:
        ValueError: shapes that do not fit.
    """
    scores, lows, highs = (np.asarray(rows, dtype=np.float64) for rows in (values, low, high))
    shape = (len(titles), len(names))
    if 0 in shape or any(rows.shape != shape for rows in (scores, lows, highs)):
        raise ValueError(f"values, low and high must be {shape} and not empty, got {scores.shape}")
    drawing, grid = figure(len(titles), 1, width=WIDTH, height=0.6 + len(titles) * (0.7 + 0.27 * len(names)))
    places = np.arange(len(names))[::-1]
    for number, axes in enumerate(grid[:, 0]):
        axes.axvline(scores[number, 0], color=INK, linewidth=0.9, linestyle=":")
        for alternative, (place, colour) in enumerate(zip(places, colours(len(names)), strict=True)):
            ends = [lows[number, alternative], highs[number, alternative]]
            axes.plot(ends, [place, place], color=colour, linewidth=2.2, solid_capstyle="butt")
            axes.plot([scores[number, alternative]], [place], marker="o", color=colour, markersize=6)
        style_axes(axes, title=titles[number], x=x if number == len(titles) - 1 else "", y="")
        axes.grid(False, axis="y")
        axes.set_ylim(-0.6, len(names) - 0.4)
        axes.set_yticks(places, [text(name) for name in names], color=INK)
        axes.locator_params(axis="x", nbins=5)
    return drawing
