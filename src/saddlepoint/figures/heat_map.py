"""Heat maps: one number over two axes with its 95 % interval below it, and a colour bar."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from saddlepoint.figures.style import INK, LABEL_SIZE, MUTED, PAPER, TICK_SIZE, TITLE_SIZE, figure, style_axes, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BRACKETS = "In brackets: 95 % intervals"
EDGE, LINE = 0.08, 0.2  # inches: around the title, and a line of it
LETTER = 0.086  # inches: a letter of the title, on average


def heat_map_figure(
    value: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    columns: Sequence[str],
    rows: Sequence[str],
    *,
    x: str,
    y: str,
    title: str,
    share: bool = False,
) -> Figure:
    """Draw numbers over two axes with their intervals; the first row is at the bottom.

    Infinite numbers (a median that was not reached) and NaN (not measured) have no colour. Colours are on a log scale
    if positive numbers differ by more than a factor of 20.

    Args:
        value: (R, C) numbers.
        low: (R, C) lower ends of the intervals.
        high: (R, C) upper ends of the intervals.
        columns: (C,) labels.
        rows: (R,) labels.
        x: name of the x axis.
        y: name of the y axis.
        title: of the picture.
        share: whether the numbers are shares, so that colours range from 0 to 1.

    Raises:
        ValueError: shapes that do not fit.
    """
    from matplotlib import colormaps
    from matplotlib.colors import LogNorm, Normalize
    from matplotlib.ticker import LogLocator

    numbers, lows, highs = (np.asarray(part, np.float64) for part in (value, low, high))
    if numbers.shape != (len(rows), len(columns)):
        raise ValueError(f"a heat map of {len(rows)} rows and {len(columns)} columns got numbers {numbers.shape}")
    known = numbers[np.isfinite(numbers)]
    least, most = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    norm: Normalize
    if share:
        norm = Normalize(0.0, 1.0)
    elif least > 0 and most / least > 20:
        norm = LogNorm(least, most)
    else:
        norm = Normalize(least, most if most > least else least + 1.0)
    width = 3.2 + 1.15 * len(columns)
    head = wrap_title(f"{title}\n{BRACKETS}", width)
    drawing, grid = figure(width=width, height=1.1 + 0.75 * len(rows) + LINE * len(head))
    axes = grid[0, 0]
    style_axes(axes, title="", x=x, y=y)
    # Without its height given, so that the layout makes room for it; the axes' own title would begin at the axes.
    drawing.suptitle(text("\n".join(head)), x=EDGE / width, ha="left", fontsize=TITLE_SIZE, color=INK)
    axes.grid(False)
    tints = colormaps["viridis"]
    axes.set_facecolor("#F2F2F2")
    shown = axes.imshow(np.ma.masked_invalid(numbers), origin="lower", aspect="auto", cmap=tints, norm=norm)
    if len(known):
        bar = drawing.colorbar(shown, ax=axes, aspect=12 + 4 * len(rows), pad=0.02)
        bar.ax.tick_params(which="both", labelsize=TICK_SIZE, colors=MUTED)
        if isinstance(norm, LogNorm):
            bar.ax.yaxis.set_minor_locator(LogLocator(subs=(2.0, 5.0)))
            for part in (bar.ax.yaxis.set_major_formatter, bar.ax.yaxis.set_minor_formatter):
                part(lambda number, _: f"{number:,.6g}")
        bar.outline.set_visible(False)
    axes.set_xticks(range(len(columns)), [text(name) for name in columns])
    axes.set_yticks(range(len(rows)), [text(name) for name in rows])
    for row in range(len(rows)):
        for column in range(len(columns)):
            number = float(numbers[row, column])
            ends = (float(lows[row, column]), float(highs[row, column]))
            light = math.isfinite(number) and sum(tints(norm(number))[:3]) < 1.6
            axes.text(
                column, row + 0.12, _word(number, share), ha="center", va="center", fontsize=LABEL_SIZE + 1,
                color=PAPER if light else INK,
            )  # fmt: skip
            if math.isfinite(number) and not math.isnan(ends[0]):
                axes.text(
                    column, row - 0.22, f"[{_end(ends[0], share)}, {_end(ends[1], share)}]", ha="center", va="center",
                    fontsize=TICK_SIZE - 1, color=PAPER if light else MUTED if sum(tints(norm(number))[:3]) > 2 else INK,
                )  # fmt: skip
    return drawing


def wrap_title(title: str, width: float) -> list[str]:
    """Lines of the title that fit into a figure of `width` inches."""
    letters = max(12, int((width - 2 * EDGE) / LETTER))
    return [part for line in title.splitlines() for part in textwrap.wrap(line, letters)]


def _end(number: float, share: bool) -> str:
    return "∞" if number == math.inf else _word(number, share)


def _word(number: float, share: bool) -> str:
    if math.isnan(number):
        return "-"
    if math.isinf(number):
        return "not reached" if number > 0 else "-∞"
    if share:
        return f"{number:.2f}"
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"
