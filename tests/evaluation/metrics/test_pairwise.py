"""Distances between points and their means over pairs."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.evaluation.metrics.pairwise import distances, mean_within


def test_distances_are_euclidean_and_exactly_zero_between_equal_points_far_from_the_origin() -> None:
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    norms = (x[:, None] - x[None]).square().sum(-1).sqrt()
    torch.testing.assert_close(distances(x, x), norms)
    torch.testing.assert_close(distances(2 * x, 2 * x), 2 * norms)
    far = (x + 1e6).float()
    assert (distances(far, far).diagonal() == 0).all()


def test_the_mean_within_is_that_of_all_pairs_and_zero_of_a_single_point() -> None:
    x = torch.randn(9, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert float(mean_within(x)) == pytest.approx(float(torch.pdist(x).mean()))
    assert float(mean_within(x[:1])) == 0
