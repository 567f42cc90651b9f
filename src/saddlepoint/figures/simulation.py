"""Pictures of a learnt task: a rollout with bands, errors over steps, coverage of intervals, and returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from saddlepoint.figures.style import DATA, GENERATED, INK, MARKERS, MUTED, colours, figure, legend, style_axes, text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Intervals = Sequence[tuple[float, float, float]]  # (value, low, high) at each place
MOST_NUMBERS = 6  # of a state
WIDTH = 6.2  # inches


def rollout_figure(truth: ArrayLike, low: ArrayLike, middle: ArrayLike, high: ArrayLike) -> Figure:
    """Draw an episode and its prediction from the first state, a panel for each number of the state.

    Args:
        truth: (T, S).
        low, middle, high: (T, S), the ends of the band and the prediction.
    """
    real, lower, centre, upper = (np.asarray(part, dtype=np.float64) for part in (truth, low, middle, high))
    count = min(MOST_NUMBERS, real.shape[1])
    drawing, grid = figure(count, 1, width=WIDTH, height=0.6 + 1.45 * count)
    steps = np.arange(1, len(real) + 1)
    for number, axes in enumerate(grid[:, 0]):
        title = "An episode that was held out, and its prediction from the first state alone" if not number else ""
        style_axes(axes, title=title, x="step" if number == count - 1 else "", y=f"state {number + 1}")
        axes.fill_between(
            steps, lower[:, number], upper[:, number], color=GENERATED, alpha=0.2, linewidth=0, label="95 % interval"
        )
        axes.plot(steps, centre[:, number], color=GENERATED, linewidth=1.4, linestyle="--", label="prediction")
        axes.plot(steps, real[:, number], color=DATA, linewidth=1.6, label="real")
    legend(grid[0, 0], loc="upper left")
    return drawing


def horizon_figure(steps: Sequence[int], errors: Mapping[str, Intervals]) -> Figure:
    """Draw errors over the number of predicted steps, with intervals.

    Args:
        steps: k.
        errors: by name, (value, low, high) at each k.
    """
    drawing, grid = figure(1, 1, width=WIDTH, height=3.8)
    axes = grid[0, 0]
    style_axes(
        axes, title="Error of open-loop predictions", x="predicted steps", y="error, standard deviations of the states"
    )
    _draw_intervals(axes, steps, errors)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(list(steps), [str(k) for k in steps])
    axes.minorticks_off()
    legend(axes, loc="best")
    return drawing


def coverage_figure(levels: Sequence[float], coverage: Mapping[str, Intervals]) -> Figure:
    """Draw the share of truths within predictive intervals over the intervals' level.

    Args:
        levels: of the intervals.
        coverage: by name, (value, low, high) at each level.
    """
    drawing, grid = figure(1, 1, width=WIDTH, height=3.8)
    axes = grid[0, 0]
    style_axes(
        axes, title="Calibration of predictive intervals", x="level of the interval", y="share of real states inside"
    )
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1.0, linestyle=":", label="calibrated")
    _draw_intervals(axes, levels, coverage)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    legend(axes, loc="best")
    return drawing


def returns_figure(
    names: Sequence[str], real: Sequence[Sequence[float]], learnt: Sequence[Sequence[float]], recorded: float
) -> Figure:
    """Draw the returns of episodes in the real task and in the learnt one, a row for each planner.

    Args:
        names: of the planners.
        real: returns of each planner's episodes in the real task.
        learnt: the same in the learnt task.
        recorded: mean return of the recorded episodes.
    """
    drawing, grid = figure(1, 1, width=WIDTH, height=1.5 + 0.7 * len(names))
    axes = grid[0, 0]
    style_axes(axes, title="Returns of episodes", x="return", y="")
    places = np.arange(len(names))[::-1]
    for shift, values, colour, marker, name in (
        (0.14, real, DATA, "o", "real task"),
        (-0.14, learnt, GENERATED, "s", "learnt task"),
    ):
        for place, row in zip(places, values, strict=True):
            axes.plot(
                row,
                np.full(len(row), place + shift),
                marker,
                color=colour,
                markersize=5,
                alpha=0.6,
                label=name if place == places[0] else None,
            )
    axes.axvline(recorded, color=INK, linewidth=0.9, linestyle=":", label="recorded episodes, mean")
    axes.grid(False, axis="y")
    axes.set_yticks(places, [text(name) for name in names], color=INK)
    axes.set_ylim(-0.6, len(names) - 0.4)
    drawing.legend(
        *axes.get_legend_handles_labels(),
        loc="outside lower center",
        ncols=3,
        fontsize=9,
        frameon=False,
        labelcolor=INK,
    )
    return drawing


def _draw_intervals(axes: Axes, places: Sequence[float], named: Mapping[str, Intervals]) -> None:
    """Draw a line with error bars for each name."""
    for (name, rows), colour, marker in zip(named.items(), colours(len(named)), MARKERS, strict=False):
        value, low, high = np.asarray(rows, dtype=np.float64).T
        axes.errorbar(
            places,
            value,
            [value - low, high - value],
            color=colour,
            marker=marker,
            markersize=5,
            linewidth=1.5,
            capsize=3,
            label=text(name),
        )
