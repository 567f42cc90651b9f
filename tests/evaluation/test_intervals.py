import pytest
import torch
from scipy.stats import binomtest

from saddlepoint.errors import DataError
from saddlepoint.evaluation.frechet import frechet_distance
from saddlepoint.evaluation.intervals import Interval, bootstrap, half_sampling, normal, of_mean, wilson
from saddlepoint.evaluation.neighbours import neighbourhoods


def draw(n, d, seed, scale=1.0, shift=0.0):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale + shift


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def covers(intervals, truth):
    return sum(truth in one for one in intervals) / len(intervals)


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (3, 10), (10, 10), (17, 4_000), (1, 1)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_wilson_agrees_with_scipy(successes, n, level):
    theirs = binomtest(successes, n).proportion_ci(level, method="wilson")
    ours = wilson(successes, n, level=level)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert ours.value in ours


def test_the_normal_interval_and_what_it_says():
    assert str(normal(10.0, 1.0)) == "10 [8.04, 11.96]"
    assert normal(0, 1, degrees=2).high == pytest.approx(4.3027, abs=1e-4)
    assert 0.5 in Interval(0.5, 0.5, 0.5)


def test_nothing_to_estimate_from_is_refused():
    with pytest.raises(DataError):
        of_mean(torch.ones(1))
    with pytest.raises(DataError):
        wilson(0, 0)
    with pytest.raises(DataError, match="2 points"):
        bootstrap(torch.mean, torch.ones(1), generator=generator())
    with pytest.raises(DataError, match="4 points"):
        half_sampling(torch.mean, torch.ones(3), generator=generator())


def test_a_constant_has_no_width():
    for interval in (
        of_mean(torch.ones(9)),
        bootstrap(torch.mean, torch.ones(9), generator=generator()),
        half_sampling(torch.mean, torch.ones(9), generator=generator()),
    ):
        assert interval == Interval(1, 1, 1)


def test_all_agree_on_a_mean():
    x = draw(400, 1, 0)
    exact = of_mean(x[:, 0])
    for other in (
        bootstrap(torch.mean, x, generator=generator(), repeats=2_000),
        half_sampling(torch.mean, x, generator=generator(), repeats=1_000),
    ):
        assert other.value == pytest.approx(exact.value)
        assert other.high - other.low == pytest.approx(exact.high - exact.low, rel=0.1)


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


def test_drawing_with_replacement_breaks_scores_of_neighbours_and_halves_do_not():
    """Why `half_sampling` exists: copies lie at distance 0, so a bootstrap's balls are small and precision falls."""
    real, fake = draw(300, 3, 0), draw(300, 3, 1)
    score = lambda x, y: neighbourhoods(x, y).precision  # noqa: E731
    broken = bootstrap(score, real, fake, generator=generator(), repeats=60)
    sound = half_sampling(score, real, fake, generator=generator())
    assert broken.value not in broken
    assert sound.value in sound


def test_bounds_cut_off_what_cannot_be():
    real = draw(100, 2, 0)
    score = lambda x, y: neighbourhoods(x, y).precision  # noqa: E731
    fakes = draw(100, 2, 1, 0.9)
    plain, cut = (
        half_sampling(score, real, fakes, generator=generator(), bounds=bounds) for bounds in ((-9, 9), (0, 1))
    )
    assert plain.high > 1
    assert (cut.high, cut.low, cut.value) == (1, plain.low, plain.value)


SCORES = {
    "precision": (lambda x, y: neighbourhoods(x, y).precision, 150),
    "recall": (lambda x, y: neighbourhoods(x, y).recall, 150),
    "density": (lambda x, y: neighbourhoods(x, y).density, 150),
    "coverage": (lambda x, y: neighbourhoods(x, y).coverage, 150),
    "frechet": (frechet_distance, 300),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SCORES)
def test_intervals_by_halves_cover(name):
    """500 repeats: the 95 % interval holds the mean score at this N in 92 to 98 % of them, away from its bounds."""
    score, n = SCORES[name]
    scale, shift = (1.3, 0.8) if name == "precision" else (0.8, 0.3)
    pairs = [(draw(n, 2, s), draw(n, 2, 50_000 + s, scale, shift)) for s in range(500)]
    found = [half_sampling(score, x, y, generator=generator(s), repeats=30) for s, (x, y) in enumerate(pairs)]
    truth = sum(one.value for one in found) / len(found)
    assert 0.92 <= covers(found, truth) <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mean", "ratio", "wilson", "bootstrap"])
def test_other_intervals_cover(name):
    repeats, n = 500, 60
    if name == "mean":
        truth, found = 1.0, [of_mean(draw(n, 1, s, 2.0, 1.0)[:, 0]) for s in range(repeats)]
    elif name == "wilson":
        truth = 0.07
        found = [wilson(int((torch.rand(n, generator=generator(s)) < truth).sum()), n) for s in range(repeats)]
    elif name == "ratio":
        truth, ratio = 0.5, lambda x: x[:, 0].mean() / x[:, 1].mean()
        pairs = [draw(n, 2, s) * torch.tensor([1.0, 2.0]) + torch.tensor([5.0, 10.0]) for s in range(repeats)]
        found = [bootstrap(ratio, x, generator=generator(s), repeats=400) for s, x in enumerate(pairs)]
    else:
        truth = 1.0
        found = [
            bootstrap(torch.mean, draw(n, 1, s, 0.5, 1.0), generator=generator(s), repeats=400) for s in range(500)
        ]
    assert 0.92 <= covers(found, truth) <= 0.98
