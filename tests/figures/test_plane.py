"""The picture of the game in the plane: the surface and the arrows are those it was given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.contour import ContourSet
from matplotlib.quiver import Quiver

from saddlepoint.figures.plane import GRID, surface
from saddlepoint.figures.style import write_png

RANDOM = np.random.default_rng(0)
POINTS = RANDOM.normal(size=(300, 2))


def score(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x[:, 0] + 2 * x[:, 1]))


def test_the_boundary_is_where_the_discriminator_is_undecided() -> None:
    axes = surface(POINTS, POINTS, score).axes[0]
    (boundary,) = [part for part in axes.collections if isinstance(part, ContourSet)]
    (path,) = boundary.get_paths()
    assert path.vertices[:, 0] == pytest.approx(2 * path.vertices[:, 1], abs=1e-2)


def test_the_surface_is_the_probability_over_the_view() -> None:
    axes = surface(POINTS, POINTS, score).axes[0]
    values = axes.collections[0].get_array()
    assert values.shape == (GRID, GRID)
    x, y = np.linspace(*axes.get_xlim(), GRID), np.linspace(*axes.get_ylim(), GRID)
    assert values[7, 30] == pytest.approx(score(np.array([[x[30], y[7]]]))[0])
    assert (axes.collections[0].norm.vmin, axes.collections[0].norm.vmax) == (0.0, 1.0)


def test_arrows_start_at_samples_and_point_as_pushed() -> None:
    pushes = np.array([[0.0, 1.0], [-1.0, 0.5]])
    axes = surface(POINTS, POINTS, score, pushes=lambda x: x @ pushes).axes[0]
    (arrows,) = [part for part in axes.collections if isinstance(part, Quiver)]
    assert all((np.abs(POINTS - at).sum(1) < 1e-12).any() for at in arrows.XY)
    given = arrows.XY @ pushes
    drawn = np.column_stack([arrows.U, arrows.V])
    factor = np.linalg.norm(drawn, axis=1).max() / np.linalg.norm(given, axis=1).max()
    assert drawn == pytest.approx(factor * given)


HARD = {
    "nothing finite": np.full((50, 2), np.nan),
    "huge": np.full((50, 2), 1e308),
    "one point": np.zeros((1, 2)),
    "flat": np.column_stack([np.zeros(50), RANDOM.normal(size=50)]),
}


@pytest.mark.parametrize("case", HARD)
@pytest.mark.parametrize("value", [0.5, 0.0, np.nan])
def test_hard_points_are_drawn_without_a_warning(case: str, value: float, tmp_path: Path) -> None:
    drawing = surface(
        HARD[case], None, lambda x: np.full(len(x), value), modes=np.zeros((1, 2)), pushes=lambda x: value * x
    )
    write_png(drawing, tmp_path / "a.png")
