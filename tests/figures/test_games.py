from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from saddlepoint.figures.games import spectrum, trajectories
from saddlepoint.figures.style import write_png


def spiral(growth: float, steps: int = 60) -> np.ndarray:
    turned = (growth * np.exp(0.3j)) ** np.arange(steps)
    return np.stack((turned.real, turned.imag), 1)


@pytest.mark.parametrize("of_steps", [False, True])
def test_every_eigenvalue_is_drawn_where_it_is(of_steps: bool) -> None:
    values = {"first": np.array([1 + 2j, 1 - 2j]), "second": [0.5]}
    (axes,) = spectrum(values, of_steps=of_steps).axes
    drawn = {part.get_label(): np.asarray(part.get_offsets()) for part in axes.collections}
    for name, expected in values.items():
        np.testing.assert_allclose(drawn[name] @ [1, 1j], expected)
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names[1:] == ["first", "second"]
    assert ("unit circle" in names[0]) == of_steps


def test_paths_and_their_distances_are_drawn() -> None:
    paths = {"in": spiral(0.95), "round": spiral(1.0), "out": spiral(1.05)}
    left, right = trajectories(paths).axes
    lines = {line.get_label(): line.get_xydata() for line in left.lines}
    np.testing.assert_allclose(lines["in"], paths["in"])
    # Cut one point after it left the view of twice the start.
    assert len(lines["out"]) < len(paths["out"])
    assert np.abs(lines["out"][:-1]).max() <= 2 < np.abs(lines["out"][-1]).max()
    distances = {line.get_label(): line.get_ydata() for line in right.lines}
    np.testing.assert_allclose(distances["in"], 0.95 ** np.arange(60))


def test_distances_are_from_the_equilibrium_that_is_named() -> None:
    _, right = trajectories({"a": spiral(0.9) + np.array([3.0, -1.0]), "b": spiral(0.9)}, equilibrium=(3.0, -1.0)).axes
    np.testing.assert_allclose(right.lines[0].get_ydata(), 0.9 ** np.arange(60))


def test_hard_values_are_drawn(tmp_path: Path) -> None:
    overflowing = np.array([[1.0, 1.0], [1e200, -1e200], [np.inf, np.nan]])
    resting = np.zeros((4, 2))
    picture = trajectories({"overflows": overflowing, "rests": resting, "one point": [[1.0, 0.0]]})
    assert write_png(picture, tmp_path / "a.png").stat().st_size > 0
    assert write_png(spectrum({"none": [], "not finite": [np.nan, np.inf]}), tmp_path / "b.png").stat().st_size > 0


def test_undrawable_values_are_refused() -> None:
    with pytest.raises(ValueError, match="no paths"):
        trajectories({})
    with pytest.raises(ValueError, match="no eigenvalues"):
        spectrum({})
    with pytest.raises(ValueError, match=r"\(3, 3\)"):
        trajectories({"a": np.zeros((3, 3))})
