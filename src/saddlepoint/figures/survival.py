"""Survival curves: the share of runs without the event, with intervals and censoring."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from saddlepoint.figures.style import MUTED, RULE, colours, figure, legend, style_axes, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Bounds(Protocol):
    """A number with its interval."""

    @property
    def value(self) -> float:
        """The estimate."""

    @property
    def low(self) -> float:
        """The lower end of the interval."""

    @property
    def high(self) -> float:
        """The upper end of the interval."""


class Curve(NamedTuple):
    """A survival curve.

    Attributes:
        times: (T,) of events.
        survival: (T,) share of runs without the event just after each time.
        low: (T,) lower ends of the intervals.
        high: (T,) upper ends of the intervals.
        last: end of observation.
        n: number of runs.
        median: time at which half of the runs had the event; infinite if that was not observed.
    """

    times: ArrayLike
    survival: ArrayLike
    low: ArrayLike
    high: ArrayLike
    last: float
    n: int
    median: Bounds


def survival_figure(
    curves: Mapping[str, Curve], *, title: str, x: str = "training step", y: str = "share not converged"
) -> Figure:
    """Draw step curves with shaded intervals; a bar at the end of a curve marks censored runs.

    The x axis is logarithmic if events spread over more than a factor of 20.

    Args:
        curves: by name.
        title: of the picture.
        x: name of the x axis.
        y: name of the y axis.

    Raises:
        ValueError: there are no curves.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    if not curves:
        raise ValueError("no curves to draw")
    drawing, grid = figure(width=8.6, height=4.6)
    axes = grid[0, 0]
    style_axes(axes, title=title, x=x, y=y)
    moments = np.concatenate([np.asarray(curve.times, np.float64) for curve in curves.values()])
    last = max(curve.last for curve in curves.values())
    spread = last / moments.min() if len(moments) else 1.0
    start = moments.min() / 1.5 if spread > 20 else 0.0
    axes.axhline(0.5, color=RULE, linewidth=1.2, zorder=1)
    for tint, (name, curve) in zip(colours(len(curves)), curves.items(), strict=True):
        times = np.concatenate([[start], np.asarray(curve.times, np.float64), [curve.last]])
        parts = [np.asarray(part, np.float64) for part in (curve.survival, curve.low, curve.high)]
        share, low, high = (np.concatenate([[1.0], part, part[-1:] if len(part) else [1.0]]) for part in parts)
        axes.fill_between(times, low, high, step="post", color=tint, alpha=0.15, linewidth=0)
        axes.step(times, share, where="post", color=tint, linewidth=1.8, label=text(f"{name}: {_median(curve.median)}"))
        if share[-1] > 0:
            axes.plot([curve.last], [share[-1]], "|", color=tint, markersize=11, markeredgewidth=2.0)
    if spread > 20:
        axes.set_xscale("log")
        # Over one or two decades matplotlib labels every minor mark, one over the other.
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if last / start < 1_000 else (1.0,)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(start, last * (1.08 if spread > 20 else 1.02))
    axes.set_ylim(0.0, 1.02)
    handles = axes.get_legend_handles_labels()[1]
    if len(handles) > 1:
        legend(axes, loc="upper left", bbox_to_anchor=(1.01, 1.0), title="median steps [95 %]", title_fontsize=8.5)
    else:
        axes.annotate(handles[0], (0.98, 0.95), xycoords="axes fraction", ha="right", va="top", color=MUTED, fontsize=9)
    return drawing


def _median(median: Bounds) -> str:
    if math.isinf(median.value):
        return "not reached"
    return f"{median.value:,.0f} [{median.low:,.0f}, {'∞' if math.isinf(median.high) else f'{median.high:,.0f}'}]"
