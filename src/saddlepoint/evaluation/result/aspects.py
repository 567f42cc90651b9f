"""Aspects that compare samples with real examples, each with a score from 0 to 1, where 1 is as good as real examples.

- distance: all distances between samples and real examples against those within each set (energy distance).
- two-sample test accuracy: how often a classifier recognises samples; 1/2 is best.
- precision, recall, coverage: whether samples lie among real examples and the reverse, relative to other real
examples. See `saddlepoint.evaluation.metrics.precision_recall`.
- spread: the mean distance between samples over that between real examples; too small and too large are both wrong.

Modes and classes are in `groups.py`, copies of training examples in `copies.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.diversity import mean_distance
from saddlepoint.evaluation.metrics.precision_recall import neighbourhoods
from saddlepoint.evaluation.result.equality_tests import FOLDS, Trial, best_classifier, energy_test
from saddlepoint.records.result import Aspect

ACCURACY = "two-sample test accuracy"
NEIGHBOURS = 20  # points a side, with fewer of which neighbourhoods say nothing


def distance_aspect(real: Tensor, fake: Tensor, seed: int) -> Aspect:
    """The energy coefficient of points real (N, D) and fake (M, D), with its p-value."""
    value, p_value = energy_test(real, fake, seed)
    # A coefficient is a squared distance: its root grows in proportion to how far two distributions are apart.
    share = 1 - math.sqrt(min(max(value, 0.0), 1.0))
    return Aspect("energy distance", max(value, 0.0), 0.0, share, worst_case=1.0, p_value=p_value)


def two_sample_aspect(trials: Sequence[Trial], seed: int) -> Aspect | None:
    """How often a classifier distinguishes real from fake points, for the best classifier and space.

    Args:
        trials: points and classifiers, one for each space.
        seed: of the folds and of randomised classifiers.

    Returns:
        None for too few points. The p-value is corrected for the selection of the best classifier.
    """
    if min(len(points) for trial in trials for points in (trial.real, trial.fake)) < 2 * FOLDS:
        return None
    accuracy, p_value, n = best_classifier(trials, seed)
    # The classifier separates 2 a - 1 of the mass. The exponent puts an accuracy of 70 % at a share of 0.75, as of a
    # precision of 75 %, and one of 91 % at 0.25.
    share = 1 - max(0.0, 2 * accuracy - 1) ** 1.5
    return Aspect(ACCURACY, accuracy, 0.5, share, 1.0, proportion_error(accuracy, n), p_value)


def overlap_aspects(real: Tensor, fake: Tensor, other: Tensor) -> list[Aspect]:
    """Precision, recall and coverage of fake points relative to those of other real points, (N, D) each; none for few
    points.
    """
    if min(len(real), len(fake), len(other)) < NEIGHBOURS:
        return []
    n = min(len(fake), len(other))  # all three grow with the number of points
    found, reached = neighbourhoods(real, fake[:n], k=5), neighbourhoods(real, other[:n], k=5)
    # Of independent samples each is in the balls of fixed points or not; the answers behind the other two are not independent.
    p_value = shortfall_p_value(found.precision, n, reached.precision, n)
    return [
        Aspect(name, value, best, clip_share(value / best) if best > 0 else 1.0, 0.0, proportion_error(value, count), p)
        for name, value, best, count, p in (
            ("precision", found.precision, reached.precision, n, p_value),
            ("recall", found.recall, reached.recall, len(real), None),
            ("coverage", found.coverage, reached.coverage, len(real), None),
        )
    ]


def spread_aspect(real: Tensor, fake: Tensor) -> Aspect:
    """The mean distance between samples over that between real examples; 1 is best."""
    usual, value = mean_distance(real), mean_distance(fake)
    ratio = value / usual if usual > 0 else (1.0 if value == 0 else math.inf)
    return Aspect("spread", ratio, 1.0, symmetric_ratio(ratio), worst_case=0.0)


def symmetric_ratio(ratio: float) -> float:
    """min(ratio, 1 / ratio), the score of a ratio that should be 1."""
    return min(ratio, 1 / ratio) if ratio > 0 else 0.0


def proportion_error(share: float, n: int) -> float:
    """Standard error of a share of n independent trials."""
    return math.sqrt(max(share * (1 - share), 0.0) / n)


def shortfall_p_value(first: float, n: int, second: float, m: float = math.inf) -> float:
    """One-sided p-value for a share below another one.

    Args:
        first: share of `n` independent trials.
        n: trials of the first.
        second: share of `m` independent trials.
        m: trials of the second; infinite for a known share.
    """
    pooled = second if math.isinf(m) else (first * n + second * m) / (n + m)
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    if deviation == 0:
        return 1.0 if first >= second else 0.0
    return math.erfc((second - first) / deviation / math.sqrt(2)) / 2


def clip_share(value: float) -> float:
    """The value clipped to [0, 1]."""
    return min(1.0, max(0.0, value))


def total_variation(shares: Tensor, others: Tensor) -> float:
    """The total variation distance of two vectors of shares (K,)."""
    return float((shares - others).abs().sum()) / 2


def expected_total_variation(shares: Tensor, n: float, m: float = math.inf) -> float:
    """The approximate total variation distance of perfect samples.

    Args:
        shares: (K,) of real examples.
        n: number of samples.
        m: number of real examples behind the shares; infinite for known shares.
    """
    return float((2 * shares * (1 - shares) / math.pi * (1 / n + 1 / m)).sqrt().sum()) / 2


def group_counts(index: Tensor, groups: int) -> Tensor:
    """Number of occurrences of each group: (N,) indices -> (K,) float64."""
    return torch.bincount(index, minlength=groups).double()
