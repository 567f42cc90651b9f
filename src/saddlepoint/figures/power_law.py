"""Fitted power laws between logarithmic axes: medians with their intervals, what was not reached, the lines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from saddlepoint.figures.style import MARKERS, MUTED, TICK_SIZE, colours, figure, legend, style_axes, text
from saddlepoint.figures.survival import Bounds

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Law(NamedTuple):
    """x (K,); medians with their intervals at x, infinite where not reached; until when runs were followed, (K,); the
    fitted line's lower end, middle and upper end at x, (3, K); the exponent with its interval."""

    x: ArrayLike
    medians: Sequence[Bounds]
    limits: ArrayLike
    line: ArrayLike
    exponent: Bounds


def power_law_figure(laws: Mapping[str, Law], *, x: str, y: str, title: str) -> Figure:
    """Draw laws by name. A median that was not reached is an arrow up at the last step. An interval without
    an upper end is drawn up to the last step."""
    if not laws:
        raise ValueError("no laws to draw")
    from matplotlib.ticker import FuncFormatter, NullFormatter

    drawing, grid = figure(width=8.2, height=4.6)
    axes = grid[0, 0]
    style_axes(axes, title=title, x=x, y=y)
    axes.set_xscale("log")
    axes.set_yscale("log")
    for index, (tint, (name, law)) in enumerate(zip(colours(len(laws)), laws.items(), strict=True)):
        at, limits = np.asarray(law.x, np.float64), np.asarray(law.limits, np.float64)
        values, lows, highs = (
            np.array([getattr(median, part) for median in law.medians]) for part in ("value", "low", "high")
        )
        reached = np.isfinite(values)
        ends = np.where(np.isfinite(highs), highs, limits)
        axes.errorbar(
            at[reached], values[reached],
            yerr=np.maximum([values[reached] - lows[reached], ends[reached] - values[reached]], 0.0),
            fmt=MARKERS[index % len(MARKERS)], color=tint, markersize=5.5, capsize=3, linewidth=1.3,
        )  # fmt: skip
        axes.plot(
            at[~reached], limits[~reached], marker="^", linestyle="none", color=tint, markersize=8, fillstyle="none"
        )
        low, middle, high = np.asarray(law.line, np.float64)
        exponent = law.exponent
        words = f"exponent {exponent.value:.2f} [{exponent.low:.2f}, {exponent.high:.2f}]"
        axes.plot(at, middle, color=tint, linewidth=1.6, label=text(f"{name}: {words}" if name else words))
        axes.fill_between(at, low, high, color=tint, alpha=0.13, linewidth=0)
    places = sorted({float(value) for law in laws.values() for value in np.asarray(law.x, np.float64)})
    if len(places) <= 12:
        axes.set_xticks(places, [f"{place:g}" for place in places])
        axes.xaxis.set_minor_formatter(NullFormatter())
    for formatting in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
        formatting(FuncFormatter(lambda number, _: _tick(number)))
    axes.tick_params(which="minor", labelsize=TICK_SIZE - 1, colors=MUTED)
    if any(math.isinf(median.value) for law in laws.values() for median in law.medians):
        axes.plot([], [], marker="^", linestyle="none", color="#777777", fillstyle="none", label="not reached: above")
    if len(axes.get_legend_handles_labels()[1]) > 1:
        legend(axes, loc="upper left", bbox_to_anchor=(1.01, 1.0))
    else:
        axes.annotate(
            axes.get_legend_handles_labels()[1][0], (0.98, 0.95), xycoords="axes fraction", ha="right", va="top"
        )
    return drawing


def _tick(number: float) -> str:
    """A number on a logarithmic axis; none for those that would crowd their neighbours."""
    if f"{number:e}"[0] not in "1235":
        return ""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
