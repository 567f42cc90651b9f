"""Training curves as small multiples: raw values light, their running mean dark, non-finite values marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from saddlepoint.figures.panels import BAND, Panel, Series, error_band, panel_scale, panels, short_label
from saddlepoint.figures.scales import linear_threshold, running_mean, smoothing_window, symlog_ticks
from saddlepoint.figures.style import FAILURE, INK, colours, figure, legend, style_axes, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Best = tuple[str, int, float]
DRAWABLE = 1e100
ALL_ZERO = (-0.05, 1.0)  # where nothing else is drawn, a share of 0 is not put between two that cannot be
INCHES_TO_LEGEND = 0.52


def training_curves(series: Series, *, best: Best | None = None, columns: int = 2) -> Figure:
    """Draw all series of a run in the panels of `figures.panels`.

    Args:
        series: {name: (steps (N,), values (N,))}. Values that are not finite are marked at their step.
        best: (series, step, value) to mark.
        columns: panels in a row.
    """
    return _draw(panels(series), series, best, columns)


def panel_curves(panel: Panel, series: Series, *, best: Best | None = None) -> Figure:
    """Draw one panel as a figure.

    Args:
        panel: one of `figures.panels.panels`.
        series: {name: (steps (N,), values (N,))}.
        best: (series, step, value) to mark.
    """
    return _draw([panel], series, best, 1)


def _draw(plan: list[Panel], series: Series, best: Best | None, columns: int) -> Figure:
    if not plan:
        drawing, axes = figure(width=5.0, height=2.6)
        style_axes(axes[0, 0], title="No series recorded yet", x="training step", y="value")
        return drawing
    columns = min(columns, len(plan))
    rows = -(-len(plan) // columns)
    # Room for the longest legend: without it, a panel of many lines would be all legend.
    most = max(len(panel.names) for panel in plan)
    drawing, grid = figure(rows, columns, width=4.9 * columns, height=(3.1 + 0.1 * most) * rows)
    for axes, panel in zip(grid.flat, plan, strict=False):
        _draw_panel(axes, panel, series, best)
    for unused in list(grid.flat)[len(plan) :]:
        unused.set_visible(False)
    return drawing


def _draw_panel(axes: Axes, panel: Panel, series: Series, best: Best | None) -> None:
    style_axes(axes, title=panel.title, x="training step", y=panel.y)
    lines = {name: tuple(np.asarray(part, dtype=np.float64) for part in series[name]) for name in panel.names}
    scale = panel_scale(panel, [values for _, values in lines.values()])
    if scale == "symlog":
        everything = np.concatenate([values for _, values in lines.values()])
        threshold = linear_threshold([everything])
        axes.set_yscale("symlog", linthresh=threshold)
        ticks = symlog_ticks(everything, threshold)
        axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.set_ylabel(text(f"{panel.y}, symlog"))
    elif scale == "log" and any(bool((values > 0).any()) for _, values in lines.values()):
        axes.set_yscale("log")
    elif not any(bool(values[np.isfinite(values)].any()) for _, values in lines.values()):
        axes.set_ylim(*ALL_ZERO)
    if panel.limits is not None:
        axes.set_ylim(panel.limits[0] - 0.03, panel.limits[1] + 0.03)
    for (name, (steps, values)), colour in zip(lines.items(), colours(len(lines)), strict=True):
        _draw_line(axes, short_label(name, panel), steps, values, colour)
        _draw_band(axes, panel, name, series, colour)
    _mark_unusual(axes, lines, positive_only=axes.get_yscale() == "log")
    if best is not None and best[0] in panel.names and np.isfinite(best[2]):
        axes.plot([best[1]], [best[2]], "*", markersize=13, color=INK, label=f"best: {best[2]:.4g} at step {best[1]:,}")
    _legend_below(axes)


def _legend_below(axes: Axes) -> None:
    """Place the legend below the axis name, where no line runs."""
    from matplotlib.transforms import ScaledTranslation

    longest = max((len(name) for name in axes.get_legend_handles_labels()[1]), default=0)
    below = axes.transAxes + ScaledTranslation(0.0, -INCHES_TO_LEGEND, axes.figure.dpi_scale_trans)
    place: dict[str, Any] = {
        "loc": "upper left",
        "bbox_to_anchor": (0.0, 0.0),
        "bbox_transform": below,
        "borderaxespad": 0.0,
    }
    legend(axes, **place, ncols=2 if longest <= 28 else 1)


def _draw_line(axes: Axes, label: str, steps: NDArray[np.float64], values: NDArray[np.float64], colour: str) -> None:
    # Values that cannot be drawn leave gaps; `_mark_unusual` marks them.
    drawn = np.where(np.isfinite(values), np.clip(values, -DRAWABLE, DRAWABLE), np.nan)
    if axes.get_yscale() == "log":
        drawn = np.where(drawn > 0, drawn, np.nan)
    window = smoothing_window(len(values))
    if window == 1:
        axes.plot(steps, drawn, color=colour, linewidth=1.6, marker="." if len(values) < 30 else "", label=text(label))
        return
    axes.plot(steps, drawn, color=colour, linewidth=0.8, alpha=0.3)
    axes.plot(steps, running_mean(drawn, window), color=colour, linewidth=1.8, label=text(label))


def _draw_band(axes: Axes, panel: Panel, name: str, series: Series, colour: str) -> None:
    band = error_band(panel, name, series, positive=axes.get_yscale() == "log")
    if band is None:
        return
    steps, low, high = band
    label = f"{short_label(name, panel)} {BAND}" if len(panel.names) > 1 else BAND
    axes.fill_between(steps, low, high, color=colour, alpha=0.2, linewidth=0, label=text(label))


def _mark_unusual(axes: Axes, lines: dict[str, tuple[NDArray[np.float64], ...]], *, positive_only: bool) -> None:
    """Mark on the lower edge the steps at which a value is not finite, or too small for a log scale."""
    not_finite = np.concatenate([steps[~np.isfinite(values)] for steps, values in lines.values()])
    _mark(axes, not_finite, "x", FAILURE, 7, "not finite")
    if positive_only:
        low = np.concatenate([steps[values <= 0] for steps, values in lines.values()])
        _mark(axes, low, "v", INK, 4, "zero or below")


def _mark(axes: Axes, at: NDArray[np.float64], marker: str, colour: str, size: float, words: str) -> None:
    if len(at):
        style: dict[str, Any] = {"color": colour, "markersize": size, "markeredgewidth": 2}
        label = f"{words} ({len(at):,})"
        axes.plot(
            at,
            np.full(len(at), 0.04),
            marker,
            **style,
            transform=axes.get_xaxis_transform(),
            clip_on=False,
            label=label,
        )
