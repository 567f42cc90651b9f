"""Laws of intervals by resampling: the bootstrap and random split halves."""

import pytest
import torch

from saddlepoint.evaluation.metrics.precision_recall import neighbourhoods
from saddlepoint.evaluation.statistics.resampling import bootstrap, half_sampling, random_halves


def draw(n, d, seed, scale=1.0, shift=0.0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale + shift


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def covers(intervals, truth):
    return sum(truth in one for one in intervals) / len(intervals)


def test_both_parts_of_a_split_make_up_the_set():
    x = draw(10, 2, 0)
    first, second = random_halves(x, generator())
    assert sorted(torch.cat([first, second])[:, 0].tolist()) == sorted(x[:, 0].tolist())
    assert len(random_halves(draw(7, 1, 0), generator())[1]) == 3


def test_the_bootstrap_leans_where_the_statistic_does():
    """The variance of exponential values has a long upper tail; the interval reaches further up than down."""
    x = draw(100, 1, 0).exp()
    found = bootstrap(torch.var, x, generator=generator())
    assert found.high - found.value > 1.5 * (found.value - found.low)


def test_the_bootstrap_of_two_sets_draws_both():
    x, y = draw(200, 1, 0), draw(300, 1, 1)
    found = bootstrap(lambda a, b: a.mean() - b.mean(), x, y, generator=generator())
    expected = 3.92 * (x.var() / 200 + y.var() / 300).sqrt()
    assert found.high - found.low == pytest.approx(float(expected), rel=0.1)


@pytest.mark.slow
def test_resampling_with_replacement_biases_neighbour_scores_and_split_halves_do_not():
    """Why `half_sampling` exists: copies lie at distance 0, so a bootstrap's balls are small and precision falls."""
    real, fake = draw(300, 3, 0), draw(300, 3, 1)
    score = lambda x, y: neighbourhoods(x, y).precision  # noqa: E731
    broken = bootstrap(score, real, fake, generator=generator(), repeats=60)
    sound = half_sampling(score, real, fake, generator=generator())
    assert broken.value not in broken
    assert sound.value in sound


@pytest.mark.slow
def test_bounds_cut_off_what_cannot_be():
    real = draw(100, 2, 0)
    score = lambda x, y: neighbourhoods(x, y).precision  # noqa: E731
    fakes = draw(100, 2, 1, 0.9)
    plain, cut = (
        half_sampling(score, real, fakes, generator=generator(), bounds=bounds) for bounds in ((-9, 9), (0, 1))
    )
    assert plain.high > 1
    assert (cut.high, cut.low, cut.value) == (1, plain.low, plain.value)


@pytest.mark.slow
def test_split_half_intervals_cover():
    """500 repeats, of what a card takes them for: how far apart a class's samples are, relative to real ones."""
    ratio = lambda x, y: float(torch.pdist(x).mean() / torch.pdist(y).mean())  # noqa: E731
    found = [
        half_sampling(ratio, draw(150, 2, s, 0.8), draw(150, 2, 50_000 + s), generator=generator(s), repeats=30)
        for s in range(500)
    ]
    assert 0.92 <= covers(found, sum(one.value for one in found) / 500) <= 0.98
