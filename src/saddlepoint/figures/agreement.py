"""Vectors against their reconstructions, one plot per column; points on the diagonal are equal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from saddlepoint.figures.style import GENERATED, INK, TITLE_SIZE, figure, style_axes, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_COLUMNS = 12


def reconstruction_scatter(
    originals: ArrayLike,
    reconstructions: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    title: str = "Held-out examples and their reconstructions",
) -> Figure:
    """Draw originals against reconstructions, one plot for each of the first twelve columns, with the explained
    variance.

    The originals set the axes. Values that are not finite are left out.

    Args:
        originals: (N, D) in the data's units.
        reconstructions: (N, D) in the data's units.
        names: of the columns.
        title: of the picture.

    Raises:
        ValueError: the arrays are not (N, D) both.
    """
    first, second = (np.asarray(values, dtype=np.float64) for values in (originals, reconstructions))
    if first.ndim != 2 or first.shape != second.shape:
        raise ValueError(f"originals and reconstructions must be (N, D) both, got {first.shape} and {second.shape}")
    shown = min(first.shape[1], MOST_COLUMNS)
    columns = min(4, shown)
    rows = -(-shown // columns)
    drawing, grid = figure(rows, columns, width=max(2.6 * columns, 5.0), height=2.6 * rows + 0.4)
    size = float(np.clip(6000 / max(len(first), 1), 4, 24))
    for column, axes in enumerate(grid.flat):
        if column >= shown:
            axes.set_visible(False)
            continue
        x, y = first[:, column], second[:, column]
        finite = np.isfinite(x) & np.isfinite(y)
        x, y = x[finite], y[finite]
        name = names[column] if names else f"x{column + 1}"
        style_axes(axes, title=f"{name} ({_explained(x, y)})", x="original", y="reconstruction")
        low, high = (float(x.min()), float(x.max())) if len(x) else (-1.0, 1.0)
        spare = 0.1 * (high - low) or 1.0
        view = (low - spare, high + spare)
        axes.plot(view, view, color=INK, linewidth=0.8)
        axes.scatter(x, y, s=size, color=GENERATED, alpha=0.5, linewidths=0)
        axes.set_xlim(view)
        axes.set_ylim(view)
    rest = f", columns 1 to {shown} of {first.shape[1]}" if first.shape[1] > shown else ""
    drawing.suptitle(text(title + rest), fontsize=TITLE_SIZE, x=0.01, ha="left", color=INK)
    return drawing


def _explained(x: np.ndarray, y: np.ndarray) -> str:
    variance = float(x.var()) if len(x) else 0.0
    return f"explained {1 - float(((y - x) ** 2).mean()) / variance:.2f}" if variance > 0 else "constant"
