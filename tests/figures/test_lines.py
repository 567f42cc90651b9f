"""Series are drawn with one channel per row, independently of the channels' units."""

from __future__ import annotations

import numpy as np
import pytest

from saddlepoint.figures.lines import MOST_CHANNELS, series_lines
from saddlepoint.figures.nearest_pairs import show_pairs
from saddlepoint.figures.samples import show_samples


def series(n: int = 5, channels: int = 2) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, 12, channels)) * np.logspace(0, 6, channels)


@pytest.mark.parametrize("channels", [1, 2, MOST_CHANNELS + 3])
def test_a_row_for_each_channel_up_to_six(channels: int) -> None:
    drawing = show_samples(series(channels=channels), "series")
    axes = drawing.axes
    assert len(axes) == min(channels, MOST_CHANNELS)
    for channel, panel in enumerate(axes):
        for line, values in zip(panel.lines, series(channels=channels)[:, :, channel], strict=True):
            assert np.array_equal(line.get_ydata(), values)


def test_pairs_are_drawn_together() -> None:
    drawing = show_pairs(series(), series() + 1, "series")
    assert len(drawing.axes) == 2 * 4
    assert all(len(panel.lines) == 2 for panel in drawing.axes)


def test_values_that_are_not_finite_leave_a_gap() -> None:
    broken = series(1)
    broken[0, 3, 1] = np.inf
    assert np.isnan(series_lines(broken).axes[1].lines[0].get_ydata()[3])


def test_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must be \(N, T, C\)"):
        series_lines(np.zeros((3, 4)))
