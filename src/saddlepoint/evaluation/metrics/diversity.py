"""Diversity of samples, alone or in comparison with real points."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.kernel import gaussian_kernel
from saddlepoint.evaluation.metrics.neighbours import nearest
from saddlepoint.evaluation.metrics.points import check_pair, check_points
from saddlepoint.evaluation.metrics.squared_distances import precise_squares


def vendi_score(x: Tensor, *, width: float | None = None) -> float:
    """The Vendi score, an effective number of different points, from 1 (all equal) to N (all different).

    It is the exponential of the entropy of the eigenvalues of K / N, where K_ij is the similarity of two points: their
    cosine, or exp(-|x_i - x_j|^2 / (2 width^2)) with a width. It ignores quality: noise is diverse. The cosine depends
    on directions from the origin only and counts at most D; it costs O(D^3) if D < N. The Gaussian kernel costs
    O(N^3).

    Args:
        x: (N, D) points.
        width: of the Gaussian kernel, in the features' units; None for the cosine.

    Raises:
        DataError: no points, NaN or infinite values, or a point at the origin, for which the cosine is not defined.

    References:
        The Vendi Score: A Diversity Evaluation Metric for Machine Learning (Dan Friedman, Adji Bousso Dieng, 2023),
        https://arxiv.org/abs/2210.02410
    """
    x = check_points(x, "points", least=1)
    if width is not None:
        similarity = gaussian_kernel(width)(x, x)
    else:
        norms = x.norm(dim=1, keepdim=True)
        if not norms.all():
            raise DataError("points: one lies at the origin and has no direction; give a width to compare by distance.")
        x = x / norms
        # X X^T and X^T X have the same eigenvalues above 0.
        similarity = x @ x.T if len(x) < x.shape[1] else x.T @ x
    values = torch.linalg.eigvalsh(similarity / len(x)).clamp_min(0)
    return float(torch.special.entr(values).sum().exp())


def mean_distance(x: Tensor) -> float:
    """The mean distance between different points of x (N, D), in the features' units; 0 if all are equal.

    Raises:
        DataError: fewer than two points, NaN or infinite values.
    """
    x = check_points(x, "points")
    x = x - x.mean(0)
    total = sum(
        float(precise_squares(x[i : i + 1_024], x[i + 1 :])[0].sqrt_().triu_().sum()) for i in range(0, len(x), 1_024)
    )
    return total / (len(x) * (len(x) - 1) / 2)


@dataclass(frozen=True)
class Birthday:
    """Result of the birthday test.

    Attributes:
        radius: largest distance at which two samples are duplicates, in the features' units.
        size: samples in a batch.
        batches: number of batches.
        collisions: batches with a duplicate.
        support: estimated number of different samples, from the share of batches with a collision. It is infinite if
            no batch has one, and 0 if every batch has one, because then it is only known to be small.
        pair: indices of the two closest samples.
    """

    radius: float
    size: int
    batches: int
    collisions: int
    support: float
    pair: tuple[int, int]


def birthday_test(
    samples: Tensor, real: Tensor, *, size: int, generator: torch.Generator, batches: int = 20
) -> Birthday:
    """Estimate the number of different samples of a model by the birthday paradox.

    Among s draws from n equally likely values, one appears twice with probability 1 - exp(-s^2 / 2n). If half of all
    batches of s contain a duplicate, the support is about s^2. The paper identifies duplicates by eye. Here two
    samples are duplicates if they are at most as far apart as the closest two of the real points.

    Args:
        samples: (N, D), several times `size`, because batches are random subsets of them.
        real: (M, D) real points, at least `size`.
        size: of a batch.
        generator: of the batches.
        batches: number of batches.

    Raises:
        DataError: fewer than `size` samples or real points, unequal numbers of features, NaN or infinite values.

    References:
        Do GANs Actually Learn the Distribution? An Empirical Study (Sanjeev Arora, Yi Zhang, 2017),
        https://arxiv.org/abs/1706.08224
    """
    samples, real = check_pair(samples, real, least=max(2, size), names=("samples", "real points"), dtype=None)
    radius = float(nearest(real, real, within=True)[0].min())
    distances, neighbours = nearest(samples, samples, within=True)
    first = int(distances.argmin())
    collisions = 0
    for _ in range(batches):
        batch = samples[torch.randperm(len(samples), generator=generator)[:size]]
        collisions += bool(nearest(batch, batch, within=True)[0].min() <= radius)
    share = collisions / batches
    support = math.inf if share == 0 else 0.0 if share == 1 else size**2 / (-2 * math.log1p(-share))
    return Birthday(radius, size, batches, collisions, support, (first, int(neighbours[first])))
