from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from saddlepoint.figures.density import compare
from saddlepoint.figures.marks import BINS
from saddlepoint.figures.style import write_png

RANDOM = np.random.default_rng(0)


def normal_log_density(x: np.ndarray) -> np.ndarray:
    return -0.5 * (x**2).sum(axis=1) - 0.5 * x.shape[1] * np.log(2 * np.pi)


def test_the_histogram_is_a_density_and_the_exact_line_is_the_density() -> None:
    points = RANDOM.normal(size=4000)
    axes = compare(points, points, log_prob=normal_log_density).axes[0]
    heights, edges, _ = axes.patches[0].get_data()
    inside = np.mean((points >= edges[0]) & (points <= edges[-1]))
    assert (heights * np.diff(edges)).sum() == pytest.approx(inside)
    assert len(heights) == BINS
    (line,) = [line for line in axes.lines if line.get_label() == "data (exact density)"]
    x, y = line.get_data()
    assert y == pytest.approx(np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi))


def test_diverged_points_are_counted_and_do_not_move_the_view() -> None:
    data = RANDOM.normal(size=1000)
    good = compare(data, data).axes[0].get_xlim()
    axes = compare(np.concatenate([data[:90], [1e9] * 7, [np.nan] * 3]), data).axes[0]
    assert axes.get_xlim() == good
    assert "7 of 100 outside the view, 3 of 100 not finite" in axes.get_title(loc="left")


def test_every_mode_is_in_view_even_without_data() -> None:
    modes = np.array([[-50.0, 0.0], [0.0, 80.0]])
    axes = compare(RANDOM.normal(size=(50, 2)), RANDOM.normal(size=(50, 2)), modes=modes).axes[0]
    (low_x, high_x), (low_y, high_y) = axes.get_xlim(), axes.get_ylim()
    assert low_x < -50 < high_x
    assert low_y < 80 < high_y
    assert high_x - low_x == pytest.approx(high_y - low_y), "one unit is equally long on both axes"


def test_the_discriminator_has_an_axis_of_its_own() -> None:
    drawing = compare(RANDOM.normal(size=100), discriminator=lambda x: 1 / (1 + np.exp(-x[:, 0])))
    left, right = drawing.axes
    assert right.get_ylim() == (-0.02, 1.02)
    assert [words.get_text() for words in drawing.legends[0].texts] == [
        "generated",
        "discriminator: probability of real",
    ]
    assert left.get_ylim()[0] == 0.0


HARD = {
    "one value": np.ones((50, 1)),
    "nothing finite": np.full((50, 1), np.nan),
    "huge": np.full((50, 1), 1e308),
    "one point": np.zeros((1, 2)),
    "flat": np.column_stack([np.zeros(50), RANDOM.normal(size=50)]),
    "infinite in 2-D": np.full((50, 2), np.inf),
    "six columns": RANDOM.normal(size=(50, 6)),
    "constant columns": np.zeros((50, 3)),
}


@pytest.mark.parametrize("case", HARD)
@pytest.mark.parametrize("with_data", [True, False])
def test_hard_points_are_drawn_without_a_warning(case: str, with_data: bool, tmp_path: Path) -> None:
    points = HARD[case]
    data = RANDOM.normal(size=(100, points.shape[1])) if with_data else None
    write_png(compare(points, data, log_prob=normal_log_density), tmp_path / "a.png")


def test_data_and_generated_points_show_through_each_other() -> None:
    points, data = RANDOM.normal(size=(5000, 2)), RANDOM.normal(size=(5000, 2))
    dots, rings = compare(points, data).axes[0].collections
    assert (dots.get_label(), rings.get_label()) == ("generated", "data")
    assert len(rings.get_facecolor()) == 0
    assert 0 < len(rings.get_offsets()) < len(dots.get_offsets())
