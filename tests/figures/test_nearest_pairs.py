from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from saddlepoint.figures.nearest_pairs import show_pairs
from saddlepoint.figures.style import write_png
from tests.figures.test_grids import lower_right

SHAPES = {
    "image": (1, 8, 8),
    "volume": (1, 4, 4, 4),
    "sound": (2, 50),
    "a number": (1,),
    "a point": (2,),
    "a vector": (7,),
}


def pair(shape: tuple[int, ...], n: int = 10) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.random.default_rng(0).normal(size=(2, n, *shape)).astype(np.float32)
    return first, second


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("n", [1, 10])
def test_events_of_every_kind_are_drawn_in_pairs(name: str, n: int, tmp_path: Path) -> None:
    kind = name if name in ("image", "volume", "sound") else "vector"
    path = write_png(show_pairs(*pair(SHAPES[name], n), kind, title="Pairs"), tmp_path / "pairs.png")
    swapped = write_png(show_pairs(*pair(SHAPES[name], n)[::-1], kind, title="Pairs"), tmp_path / "swapped.png")
    assert path.read_bytes() != swapped.read_bytes(), "sample and example can be told apart"


def test_images_are_shown_above_their_examples() -> None:
    samples = np.full((3, 1, 4, 4), 255, np.uint8)
    examples = np.zeros((3, 1, 4, 4), np.uint8)
    grid = np.asarray(lower_right(show_pairs(samples, examples, "image"), 2, 3, 4, 4, 16).convert("L"))
    assert (grid[2:66, 2:66].min(), grid[68:132, 2:66].max()) == (255, 0)


@pytest.mark.parametrize("size", [1, 2])
def test_points_far_from_the_data_are_in_view_with_their_lines(size: int) -> None:
    samples, examples = np.full((1, size), 1_000.0), np.zeros((1, size))
    data = np.random.default_rng(0).normal(size=(200, size))
    (axes,) = show_pairs(samples, examples, "vector", data=data).axes  # type: ignore[union-attr]
    left, right = axes.get_xlim()
    assert left < data.min()
    assert right > 1_000
    assert axes.lines[0].get_xdata().tolist() == [1_000.0, 0.0]


def test_invalid_pairs_are_refused() -> None:
    first, _ = pair((2,))
    with pytest.raises(ValueError, match="of one shape"):
        show_pairs(first, first[:3], "vector")
    with pytest.raises(ValueError, match="not empty"):
        show_pairs(first[:0], first[:0], "vector")
    with pytest.raises(ValueError, match='kind must be "image"'):
        show_pairs(first, first, "film")
