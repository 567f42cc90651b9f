"""Scores of several models side by side: one panel per score, with intervals and both references."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlepoint.figures.style import (
    FAILURE,
    GREEN,
    INK,
    LABEL_SIZE,
    MUTED,
    TICK_SIZE,
    TITLE_SIZE,
    colours,
    figure,
    style_axes,
    text,
    wrap,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 3
WIDTH = 12.0  # inches
_ARROWS = {"lower": "lower is better", "higher": "higher is better", "none": ""}
_LEAST = 0.05  # share of the way from a bad generator to real data that an axis shows at least, so that small differences look small
_FAR = 8.0  # times the values' span: a reference further away is named instead of drawn, because it would flatten them


def comparison_figure(
    titles: Sequence[str],
    names: Sequence[str],
    values: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    baseline: ArrayLike,
    worst_case: ArrayLike,
    better: Sequence[str],
    *,
    title: str = "Scores of several runs",
) -> Figure:
    """Draw S scores of R models, one panel per score.

    Args:
        titles: of the scores.
        names: of the models.
        values: (S, R); NaN where a model lacks the score.
        low: lower ends of the intervals, (S, R); NaN for none.
        high: upper ends of the intervals, (S, R); NaN for none.
        baseline: the scores of real data, (S,); NaN for none.
        worst_case: the scores of a bad generator, (S,); NaN for none.
        better: "lower", "higher" or "none" for each score.
        title: of the whole picture.

    Raises:
        ValueError: shapes that do not fit.
    """
    shape = (len(titles), len(names))
    scores, lows, highs = (np.asarray(rows, dtype=np.float64) for rows in (values, low, high))
    baselines, worst_cases = (np.asarray(row, dtype=np.float64) for row in (baseline, worst_case))
    if any(rows.shape != shape for rows in (scores, lows, highs)) or any(
        r.shape != shape[:1] for r in (baselines, worst_cases)
    ):
        raise ValueError(
            f"values, low and high must be {shape}, baseline and worst_case {shape[:1]}, got {scores.shape}"
        )
    if 0 in shape:
        raise ValueError("a comparison needs a score and a model")
    rows = -(-len(titles) // _COLUMNS)
    height = 0.75 + 0.3 * len(names)
    drawing, grid = figure(rows, _COLUMNS, width=WIDTH, height=rows * (height + 0.6) + 1.1)
    for number, axes in enumerate(grid.flat):
        if number >= len(titles):
            axes.set_visible(False)
            continue
        _panel(axes, names, scores[number], lows[number], highs[number], baselines[number], worst_cases[number])
        arrow = _ARROWS[better[number]]
        style_axes(axes, title=titles[number], x=arrow, y="")
        axes.title.set_fontsize(LABEL_SIZE)
        axes.grid(False, axis="y")
        if number % _COLUMNS:
            axes.set_yticklabels([])
    legend = (
        "point and bar: mean over sampling seeds and 95 % interval   ·   green: real data   ·   red: a bad generator"
    )
    drawing.suptitle(text(wrap(title, WIDTH, TITLE_SIZE)), fontsize=TITLE_SIZE, x=0.01, ha="left", color=INK)
    drawing.supxlabel(text(legend), fontsize=TICK_SIZE, color=MUTED)
    return drawing


def _panel(
    axes: Axes,
    names: Sequence[str],
    values: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    baseline: float,
    worst_case: float,
) -> None:
    places = np.arange(len(names))[::-1]  # the first one on top
    for place, name, colour in zip(range(len(names)), places, colours(len(names)), strict=True):
        value = values[place]
        if not np.isfinite(value):
            # An unbounded value is written at its end of the axis.
            right = np.isposinf(value)
            words = "unbounded →" if right else "← unbounded" if np.isneginf(value) else "–  not measured"
            where, side = (0.98, "right") if right else (0.02, "left")
            where, side = (where, side) if np.isinf(value) else (0.5, "center")
            axes.text(
                where,
                name,
                text(words),
                transform=axes.get_yaxis_transform(),
                fontsize=TICK_SIZE,
                color=colour if np.isinf(value) else MUTED,
                va="center",
                ha=side,
            )
            continue
        if np.isfinite([low[place], high[place]]).all():
            axes.plot([low[place], high[place]], [name, name], color=colour, linewidth=2.2, solid_capstyle="butt")
        axes.plot([value], [name], marker="o", color=colour, markersize=6)
    shown = np.concatenate([values, low, high, [baseline]])
    shown = shown[np.isfinite(shown)]
    span = float(np.ptp(shown)) if len(shown) else 0.0
    if np.isfinite(baseline):
        axes.axvline(baseline, color=GREEN, linewidth=1.2)
    if np.isfinite(worst_case):
        near = not len(shown) or abs(worst_case - float(shown.mean())) <= _FAR * max(span, 1e-12)
        if near:
            axes.axvline(worst_case, color=FAILURE, linewidth=1.2, linestyle="--")
        else:
            right = worst_case > shown.max()
            axes.annotate(
                text(f"bad: {worst_case:.3g} →" if right else f"← bad: {worst_case:.3g}"),
                (1.0 if right else 0.0, 1.0),
                xycoords="axes fraction",
                ha="right" if right else "left",
                va="top",
                fontsize=TICK_SIZE,
                color=FAILURE,
            )
    low_end, high_end = axes.get_xlim()
    least = _LEAST * abs(worst_case - baseline) if np.isfinite([baseline, worst_case]).all() else 0.0
    if high_end - low_end < least:
        middle = (low_end + high_end) / 2
        axes.set_xlim(middle - least / 2, middle + least / 2)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_yticks(places, [text(name) for name in names], color=INK)
    axes.locator_params(axis="x", nbins=5)
