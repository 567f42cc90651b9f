"""A survival curve starts with all runs, ends where they were followed, and shows its median."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.figures.style import write_png
from saddlepoint.figures.survival import Curve, survival_figure


class Bounds:
    def __init__(self, value: float, low: float, high: float) -> None:
        self.value, self.low, self.high = value, low, high


NEVER = Bounds(math.inf, math.inf, math.inf)
FAST = Curve([10.0, 20.0], [0.5, 0.0], [0.2, 0.0], [0.8, 0.4], 100.0, 4, Bounds(10.0, 10.0, 20.0))
HALF = Curve([10.0, 90.0], [0.9, 0.7], [0.5, 0.3], [1.0, 0.9], 100.0, 4, NEVER)
NONE = Curve([], [], [], [], 100.0, 4, NEVER)


@pytest.mark.parametrize("curves", [{"a": FAST}, {"a": FAST, "b": HALF, "c": NONE}, {"c": NONE}])
def test_a_curve_starts_with_all_and_ends_where_runs_were_followed(curves: dict[str, Curve], tmp_path: Path) -> None:
    drawing = survival_figure(curves, title="a")
    lines = [line for line in drawing.axes[0].get_lines() if line.get_drawstyle() == "steps-post"]
    assert len(lines) == len(curves)
    for line, curve in zip(lines, curves.values(), strict=True):
        x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        assert (y[0], x[-1]) == (1.0, curve.last)
        np.testing.assert_array_equal(y[1:-1], curve.survival)
    assert write_png(drawing, tmp_path / "s.png").stat().st_size > 1000


def test_medians_that_were_not_reached_are_reported_too() -> None:
    legend = survival_figure({"a": FAST, "c": NONE}, title="t").axes[0].get_legend()
    assert legend is not None
    assert [entry.get_text() for entry in legend.get_texts()] == ["a: 10 [10, 20]", "c: not reached"]


@pytest.mark.parametrize(("first", "last"), [(150.0, 5_000.0), (25.0, 5_000.0), (2.0, 90.0), (3.0, 1e6)])
def test_labels_of_a_logarithmic_axis_leave_room_for_each_other(first: float, last: float) -> None:
    drawing = survival_figure({"a": FAST._replace(times=[first, last / 2], last=last)}, title="t")
    drawing.canvas.draw()
    axis = drawing.axes[0].xaxis
    shown = [mark.label1.get_window_extent() for mark in axis.get_major_ticks() + axis.get_minor_ticks()]
    boxes = sorted((box for box in shown if box.width > 1), key=lambda box: float(box.x0))
    assert len(boxes) >= 3
    assert all(one.x1 < other.x0 for one, other in itertools.pairwise(boxes))


def test_no_curves_are_refused() -> None:
    with pytest.raises(ValueError, match="no curves"):
        survival_figure({}, title="t")
