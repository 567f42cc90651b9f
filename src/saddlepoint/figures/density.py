"""Generated points against the data: densities in 1-D, points in 2-D, marginals and pairs above.

The view is set by the data, so that a generator that ran away cannot hide what it should have met; how many generated
points lie outside, or are not finite, is said in the title.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlepoint.figures.style import (
    DATA,
    GENERATED,
    GREEN,
    INK,
    RULE,
    TICK_SIZE,
    TITLE_SIZE,
    TRUTH,
    dress,
    figure,
    legend,
    text,
)
from saddlepoint.figures.views import Points, Range, data_views, of_one_span, steady, with_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LogProb = Callable[[Points], ArrayLike]

BINS = 80
LINE = 600  # points of a curve
HEADROOM = 1.6
MOST_POINTS = 4_000
MOST_RINGS = 600
MOST_PAIRED = 4
# Room for a title of two lines above; in one dimension for a legend of three rows below.
ONE = {"left": 0.1, "right": 0.9, "top": 0.88, "bottom": 0.27}
TWO = {"left": 0.12, "right": 0.97, "top": 0.91, "bottom": 0.09}


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
    """The plot that suits the dimension of generated (N, D) and data (M, D), both in the data's units.

    log_prob: (K, D) -> (K,) exact log density of the data in nats, where it is known.
    modes: (K, D) centres of the data's modes.
    discriminator: (K, D) -> (K,) probability that a point is real, in [0, 1]; drawn in 1-D only.
    names: of the D columns.
    """
    points = rows(generated)
    reference = None if data is None else rows(data)
    centres = None if modes is None else rows(modes)
    columns = points.shape[1]
    names = list(names or ([f"x{d + 1}" for d in range(columns)] if columns > 1 else ["x"]))
    if columns == 1:
        return _one(points, reference, log_prob, centres, discriminator, names[0], title)
    if columns == 2:
        return _two(points, reference, log_prob, centres, names, title)
    return _many(points, reference, names, title)


def _one(
    generated: Points,
    data: Points | None,
    log_prob: LogProb | None,
    modes: Points | None,
    discriminator: Callable[[Points], ArrayLike] | None,
    name: str,
    title: str,
) -> Figure:
    drawing, grid = figure(width=7.0, height=4.4, margins=ONE)
    axes: Axes = grid[0, 0]
    (view,) = data_views(generated, data, modes)
    dress(axes, title=with_count(title, generated, [view]), x=f"{name} (data's units)", y="probability density")
    densities(axes, view, generated, data, log_prob=log_prob, modes=modes)
    if discriminator is not None:
        decision(axes, view, discriminator)
    legend_below(drawing, axes)
    return drawing


def densities(
    axes: Axes, view: Range, generated: Points, data: Points | None, *, log_prob: LogProb | None, modes: Points | None
) -> None:
    """On a line: a histogram of generated (N, 1), the data's exact density or a histogram of data (M, 1), the modes.

    The axis ends at HEADROOM times the data's peak, or as many doublings higher as the generated need."""
    edges = np.linspace(*view, BINS + 1)
    highest = _histogram(axes, generated[:, 0], edges, GENERATED, "generated", filled=True)
    peak = 0.0
    if log_prob is not None:
        line = np.linspace(*view, LINE)[:, None]
        density = np.exp(np.minimum(np.asarray(log_prob(line), np.float64), 700.0))
        axes.plot(line[:, 0], density, color=TRUTH, linewidth=1.8, label="data (exact density)")
        peak = float(np.nanmax(density, initial=0.0))
    elif data is not None:
        peak = _histogram(axes, data[:, 0], edges, DATA, "data", filled=False)
    if modes is not None:
        axes.plot(modes[:, 0], np.zeros(len(modes)), "^", color=TRUTH, markersize=7, clip_on=False, label="true modes")
    axes.set_xlim(*view)
    needed = max(highest, peak * HEADROOM)
    axes.set_ylim(0.0, steady(needed, peak * HEADROOM) if 0.0 < peak < np.inf and needed < np.inf else None)


def decision(axes: Axes, view: Range, discriminator: Callable[[Points], ArrayLike]) -> NDArray[np.float64]:
    """The discriminator's probability of real, on an axis of its own at the right; where it crosses 1/2, in the data's
    units."""
    line = np.linspace(*view, LINE)
    values = np.asarray(discriminator(line[:, None]), np.float64)
    values = np.where(np.isfinite(values), values, np.nan)
    axes.plot([], [], color=GREEN, linestyle="--", label="discriminator: probability of real")
    right = axes.twinx()
    right.plot(line, values, color=GREEN, linestyle="--")
    dress(right, title="", x=axes.get_xlabel(), y="probability of real, 0 to 1")
    right.grid(False)
    right.spines["right"].set_visible(True)
    right.set_ylim(-0.02, 1.02)
    over = values - 0.5
    with np.errstate(invalid="ignore"):
        before = np.flatnonzero(over[:-1] * over[1:] < 0)
    share = over[before] / (over[before] - over[before + 1])
    crossings: NDArray[np.float64] = line[before] + share * (line[1] - line[0])
    return crossings


def legend_below(drawing: Figure, axes: Axes) -> None:
    """Below the axes: inside, it would cover the densities, and jump from frame to frame of a time-lapse."""
    handles, labels = axes.get_legend_handles_labels()
    if len(handles) > 1:
        drawing.legend(handles, labels, loc="lower center", ncols=2, fontsize=TICK_SIZE, edgecolor=RULE, labelcolor=INK)


