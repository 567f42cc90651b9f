"""Reliability diagrams show every bin, and refuse parts that do not belong together."""

from __future__ import annotations

import numpy as np
import pytest

from saddlepoint.figures.reliability import reliability_figure

CONFIDENCE, ACCURACY = np.array([0.4, 0.9]), np.array([0.35, 0.95])
LOW, HIGH = np.array([0.2, 0.9]), np.array([0.5, 1.0])


def test_bins_and_their_intervals_are_inside_of_the_axes() -> None:
    drawing = reliability_figure(CONFIDENCE, ACCURACY, LOW, HIGH, title="t", examples=[10, 12])
    [axes] = drawing.axes
    for start, end in (axes.get_xlim(), axes.get_ylim()):
        assert start < 0.2
        assert end > 1
    [bins] = axes.containers
    assert bins.lines[0].get_xydata().tolist() == [[0.4, 0.35], [0.9, 0.95]]
    legend = axes.get_legend()
    assert legend is not None
    assert "10 to 12 examples" in legend.get_texts()[1].get_text()


def test_parts_of_other_lengths_are_refused() -> None:
    for low, examples in ((LOW[:1], [10, 12]), (LOW, [10])):
        with pytest.raises(ValueError, match="one shape"):
            reliability_figure(CONFIDENCE, ACCURACY, low, HIGH, title="t", examples=examples)
