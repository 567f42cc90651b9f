"""A power law shows its line, its exponent, and where nothing was reached."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.figures.power_law import Law, power_law_figure
from saddlepoint.figures.style import write_png


class Bounds:
    def __init__(self, value: float, low: float, high: float) -> None:
        self.value, self.low, self.high = value, low, high


NEVER = Bounds(math.inf, math.inf, math.inf)
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