def _two(
    generated: Points,
    data: Points | None,
    log_prob: LogProb | None,
    modes: Points | None,
    names: Sequence[str],
    title: str,
) -> Figure:
    drawing, grid = figure(width=6.0, height=5.9, margins=TWO)
    axes: Axes = grid[0, 0]
    views = of_one_span(data_views(generated, data, modes))
    dress(
        axes, title=with_count(title, generated, views), x=f"{names[0]} (data's units)", y=f"{names[1]} (data's units)"
    )
    axes.grid(False)
    if log_prob is not None:
        _shade(axes, log_prob, views)
    cloud(axes, views, generated, data, modes)
    legend(axes, markerscale=1.6, loc="upper right")
    return drawing


def cloud(axes: Axes, views: Sequence[Range], generated: Points, data: Points | None, modes: Points | None) -> None:
    """In the plane: generated (N, 2) as dots, data (M, 2) as rings, modes (K, 2) as crosses, a unit equally long both ways."""
    _dots(axes, thinned(generated), size=7)
    if data is not None:
        _rings(axes, thinned(data, MOST_RINGS), size=14)
    if modes is not None:
        axes.scatter(modes[:, 0], modes[:, 1], s=60, marker="+", color=TRUTH, linewidths=1.6, label="true modes")
    axes.set_xlim(*views[0])
    axes.set_ylim(*views[1])
    axes.set_box_aspect(1.0)


def _many(generated: Points, data: Points | None, names: Sequence[str], title: str) -> Figure:
    """A histogram a column on the diagonal, points of each pair below; the first four columns."""
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
            dress(axes, title="", x=names[column], y="probability density" if below else names[row])
            axes.set_xlim(*views[column])
            if below:
                edges = np.linspace(*views[column], 41)
                _histogram(axes, generated[:, column], edges, GENERATED, "generated", filled=True)
                if data is not None:
                    _histogram(axes, data[:, column], edges, DATA, "data", filled=False)
                axes.set_ylim(bottom=0.0)
                continue
            axes.set_ylim(*views[row])
            pair = [column, row]
            _dots(axes, thinned(generated)[:, pair], size=3)
            if data is not None:
                _rings(axes, thinned(data, MOST_RINGS)[:, pair], size=7)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    if len(handles) > 1:
        # In the empty corner above the diagonal.
        corner: dict[str, Any] = {"loc": "upper right", "bbox_to_anchor": (margins["right"], margins["top"])}
        drawing.legend(handles, labels, **corner, fontsize=TICK_SIZE, edgecolor=RULE, labelcolor=INK)
    rest = f", columns 1 to {shown} of {generated.shape[1]}" if generated.shape[1] > shown else ""
    drawing.suptitle(
        text(with_count(f"{title}{rest}", generated[:, :shown], views)),
        fontsize=TITLE_SIZE,
        color=INK,
        x=0.01,
        y=0.99,
        ha="left",
        va="top",
    )
    return drawing


def _histogram(
    axes: Axes, values: NDArray[np.float64], edges: NDArray[np.float64], colour: str, label: str, *, filled: bool
) -> float:
    """A density over `edges` in which every value counts, those outside the view and non-finite ones too; its highest."""
    inside = values[np.isfinite(values) & (values >= edges[0]) & (values <= edges[-1])]
    heights = np.histogram(inside, edges)[0] / max(len(values), 1) / np.diff(edges)
    if filled:
        axes.stairs(heights, edges, fill=True, color=colour, alpha=0.45, label=label)
    else:
        axes.stairs(heights, edges, color=colour, linewidth=1.6, label=label)
    return float(heights.max())


def _dots(axes: Axes, points: Points, *, size: float) -> None:
    axes.scatter(points[:, 0], points[:, 1], s=size, color=GENERATED, alpha=0.6, linewidths=0, label="generated")


def _rings(axes: Axes, points: Points, *, size: float) -> None:
    """The data, above the generated points, hollow and few enough that neither hides the other."""
    look: dict[str, Any] = {"facecolors": "none", "edgecolors": DATA, "alpha": 0.7, "linewidths": 0.6}
    axes.scatter(points[:, 0], points[:, 1], s=size, label="data", **look)


def _shade(axes: Axes, log_prob: LogProb, views: Sequence[Range], points: int = 160) -> None:
    x, y = (np.linspace(*view, points) for view in views)
    log_density = np.asarray(log_prob(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)), np.float64)
    finite = log_density[np.isfinite(log_density)]
    peak = float(finite.max()) if len(finite) else 0.0
    density = np.exp(np.where(np.isfinite(log_density), log_density - peak, -np.inf)).reshape(points, points)
    axes.pcolormesh(x, y, density, cmap="Greys", vmin=0.0, vmax=1.6, shading="nearest")


def thinned(points: Points, most: int = MOST_POINTS) -> Points:
    """At most about `most` of the points, only those that can be drawn."""
    drawable = points[np.isfinite(points).all(axis=1) & (np.abs(points) < 1e100).all(axis=1)]
    return drawable[:: -(-len(drawable) // most) or 1]


def rows(values: ArrayLike) -> Points:
    """(N, D) float64; numbers alone are N points on a line. Raises ValueError for another shape."""
    points = np.asarray(values, dtype=np.float64)
    if points.ndim == 1:
        return points[:, None]
    if points.ndim != 2:
        raise ValueError(f"points must be (N, D), got an array of shape {points.shape}")
    return points
