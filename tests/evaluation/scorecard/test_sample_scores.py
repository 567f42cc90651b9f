"""Laws of the inputs that a scorecard gives its metrics: which points, of which split, against which reference."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from saddlepoint.evaluation.scorecard.comparison import Comparison, Context, Points
from saddlepoint.evaluation.scorecard.feature_sets import FeatureSets
from saddlepoint.evaluation.scorecard.registry import sample_metrics
from saddlepoint.evaluation.scorecard.rows import ground_truth, support
from saddlepoint.evaluation.scorecard.sample_scores import score_samples
from saddlepoint.evaluation.statistics.resampling import random_halves

METRICS = sample_metrics("features")


def normal(n: int, seed: int, axes: int = 2) -> Tensor:
    return torch.randn(n, axes, generator=torch.Generator().manual_seed(seed))


def compared(real: Tensor, fake: Tensor, share: float = 1.0) -> Comparison:
    points = Points(real)
    return Comparison(points, Points(fake), Context(points, points, None, 0, real.shape[1]), share)


@pytest.mark.parametrize("far", [1e2, 1e6])
def test_a_far_sample_does_not_hide_a_difference_of_histograms(far: float) -> None:
    real, fake = normal(1_000, 0), normal(1_000, 1) + 3.0
    alone = ground_truth.grid_divergence(compared(real, fake))["jensen_shannon"]
    fake[0] = far
    assert ground_truth.grid_divergence(compared(real, fake))["jensen_shannon"] == pytest.approx(alone, abs=0.01)
    assert alone > math.log(2) / 2


@pytest.mark.parametrize("n", [1_000, 1_500, 20_000])
def test_split_halves_of_a_capped_set_vary_as_the_set_does(n: int) -> None:
    """Half the differences of halves' means vary by 1 / 1,000; 600 cuts tell a standard deviation to 3 %."""
    generator = torch.Generator().manual_seed(0)
    x = normal(n, 1, axes=1)
    means = []
    for _ in range(600):
        one, other = (compared(half, half, share=0.5).features(1_000)[0].mean() for half in random_halves(x, generator))
        means.append((one - other) / 2)
    assert float(torch.stack(means).std()) == pytest.approx(1_000**-0.5, rel=0.12)


def test_all_of_a_set_is_the_first_of_it() -> None:
    real, fake = compared(normal(30, 0), normal(20, 1)).features(25)
    assert (len(real), len(fake)) == (25, 20)


def test_the_baseline_of_bins_uses_examples_that_made_none_of_them() -> None:
    """Training examples visit the cells they made exactly as often: a baseline of 0, which no model could reach."""
    train = Points(normal(2_000, 0))
    real = Points(normal(2_000, 1))
    sets = FeatureSets("", Context(real, train, None, 0, 2), (), train, {})
    floor = support.bin_share(sets.baseline(METRICS["bins"].baseline))["bins"]
    assert support.bin_share(sets.baseline("training"))["bins"] == 0.0
    assert 0.0 < floor < 0.2


@pytest.mark.slow
def test_the_interval_of_near_copies_allows_for_the_threshold() -> None:
    """Three sets of 400 honest samples; with a threshold taken as known, Wilson's interval holds the expectation in two
    of three cases. 200 repeats have a binomial error of 1.5 %."""
    metrics = {"near_copies": METRICS["near_copies"]}
    nothing = torch.zeros(400, 1)
    train = Points(nothing, distance=torch.zeros(400))
    found = []
    for repeat in range(200):
        distances = torch.rand(4, 400, generator=torch.Generator().manual_seed(repeat))
        real, *fakes = (Points(nothing, distance=row) for row in distances)
        sets = FeatureSets("", Context(real, train, None, repeat, 1), tuple(fakes), train, {"copies": train})
        found.append(score_samples(sets, metrics, 25, lambda title, share: None)[0]["near_copies"])
    expectation = sum(score.value for score in found) / len(found)
    held = [
        score.low <= expectation <= score.high for score in found if score.low is not None and score.high is not None
    ]
    assert sum(held) / len(found) > 0.90


@pytest.mark.parametrize("key", ["precision", "recall", "coverage"])
def test_more_seeds_are_more_samples_and_the_same_real_examples(key: str) -> None:
    """A share that never varies has the interval of its trials: of all seeds' samples, but of real examples once."""
    share = replace(METRICS[key], measure=lambda comparison: {key: 1.0})
    points = Points(normal(60, 0))
    context = Context(points, points, None, 0, 2)
    lows = []
    for seeds in (1, 4):
        sets = FeatureSets("", context, (points,) * seeds, points, {"noise": points, "repeat": points})
        found = score_samples(sets, {key: share}, 10, lambda title, share: None)[0][key]
        assert found.low is not None
        lows.append(1 - found.low)
    ratio = lows[1] / lows[0]
    assert ratio == 1.0 if key != "precision" else 0.2 < ratio < 0.5


def test_a_metric_that_raises_costs_no_other_and_its_exception_is_named() -> None:
    def broken(comparison: Comparison) -> dict[str, float]:
        raise KeyError("a mistake")

    part = Points(normal(40, 0))
    context = Context(part, part, None, 0, 2)
    sets = FeatureSets("raw", context, (Points(normal(40, 1)),), part, {"noise": part, "repeat": part, "copies": part})
    chosen = {"energy": METRICS["energy"], "frechet": replace(METRICS["frechet"], measure=broken)}
    found, skipped = score_samples(sets, chosen, 3, lambda what, share: None)
    assert list(found) == ["energy"]
    assert [(one.metric, one.reason) for one in skipped] == [("frechet", "KeyError: 'a mistake'.")]
