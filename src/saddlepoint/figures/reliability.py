"""Reliability diagrams: the share of right predictions over their confidence, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from saddlepoint.figures.style import DATA, MUTED, figure, legend, style_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 6.2, 4.6  # inches


def reliability_figure(
    confidence: ArrayLike, accuracy: ArrayLike, low: ArrayLike, high: ArrayLike, *, title: str, examples: Sequence[int]
) -> Figure:
    """Draw the bins of a reliability diagram.

    Args:
        confidence: (B,) mean probability of the predicted class.
        accuracy: (B,) share of right predictions.
        low, high: (B,) ends of its interval.
        title: of the picture.
        examples: (B,) in each bin.

    Raises:
        ValueError: shapes that do not fit.
    """
    means, shares, lows, highs = (np.asarray(values, dtype=np.float64) for values in (confidence, accuracy, low, high))
    if means.ndim != 1 or not (means.shape == shares.shape == lows.shape == highs.shape == (len(examples),)):
        raise ValueError(
            f"all parts of a reliability diagram have one shape (B,), got {means.shape}, {shares.shape}, {lows.shape}, {highs.shape} "
            f"and {len(examples)} numbers of examples"
        )
    drawing, grid = figure(width=WIDTH, height=HEIGHT)
    axes = grid[0, 0]
    axes.plot([0, 1], [0, 1], color=MUTED, linestyle="--", linewidth=1.0, label="calibrated")
    sizes = f"{min(examples):,} to {max(examples):,}" if min(examples) != max(examples) else f"{examples[0]:,}"
    axes.errorbar(
        means,
        shares,
        yerr=np.stack([shares - lows, highs - shares]).clip(min=0),
        fmt="o",
        color=DATA,
        capsize=3,
        label=f"bins of {sizes} examples, 95 % interval",
    )
    style_axes(axes, title=title, x="confidence (probability of the predicted class)", y="share that is right")
    start = max(0.0, float(min(means.min(), lows.min())) - 0.05)
    axes.set_xlim(start, 1.02)
    axes.set_ylim(start, 1.02)
    legend(axes, loc="lower right")
    return drawing
