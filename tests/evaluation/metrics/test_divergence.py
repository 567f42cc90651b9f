import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.divergence import (
    Grid,
    expected_jensen_shannon,
    expected_kl,
    jensen_shannon,
    kl_divergence,
)

weights = st.lists(st.floats(0.01, 100), min_size=4, max_size=4).map(lambda w: torch.tensor(w, dtype=torch.float64))


@given(p=weights, q=weights)
def test_divergences_agree_with_scipy(p, q):
    assert kl_divergence(p, q) == pytest.approx(entropy(p.numpy(), q.numpy()), rel=1e-9, abs=1e-12)
    assert jensen_shannon(p, q) == pytest.approx(jensenshannon(p.numpy(), q.numpy()) ** 2, rel=1e-6, abs=1e-9)


@given(p=weights, q=weights, scale=st.floats(0.1, 10))
def test_bounds_symmetry_and_scale(p, q, scale):
    assert kl_divergence(p, q) >= 0
    assert 0 <= jensen_shannon(p, q) <= math.log(2)
    assert jensen_shannon(p, q) == pytest.approx(jensen_shannon(scale * q, p), rel=1e-9, abs=1e-12)
    assert kl_divergence(p, p) == 0


def test_the_ends_of_the_scale():
    left, right = torch.tensor([1, 1, 0, 0]), torch.tensor([0, 0, 3, 1])
    assert jensen_shannon(left, right) == pytest.approx(math.log(2))
    assert kl_divergence(left, right) == math.inf
    assert kl_divergence(left, torch.ones(4)) == pytest.approx(math.log(2))


@pytest.mark.parametrize("k", [2, 8, 1_000])
def test_one_missing_mode_costs_what_the_docstring_says(k):
    found = torch.ones(k)
    found[0] = 0
    assert kl_divergence(found, torch.ones(k)) == pytest.approx(math.log(k / (k - 1)))


@pytest.mark.parametrize(("categories", "n"), [(8, 500), (50, 1_000), (1_000, 26_000)])
def test_baselines_are_the_scores_of_perfect_samples(categories, n):
    generator, truth = torch.Generator().manual_seed(0), torch.ones(categories)
    draw = lambda size: torch.multinomial(truth, size, True, generator=generator).bincount(minlength=categories)  # noqa: E731
    kl = torch.tensor([kl_divergence(draw(n), truth) for _ in range(40)])
    js = torch.tensor([jensen_shannon(draw(n), draw(2 * n)) for _ in range(40)])
    for found, expected in ((kl, expected_kl(categories, n)), (js, expected_jensen_shannon(categories, n, 2 * n))):
        assert abs(found.mean() - expected) < 4 * found.std() / 40**0.5 + 0.05 * expected


def test_the_baseline_of_stacked_mnist():
    assert expected_kl(1_000, 26_000) == pytest.approx(0.0192, abs=5e-5)


def test_a_grid_counts_every_point_once():
    grid = Grid((0.0, -1.0), (1.0, 1.0), (2, 4))
    x = torch.tensor([[0.0, -1.0], [0.49, -1.0], [0.5, -1.0], [0.99, 0.99], [1.0, 0.0], [0.2, -1.01], [5.0, 5.0]])
    counts = grid.counts(x)
    assert counts.tolist() == [2, 0, 0, 0, 1, 0, 0, 1, 3]


@given(n=st.integers(1, 60), d=st.integers(1, 3), seed=st.integers(0, 99))
def test_a_grid_around_points_holds_them_all(n, d, seed):
    x = torch.randn(n, d, generator=torch.Generator().manual_seed(seed)) * 10**d
    counts = Grid.around(x, cells=5).counts(x)
    assert counts[-1] == 0
    assert counts.sum() == n
    assert len(counts) == 5**d + 1


def test_samples_of_equal_distributions_score_the_baseline():
    draws = []
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        x, y = (torch.rand(4_000, 2, generator=generator) for _ in range(2))
        p, q = (Grid.around(torch.cat([x, y]), 10).counts(part) for part in (x, y))
        draws.append((jensen_shannon(p, q), expected_jensen_shannon(int(((p + q) > 0).sum()), len(x), len(y))))
    found, floors = torch.tensor(draws).T
    assert abs(found.mean() - floors.mean()) < 4 * found.std() / 20**0.5


def test_disjoint_samples_score_log_two():
    x, y = torch.zeros(9, 1), torch.ones(5, 1)
    grid = Grid.around(torch.cat([x, y]), 50)
    assert jensen_shannon(grid.counts(x), grid.counts(y)) == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (torch.ones(3), torch.ones(4)),
        (torch.ones(3), torch.zeros(3)),
        (torch.ones(2, 2), torch.ones(2, 2)),
        (torch.tensor([1.0, -1.0]), torch.ones(2)),
        (torch.ones(2), torch.tensor([1.0, torch.nan])),
    ],
)
def test_invalid_weights_are_refused(p, q):
    with pytest.raises(DataError):
        jensen_shannon(p, q)


def test_another_number_of_axes_is_refused():
    with pytest.raises(DataError, match="axes"):
        Grid((0.0,), (1.0,), (3,)).counts(torch.ones(2, 2))
