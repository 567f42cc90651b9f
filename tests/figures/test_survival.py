"""Pictures of studies show what was and was not reached, and are drawn of any numbers they may get."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.figures.heat_map import heat_map_figure
from saddlepoint.figures.power_law import Law, power_law_figure
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


def test_medians_are_said_also_where_none_was_reached() -> None:
    legend = survival_figure({"a": FAST, "c": NONE}, title="t").axes[0].get_legend()
    assert legend is not None
    assert [entry.get_text() for entry in legend.get_texts()] == ["a: 10 [10, 20]", "c: not reached"]


def test_no_curves_are_refused() -> None:
    with pytest.raises(ValueError, match="no curves"):
        survival_figure({}, title="t")


@pytest.mark.parametrize("share", [True, False])
def test_every_cell_has_its_number_and_interval(share: bool, tmp_path: Path) -> None:
    value = np.array([[0.1, 0.9, math.nan], [1.0, math.inf, 0.0]])
    drawing = heat_map_figure(value, value - 0.1, value + 0.1, "abc", "de", x="x", y="y", title="t", share=share)
    said = [words.get_text() for words in drawing.axes[0].texts]
    assert said.count("-") == 1
    assert said.count("not reached") == 1
    assert "0.9" in said
    assert "[0.8, 1]" in said
    assert len([words for words in said if words.startswith("[")]) == 4
    write_png(drawing, tmp_path / "h.png")


@pytest.mark.parametrize("numbers", [[[5.0]], [[1.0, 1e6]], [[math.nan]], [[-3.0, 4.0]]])
def test_any_range_of_numbers_has_colours(numbers: list[list[float]], tmp_path: Path) -> None:
    names = [str(i) for i in range(len(numbers[0]))]
    write_png(heat_map_figure(numbers, numbers, numbers, names, ["r"], x="x", y="y", title="t"), tmp_path / "h.png")


def test_a_map_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="2 rows and 1 columns"):
        heat_map_figure([[1.0]], [[1.0]], [[1.0]], ["a"], ["b", "c"], x="x", y="y", title="t")


LAW = Law(
    [1.0, 2.0, 4.0], [Bounds(10.0, 8.0, 12.0), Bounds(20.0, 15.0, math.inf), NEVER], [50.0] * 3,
    [[8.0, 15.0, 30.0], [10.0, 20.0, 40.0], [12.0, 26.0, 55.0]], Bounds(1.0, 0.8, 1.2),
)  # fmt: skip


@pytest.mark.parametrize("laws", [{"": LAW}, {"modes 1": LAW, "modes 2": LAW}])
def test_a_law_shows_its_line_its_exponent_and_what_was_not_reached(laws: dict[str, Law], tmp_path: Path) -> None:
    drawing = power_law_figure(laws, x="width", y="steps", title="t")
    axes = drawing.axes[0]
    labels = axes.get_legend_handles_labels()[1]
    assert sum("exponent 1.00 [0.80, 1.20]" in label for label in labels) == len(laws)
    assert "not reached: above" in labels
    arrows = [line for line in axes.get_lines() if line.get_marker() == "^" and len(np.asarray(line.get_xdata()))]
    assert [tuple(np.asarray(line.get_xdata())) for line in arrows][:1] == [(4.0,)]
    write_png(drawing, tmp_path / "p.png")


def test_no_laws_are_refused() -> None:
    with pytest.raises(ValueError, match="no laws"):
        power_law_figure({}, x="x", y="y", title="t")
