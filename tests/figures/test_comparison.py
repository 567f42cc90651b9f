"""The picture of several runs' scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from saddlepoint.figures.comparison import comparison_figure
from saddlepoint.figures.style import write_png

NAN = float("nan")


def test_a_panel_a_score_and_a_point_a_model(tmp_path: Path) -> None:
    values = np.array([[1.0, 2.0], [NAN, 0.5], [float("inf"), 3.0], [7.0, 7.0]])
    drawing = comparison_figure(
        ["one", "two", "a title that is too long for one line of a panel (random convolutions)", "four"],
        ["first", "se$ond"],
        values,
        values - 0.1,
        values + 0.1,
        [0.5, NAN, 4.0, 7.0],
        [1e9, 0.0, NAN, 8.0],
        ["lower", "higher", "none", "lower"],
    )
    shown = [axes for axes in drawing.axes if axes.get_visible()]
    assert len(shown) == 4
    markers = [[line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"] for axes in shown]
    assert markers == [[1.0, 2.0], [0.5], [3.0], [7.0, 7.0]]
    words = [text.get_text() for axes in shown for text in axes.texts]
    assert words == ["bad: 1e+09 →", "–  not measured", "unbounded →"]
    path = write_png(drawing, tmp_path / "comparison.png")
    assert path.stat().st_size > 1_000


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="must be"):
        comparison_figure(["one"], ["a"], [[1.0, 2.0]], [[1.0]], [[1.0]], [1.0], [1.0], ["lower"])
    with pytest.raises(ValueError, match="needs a score"):
        comparison_figure([], ["a"], np.empty((0, 1)), np.empty((0, 1)), np.empty((0, 1)), [], [], [])
