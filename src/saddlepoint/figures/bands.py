"""Bands over steps for many runs: the median run as a line, most runs as a band around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from saddlepoint.figures.style import INK, MUTED, TICK_SIZE, colours, figure, legend, style_axes, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


FEW = 6  # names from which on a legend would cover the panels


class Band(NamedTuple):
    """Steps x (T,), and the lower end, middle and upper end of the band there, (T,) each."""

    x: ArrayLike
    low: ArrayLike
    middle: ArrayLike
    high: ArrayLike


def bands_figure(
    panels: Mapping[str, Mapping[str, Band]],
    *,
    y: str,
    x: str = "training step",
    lines: Mapping[str, float] | None = None,
    log_x: bool = True,
    log_y: bool = True,
) -> Figure:
    """Draw one panel for each title, with bands by name; the panels share their axes.

    Args:
        panels: by title, the bands by name.
        y: name of the y axis.
        x: name of the x axis.
        lines: heights to mark in all panels, by name.
        log_x: whether the x axis is logarithmic.
        log_y: whether the y axis is logarithmic.

    Raises:
        ValueError: there is no band.
    """
    if not panels or not all(panels.values()):
        raise ValueError("no bands to draw")
    drawing, grid = figure(1, len(panels), width=1.2 + 4.3 * len(panels), height=4.2)
    names = list(dict.fromkeys(name for own in panels.values() for name in own))
    tints = dict(zip(names, colours(len(names)), strict=True))
    for axes, (title, own) in zip(grid[0], panels.items(), strict=True):
        style_axes(axes, title=title, x=x, y=y if axes is grid[0, 0] else "")
        for name, band in own.items():
            _draw(axes, name, band, tints[name], log_y, shade=0.15 if len(names) <= FEW else 0.05)
        for name, height in (lines or {}).items():
            axes.axhline(height, color=INK, linewidth=1.0, linestyle=":")
            axes.annotate(
                text(name),
                (0.02, height),
                xycoords=("axes fraction", "data"),
                va="bottom",
                color=MUTED,
                fontsize=TICK_SIZE,
            )
        if log_x:
            axes.set_xscale("log")
        else:
            axes.locator_params(axis="x", integer=True)
        if log_y:
            axes.set_yscale("log")
        if len(names) <= FEW:
            legend(axes, loc="best")
    if len(names) > FEW:  # one for all panels, which share colours
        legend(grid[0, -1], loc="upper left", bbox_to_anchor=(1.01, 1.0))
    bottom, top = min(axes.get_ylim()[0] for axes in grid[0]), max(axes.get_ylim()[1] for axes in grid[0])
    for axes in grid[0]:
        axes.set_ylim(bottom, top)
    return drawing


def _draw(axes: Axes, name: str, band: Band, tint: str, log_y: bool, shade: float) -> None:
    x, low, middle, high = (np.asarray(part, np.float64) for part in band)
    shown = np.where(np.isfinite(middle) & (middle > 0 if log_y else True), middle, np.nan)
    axes.plot(x, shown, color=tint, linewidth=1.6, label=text(name))
    seen = np.isfinite(low) & np.isfinite(high) & np.isfinite(shown)
    axes.fill_between(x, low, high, where=seen, color=tint, alpha=shade, linewidth=0)
