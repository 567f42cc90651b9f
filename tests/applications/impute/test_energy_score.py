"""Energy scores of cells and of examples: by hand, and that draws of the true distribution have the least."""

from __future__ import annotations

import numpy as np
import pytest

from saddlepoint.applications.impute.energy_score import energy_scores
from saddlepoint.applications.impute.holding_out import cell_distances
from saddlepoint.applications.impute.images.completed import euclidean


def test_scores_of_cells_by_hand() -> None:
    drawn, truth = np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 2.0]]), np.array([1.0, 1.0])
    distance = cell_distances(np.array([True, False]))
    # Numbers: (1 + 1 + 3) / 3 - (2 + 4 + 2) / 6; categories: 1 / 3 - 2 / 6.
    assert energy_scores(drawn, truth, distance) == pytest.approx([1 / 3, 0.0])
    assert energy_scores(drawn[:1], truth, distance).tolist() == [1.0, 0.0]


@pytest.mark.parametrize("size", [1, 2])
def test_scores_are_least_for_draws_of_the_true_distribution(size: int) -> None:
    rng = np.random.default_rng(0)
    truth = rng.standard_normal((4_000, size))
    scores = {
        scale: energy_scores(scale * rng.standard_normal((10, 4_000, size)), truth, euclidean).mean()
        for scale in (0.3, 1, 2.5)
    }
    assert min(scores, key=scores.__getitem__) == 1
    # Half the mean distance of two standard normal points: the root of 2 times the mean of a chi variable, halved.
    assert scores[1] == pytest.approx([1 / np.sqrt(np.pi), np.sqrt(np.pi) / 2][size - 1], abs=0.03)
