from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from saddlepoint.figures.agreement import MOST_COLUMNS, reconstruction_scatter
from saddlepoint.figures.style import write_png


def titles(originals: np.ndarray, reconstructions: np.ndarray) -> list[str]:
    axes = reconstruction_scatter(originals, reconstructions).axes
    return [part.get_title(loc="left") for part in axes if part.get_visible()]


def test_the_share_explained_is_one_for_equals_and_zero_for_the_mean() -> None:
    x = np.random.default_rng(0).normal(size=(50, 2))
    mean = np.broadcast_to(x.mean(0), x.shape)
    assert titles(x, x) == ["x1 (explained 1.00)", "x2 (explained 1.00)"]
    assert [title.replace("-", "") for title in titles(x, mean)] == ["x1 (explained 0.00)", "x2 (explained 0.00)"]


@pytest.mark.slow
@pytest.mark.parametrize("columns", [1, 3, MOST_COLUMNS + 3])
def test_hard_values_are_drawn(columns: int, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(20, columns))
    x[0], x[:, 0] = np.nan, 1.0
    assert len(titles(x, x)) == min(columns, MOST_COLUMNS)
    assert write_png(reconstruction_scatter(x, x), tmp_path / "a.png").stat().st_size > 0


def test_unlike_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(3, 2\)"):
        reconstruction_scatter(np.zeros((3, 2)), np.zeros((2, 2)))
