"""A map of images: a number for each pixel, with a colour bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from saddlepoint.figures.style import MUTED, RULE, TICK_SIZE, figure, style_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def pixel_map_figure(numbers: NDArray[Any], title: str) -> Figure:
    """Draw a map; pixels without a number are grey.

    Args:
        numbers: (H, W), each at least 0, NaN where there is none.
        title: says what the numbers are.
    """
    from matplotlib import colormaps

    tints = colormaps["viridis"].with_extremes(bad=RULE)
    drawing, grid = figure(width=4.2, height=3.6)
    axes = grid[0, 0]
    style_axes(axes, title=title, x="column of pixels", y="row of pixels")
    axes.grid(False)
    known = numbers[np.isfinite(numbers)]
    most = float(known.max()) if len(known) else 0.0
    shown = axes.imshow(np.ma.masked_invalid(numbers), cmap=tints, vmin=0.0, vmax=most or 1.0, interpolation="nearest")
    bar = drawing.colorbar(shown, ax=axes, fraction=0.046, pad=0.04)
    bar.ax.tick_params(labelsize=TICK_SIZE, colors=MUTED)
    return drawing
