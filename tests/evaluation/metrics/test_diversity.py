import math

import pytest
import torch

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.diversity import birthday_test, mean_distance, vendi_score


def normal(n, d, seed):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("width", [None, 0.01])
def test_vendi_counts_equally_many_unlike_points(width):
    axes = torch.eye(6)
    assert vendi_score(axes, width=width) == pytest.approx(6)
    assert vendi_score(axes.repeat(5, 1), width=width) == pytest.approx(6)
    assert vendi_score(axes[:1].repeat(9, 1), width=width) == pytest.approx(1)


def test_vendi_of_unequal_shares_is_the_exponential_entropy():
    x = torch.eye(3)[torch.tensor([0] * 5 + [1] * 3 + [2] * 2)]
    expected = math.exp(-sum(p * math.log(p) for p in (0.5, 0.3, 0.2)))
    assert vendi_score(x) == pytest.approx(expected)


@pytest.mark.parametrize("n", [7, 30])
def test_vendi_by_either_matrix_is_the_same(n):
    x = normal(n, 12, 0)
    unit = x / x.norm(dim=1, keepdim=True)
    values = torch.linalg.eigvalsh(unit @ unit.T / n).clamp_min(1e-300)
    assert vendi_score(x) == pytest.approx(float((-values * values.log()).sum().exp()))
    assert 1 <= vendi_score(x) <= min(n, 12)
    assert vendi_score(3 * x) == pytest.approx(vendi_score(x))


def test_vendi_with_a_narrow_kernel_counts_all_and_with_a_wide_one_none():
    x = normal(50, 3, 0)
    scores = [vendi_score(x, width=width) for width in (1e-4, 0.5, 2.0, 1e4)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(50)
    assert scores[-1] == pytest.approx(1, abs=1e-5)


def test_the_origin_has_no_direction():
    with pytest.raises(DataError, match="width"):
        vendi_score(torch.zeros(3, 2))


@pytest.mark.parametrize("n", [2, 30, 1_030])
def test_the_mean_distance_is_that_of_all_pairs(n):
    x = normal(n, 3, 0)
    assert mean_distance(x) == pytest.approx(float(torch.pdist(x).mean()))


@pytest.mark.slow
def test_the_birthday_test_finds_the_support():
    """A model that draws from 2,000 fixed points, tested in batches of about the root of that."""
    real, points = normal(500, 6, 0), normal(2_000, 6, 1)
    generator = torch.Generator().manual_seed(2)
    samples = points[torch.randint(2_000, (20_000,), generator=generator)]
    found = birthday_test(samples[:4_000], real, size=50, batches=200, generator=generator)
    share = found.collisions / 200
    assert 1_000 < found.support < 4_000
    assert share == pytest.approx(1 - math.exp(-(50**2) / 4_000), abs=0.12)


def test_the_birthday_test_of_one_point_and_of_unlike_points():
    real, generator = normal(100, 20, 0), torch.Generator().manual_seed(0)
    same = birthday_test(torch.ones(100, 20).double(), real, size=20, generator=generator)
    assert (same.collisions, same.support) == (same.batches, 0)
    apart = birthday_test(100 * normal(100, 20, 1), real, size=20, generator=generator)
    assert (apart.collisions, apart.support) == (0, math.inf)


def test_the_birthday_test_names_the_closest_pair():
    samples = normal(50, 3, 0)
    samples[31] = samples[7]
    found = birthday_test(samples, normal(50, 3, 1), size=10, generator=torch.Generator())
    assert set(found.pair) == {7, 31}
