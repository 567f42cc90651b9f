"""Bands contain their values, and a panel without numbers is a mistake."""

from __future__ import annotations

import numpy as np
import pytest

from saddlepoint.figures.bands import FEW, Band, bands_figure

X = np.arange(1.0, 20.0)
BAND = Band(X, X / 2, X, X * 2)


def test_lines_are_the_middles_and_panels_share_their_axes():
    drawing = bands_figure(
        {"a": {"one": BAND, "two": Band(X, X, 10 * X, 20 * X)}, "b": {"one": BAND}}, y="y", lines={"here": 3}
    )
    first, second = drawing.axes
    assert first.get_ylim() == second.get_ylim()
    assert np.allclose(first.lines[0].get_ydata(), X)
    assert first.lines[0].get_color() == second.lines[0].get_color()
    assert [entry.get_text() for entry in first.get_legend().get_texts()] == ["one", "two"]


def test_non_finite_values_and_values_without_a_logarithm_are_gaps():
    middle = X.copy()
    middle[[2, 5]] = np.inf, 0.0
    (axes,) = bands_figure({"a": {"one": Band(X, X, middle, X)}}, y="y").axes
    assert np.flatnonzero(np.isnan(axes.lines[0].get_ydata())).tolist() == [2, 5]


def test_many_names_share_one_legend():
    many = {str(i): BAND for i in range(FEW + 1)}
    first, last = bands_figure({"a": many, "b": many}, y="y", log_x=False).axes
    assert first.get_legend() is None
    assert len(last.get_legend().get_texts()) == FEW + 1


@pytest.mark.parametrize("panels", [{}, {"a": {}}])
def test_nothing_to_draw_is_a_mistake(panels):
    with pytest.raises(ValueError, match="no bands"):
        bands_figure(panels, y="y")
