"""Exact nearest neighbours: they agree with a full matrix of distances, whatever the block size and with ties."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.evaluation.metrics.neighbours import GROUP, nearest, smallest_squares


def normal(n, d, seed, scale=1.0, shift=0.0, dtype=torch.float64):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=dtype) * scale + shift


@pytest.mark.slow
@given(n=st.integers(2, 400), k=st.integers(1, 6), seed=st.integers(0, 99), block=st.integers(1, 300))
def test_the_smallest_distances_are_found(n, k, seed, block):
    x = normal(n, 2, seed)
    k = min(k, n - 1)
    expected = torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist").square().sort(dim=1).values[:, 1 : k + 1]
    torch.testing.assert_close(smallest_squares(x, k, block=block), expected, rtol=1e-6, atol=1e-12)


@pytest.mark.slow
@given(n=st.integers(1, 90), m=st.integers(1, 400), k=st.integers(1, 6), block=st.integers(1, 300))
def test_the_nearest_are_found(n, m, k, block):
    points, reference, k = normal(n, 3, 0), normal(m, 3, 1), min(k, m)
    distances, indices = nearest(points, reference, k=k, block=block)
    expected = torch.cdist(points, reference).sort(dim=1)
    torch.testing.assert_close(distances, expected.values[:, :k], rtol=1e-7, atol=1e-9)
    assert torch.equal(indices, expected.indices[:, :k])


@pytest.mark.parametrize("m", [5 * GROUP, 5 * GROUP + 1, 40 * GROUP - 1])
def test_ties_are_all_found(m):
    """All distances equal: the groups' smallest members tie, and k different points must still come out."""
    distances, indices = nearest(torch.zeros(2, 1), torch.ones(m, 1), k=4)
    assert torch.equal(distances, torch.ones(2, 4))
    assert all(len(row.unique()) == 4 for row in indices)


def test_a_copy_is_at_distance_zero_in_single_precision_far_from_the_origin():
    reference = normal(500, 64, 0, dtype=torch.float32, shift=100)
    distances, indices = nearest(reference[:20].clone(), reference)
    assert not distances.any()
    assert torch.equal(indices[:, 0], torch.arange(20))


def test_within_a_set_no_point_is_its_own_neighbour():
    x = torch.tensor([[0.0], [1.0], [1.0], [5.0]])
    distances, indices = nearest(x, x, within=True, block=2)
    assert distances[:, 0].tolist() == [1, 0, 0, 4]
    assert indices[1:3, 0].tolist() == [2, 1]
