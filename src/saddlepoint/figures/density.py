"""Generated points against the data: densities in 1-D, points in 2-D, marginals and pairs in more dimensions.

The data set the axes, so a generator that diverged does not hide the data. The title counts generated points that lie
outside or are not finite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from saddlepoint.figures.marks import (
    MOST_RINGS,
    LogProb,
    as_points,
    draw_data,
    draw_densities,
    draw_density,
    draw_discriminator,
    draw_generated,
    draw_histogram,
    draw_plane,
    legend_below,
    thin,
)
from saddlepoint.figures.style import (
    DATA,
    GENERATED,
    INK,
    RULE,
    TICK_SIZE,
    TITLE_SIZE,
    figure,
    legend,
    style_axes,
    text,
)
from saddlepoint.figures.views import Points, data_views, equal_spans, title_with_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PAIRED = 4
# Room for a title of two lines above; in one dimension for a legend of three rows below.
ONE = {"left": 0.14, "right": 0.86, "top": 0.88, "bottom": 0.33}
TWO = {"left": 0.16, "right": 0.97, "top": 0.9, "bottom": 0.12}


def compare(
    generated: ArrayLike,
    data: ArrayLike | None = None,
    *,
    log_prob: LogProb | None = None,
    modes: ArrayLike | None = None,
    discriminator: Callable[[Points], ArrayLike] | None = None,
    names: Sequence[str] | None = None,
    title: str = "Generated points against the data",
) -> Figure:
    """Draw generated points against the data, in the way that suits their dimension.

    Args:
        generated: (N, D) in the data's units.
        data: (M, D) in the data's units.
        log_prob: (K, D) -> (K,) exact log density of the data in nats, if it is known.
        modes: (K, D) centres of the data's modes.
        discriminator: (K, D) -> (K,) probability in [0, 1] that a point is real; drawn in 1-D only.
        names: of the D columns.
        title: of the picture.
    """
    points = as_points(generated)
    reference = None if data is None else as_points(data)
    centres = None if modes is None else as_points(modes)
    columns = points.shape[1]
    names = list(names or ([f"x{d + 1}" for d in range(columns)] if columns > 1 else ["x"]))
    if columns == 1:
        return _line_plot(points, reference, log_prob, centres, discriminator, names[0], title)
    if columns == 2:
        return _plane_plot(points, reference, log_prob, centres, names, title)
    return _pair_plot(points, reference, names, title)


def _line_plot(
    generated: Points,
    data: Points | None,
    log_prob: LogProb | None,
    modes: Points | None,
    discriminator: Callable[[Points], ArrayLike] | None,
    name: str,
    title: str,
) -> Figure:
    drawing, grid = figure(width=5.8, height=4.6, margins=ONE)
    axes: Axes = grid[0, 0]
    (view,) = data_views(generated, data, modes)
    style_axes(
        axes, title=title_with_count(title, generated, [view]), x=f"{name} (data's units)", y="probability density"
    )
    draw_densities(axes, view, generated, data, log_prob=log_prob, modes=modes)
    if discriminator is not None:
        draw_discriminator(axes, view, discriminator)
    legend_below(drawing, axes)
    return drawing


def _plane_plot(
    generated: Points,
    data: Points | None,
    log_prob: LogProb | None,
    modes: Points | None,
    names: Sequence[str],
    title: str,
) -> Figure:
    drawing, grid = figure(width=5.4, height=5.3, margins=TWO)
    axes: Axes = grid[0, 0]
    views = equal_spans(data_views(generated, data, modes))
    style_axes(
        axes,
        title=title_with_count(title, generated, views),
        x=f"{names[0]} (data's units)",
        y=f"{names[1]} (data's units)",
    )
    axes.grid(False)
    if log_prob is not None:
        draw_density(axes, log_prob, views)
    draw_plane(axes, views, generated, data, modes)
    legend(axes, markerscale=1.6, loc="upper right")
    return drawing


def _pair_plot(generated: Points, data: Points | None, names: Sequence[str], title: str) -> Figure:
    """The first four columns: histograms on the diagonal, scatter plots of each pair below it."""
    shown = min(generated.shape[1], MOST_PAIRED)
    # Inches left for words, the same whatever the number of columns.
    width, height = 2.5 * shown, 2.3 * shown + 0.5
    margins = {"left": 0.7 / width, "right": 1 - 0.1 / width, "bottom": 0.5 / height, "top": 1 - 0.6 / height}
    drawing, grid = figure(shown, shown, width=width, height=height, margins={**margins, "wspace": 0.45, "hspace": 0.4})
    views = data_views(generated[:, :shown], None if data is None else data[:, :shown], None)
    for row in range(shown):
        for column in range(shown):
            axes = grid[row, column]
            if column > row:
                axes.set_visible(False)
                continue
            below = row == column
            style_axes(axes, title="", x=names[column], y="probability density" if below else names[row])
            axes.set_xlim(*views[column])
            if below:
                edges = np.linspace(*views[column], 41)
                draw_histogram(axes, generated[:, column], edges, GENERATED, "generated", filled=True)
                if data is not None:
                    draw_histogram(axes, data[:, column], edges, DATA, "data", filled=False)
                axes.set_ylim(bottom=0.0)
                continue
            axes.set_ylim(*views[row])
            pair = [column, row]
            draw_generated(axes, thin(generated)[:, pair], size=3)
            if data is not None:
                draw_data(axes, thin(data, MOST_RINGS)[:, pair], size=7)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    if len(handles) > 1:
        # In the empty corner above the diagonal.
        corner: dict[str, Any] = {"loc": "upper right", "bbox_to_anchor": (margins["right"], margins["top"])}
        drawing.legend(handles, labels, **corner, fontsize=TICK_SIZE, edgecolor=RULE, labelcolor=INK)
    rest = f", columns 1 to {shown} of {generated.shape[1]}" if generated.shape[1] > shown else ""
    drawing.suptitle(
        text(title_with_count(f"{title}{rest}", generated[:, :shown], views)),
        fontsize=TITLE_SIZE,
        color=INK,
        x=0.01,
        y=0.99,
        ha="left",
        va="top",
    )
    return drawing
