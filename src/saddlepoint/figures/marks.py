"""Marks for plots of points on a line or in the plane: generated points, data, densities, modes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlepoint.figures.style import DATA, GENERATED, GREEN, INK, LETTER, RULE, TICK_SIZE, TRUTH, style_axes
from saddlepoint.figures.views import Points, Range, stable_limit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LogProb = Callable[[Points], ArrayLike]

BINS = 80
LINE = 600  # points of a curve
HEADROOM = 1.6
MOST_POINTS = 4_000
MOST_RINGS = 300


def draw_densities(
    axes: Axes, view: Range, generated: Points, data: Points | None, *, log_prob: LogProb | None, modes: Points | None
) -> None:
    """Draw in 1-D a histogram of generated points, the data's exact density or histogram, and the modes.

    The axis ends at HEADROOM times the data's peak, or is doubled until it fits the generated points.

    Args:
        axes: to draw into.
        view: range of the x axis.
        generated: (N, 1).
        data: (M, 1), drawn without `log_prob`.
        log_prob: (K, 1) -> (K,) exact log density of the data in nats.
        modes: (K, 1).
    """
    edges = np.linspace(*view, BINS + 1)
    highest = draw_histogram(axes, generated[:, 0], edges, GENERATED, "generated", filled=True)
    peak = 0.0
    if log_prob is not None:
        line = np.linspace(*view, LINE)[:, None]
        density = np.exp(np.minimum(np.asarray(log_prob(line), np.float64), 700.0))
        axes.plot(line[:, 0], density, color=TRUTH, linewidth=1.8, label="data (exact density)")
        peak = float(np.nanmax(density, initial=0.0))
    elif data is not None:
        peak = draw_histogram(axes, data[:, 0], edges, DATA, "data", filled=False)
    if modes is not None:
        axes.plot(modes[:, 0], np.zeros(len(modes)), "^", color=TRUTH, markersize=7, clip_on=False, label="true modes")
    axes.set_xlim(*view)
    needed = max(highest, peak * HEADROOM)
    axes.set_ylim(0.0, stable_limit(needed, peak * HEADROOM) if 0.0 < peak < np.inf and needed < np.inf else None)


@dataclass(frozen=True)
class Judgement:
    """Labels for a discriminator's output in [0, 1].

    Attributes:
        axis: of the axis.
        legend: of the curve.
        level: of the line at 1/2.
    """

    axis: str
    legend: str
    level: str


ALONE = Judgement(
    "probability of real, 0 to 1", "discriminator: probability of real", "decision boundary: probability of real is 1/2"
)
# One that compares a real with a generated example says nothing of one alone: its scores are known up to a constant.
IN_PAIRS = Judgement(
    "score against the mean, 0 to 1",
    "discriminator: score against the mean",
    "level line: mean of real and generated scores",
)


def draw_discriminator(
    axes: Axes, view: Range, discriminator: Callable[[Points], ArrayLike], judgement: Judgement = ALONE
) -> NDArray[np.float64]:
    """Draw the discriminator's output in [0, 1] on an axis at the right.

    Args:
        axes: to draw into.
        view: range of the x axis.
        discriminator: (K, 1) -> (K,) in [0, 1].
        judgement: labels.

    Returns:
        The points where it crosses 1/2.
    """
    line = np.linspace(*view, LINE)
    values = np.asarray(discriminator(line[:, None]), np.float64)
    values = np.where(np.isfinite(values), values, np.nan)
    axes.plot([], [], color=GREEN, linestyle="--", label=judgement.legend)
    right = axes.twinx()
    right.plot(line, values, color=GREEN, linestyle="--")
    style_axes(right, title="", x=axes.get_xlabel(), y=judgement.axis)
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
    """Place the legend below the axes: inside, it would cover the densities and jump between the frames of a film."""
    handles, labels = axes.get_legend_handles_labels()
    if len(handles) > 1:
        half = -(-len(labels) // 2)
        letters = max(map(len, labels[:half])) + max(map(len, labels[half:]))
        beside = 1.4  # inches for the marks and the spaces of two columns
        columns = 2 if letters * LETTER * TICK_SIZE / 72 + beside <= drawing.get_figwidth() else 1
        drawing.legend(
            handles, labels, loc="lower center", ncols=columns, fontsize=TICK_SIZE, edgecolor=RULE, labelcolor=INK
        )


def draw_plane(
    axes: Axes, views: Sequence[Range], generated: Points, data: Points | None, modes: Points | None
) -> None:
    """Draw generated points as dots, data as rings and modes as crosses, with equal units on both axes.

    Args:
        axes: to draw into.
        views: range of each axis.
        generated: (N, 2).
        data: (M, 2).
        modes: (K, 2).
    """
    draw_generated(axes, thin(generated), size=7)
    if data is not None:
        draw_data(axes, thin(data, MOST_RINGS), size=14)
    if modes is not None:
        axes.scatter(modes[:, 0], modes[:, 1], s=44, marker="+", color=TRUTH, linewidths=1.0, label="true modes")
    axes.set_xlim(*views[0])
    axes.set_ylim(*views[1])
    axes.set_box_aspect(1.0)


def draw_histogram(
    axes: Axes, values: NDArray[np.float64], edges: NDArray[np.float64], colour: str, label: str, *, filled: bool
) -> float:
    """Draw a density over `edges`; values outside the view and values that are not finite count in its normalisation.

    Args:
        axes: to draw into.
        values: (N,).
        edges: of the bins.
        colour: of the bars.
        label: for the legend.
        filled: whether bars are filled.

    Returns:
        The highest density.
    """
    inside = values[np.isfinite(values) & (values >= edges[0]) & (values <= edges[-1])]
    heights = np.histogram(inside, edges)[0] / max(len(values), 1) / np.diff(edges)
    if filled:
        axes.stairs(heights, edges, fill=True, color=colour, alpha=0.45, label=label)
    else:
        axes.stairs(heights, edges, color=colour, linewidth=1.6, label=label)
    return float(heights.max())


def draw_generated(axes: Axes, points: Points, *, size: float) -> None:
    """Draw generated points (N, 2) as dots; `size` in square points."""
    axes.scatter(points[:, 0], points[:, 1], s=size, color=GENERATED, alpha=0.6, linewidths=0, label="generated")


def draw_data(axes: Axes, points: Points, *, size: float) -> None:
    """Draw data (N, 2) as rings above the generated points, so that neither hides the other; `size` in square points."""
    style: dict[str, Any] = {"facecolors": "none", "edgecolors": DATA, "alpha": 0.7, "linewidths": 0.6}
    axes.scatter(points[:, 0], points[:, 1], s=size, label="data", **style)


def draw_density(axes: Axes, log_prob: LogProb, views: Sequence[Range], points: int = 160) -> None:
    """Draw the data's exact density in the plane; darker is higher.

    Args:
        axes: to draw into.
        log_prob: (K, 2) -> (K,) in nats.
        views: range of each axis.
        points: grid points of each axis.
    """
    x, y = (np.linspace(*view, points) for view in views)
    log_density = np.asarray(log_prob(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)), np.float64)
    finite = log_density[np.isfinite(log_density)]
    peak = float(finite.max()) if len(finite) else 0.0
    density = np.exp(np.where(np.isfinite(log_density), log_density - peak, -np.inf)).reshape(points, points)
    axes.pcolormesh(x, y, density, cmap="Greys", vmin=0.0, vmax=1.6, shading="nearest")


def thin(points: Points, most: int = MOST_POINTS) -> Points:
    """At most about `most` of the points (N, D), without those that are not finite."""
    drawable = points[np.isfinite(points).all(axis=1) & (np.abs(points) < 1e100).all(axis=1)]
    return drawable[:: -(-len(drawable) // most) or 1]


def as_points(values: ArrayLike) -> Points:
    """Convert to float64 points (N, D); a vector becomes N points on a line.

    Raises:
        ValueError: another shape.
    """
    points = np.asarray(values, dtype=np.float64)
    if points.ndim == 1:
        return points[:, None]
    if points.ndim != 2:
        raise ValueError(f"points must be (N, D), got an array of shape {points.shape}")
    return points
