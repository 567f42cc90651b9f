"""Two tests of whether two sets of points are from one distribution; each may find a difference that the other misses.

- The energy test compares all distances between the sets with those within them; its p-value comes from random
  exchanges of points. Energy statistics: A class of statistics based on distances (Gábor Székely, Maria Rizzo, 2013).
  https://doi.org/10.1016/j.jspi.2013.03.018
- The classifier test asks how often a classifier recognises samples that it was not trained on. Revisiting Classifier
  Two-Sample Tests (David Lopez-Paz, Maxime Oquab, 2017). https://arxiv.org/abs/1610.06545
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.pairwise import distances
from saddlepoint.evaluation.metrics.two_sample import Classifier, classifier_test

PERMUTATIONS = 199
FOLDS = 5


@dataclass(frozen=True, eq=False)
class Trial:
    """Points in one space, real (N, D) and fake (M, D), and the classifiers that are trained to distinguish them."""

    real: Tensor
    fake: Tensor
    classifiers: tuple[Classifier, ...]


def energy_test(real: Tensor, fake: Tensor, seed: int) -> tuple[float, float]:
    """The energy coefficient of real (N, D) and fake (M, D), 0 for one distribution and 1 at most, and its p-value.

    The p-value is the share of random exchanges of points between the sets with a coefficient as large or larger.
    """
    n, m = len(real), len(fake)
    points = torch.cat([real, fake])
    between_all = distances(points, points)
    generator = torch.Generator().manual_seed(seed)
    orders = [torch.arange(n + m), *(torch.randperm(n + m, generator=generator) for _ in range(PERMUTATIONS))]
    inside = torch.zeros(len(orders), n + m, dtype=between_all.dtype)
    for row, order in zip(inside, orders, strict=True):
        row[order[:n]] = 1.0
    # For every order: sums of distances within the first set, within the second, and between them.
    to_first = inside @ between_all
    first = (to_first * inside).sum(1)
    between = (to_first * (1 - inside)).sum(1)
    second = between_all.sum() - first - 2 * between
    across = 2 * between / (n * m)
    within = first / (n * (n - 1)) + second / (m * (m - 1))
    coefficient = torch.where(across > 0, (across - within) / across, torch.zeros_like(across))
    # Equal coefficients may differ by rounding where points repeat.
    as_large = coefficient[1:] >= coefficient[0] - 1e-9
    return float(coefficient[0]), (1 + int(as_large.sum())) / (1 + PERMUTATIONS)


def best_classifier(trials: Sequence[Trial], seed: int) -> tuple[float, float, int]:
    """The best accuracy of all trials, the smallest of their p-values, and the number of points behind the best.

    The p-value is corrected for the choice of the best (Bonferroni).
    """
    tests = [
        classifier_test(trial.real, trial.fake, classifier=kind, folds=FOLDS, seed=seed)
        for trial in trials
        for kind in trial.classifiers
    ]
    best = max(tests, key=lambda test: test.accuracy.value)
    return best.accuracy.value, min(1.0, len(tests) * min(test.p_value for test in tests)), best.n
