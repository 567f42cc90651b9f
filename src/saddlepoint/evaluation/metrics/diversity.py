"""Diversity of samples, without real points to compare with, or with as many real ones as a yardstick."""

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
    """The effective number of different points among x (N, D): from 1 (all alike) to N (all unlike).

    The exponential of the entropy of the eigenvalues of K / N, with K_ij the similarity of two points: their cosine, or
    with `width` exp(-|x_i - x_j|^2 / (2 width^2)). Blind to quality: noise is diverse. The cosine sees directions from
    the origin only, can count no more than D, and costs D^3 where D < N; the Gaussian kernel always costs N^3.

    The Vendi Score: A Diversity Evaluation Metric for Machine Learning (Dan Friedman, Adji Bousso Dieng, 2023).
    https://arxiv.org/abs/2210.02410

    Raises:
        DataError: no points, NaN or infinite values, or a point at the origin, which has no cosine.
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
    """The mean distance between different points of x (N, D), in the features' units; 0 where all are the same.

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
    """What the birthday test found.

    Attributes:
        radius: two samples this close or closer count as duplicates, in the features' units.
        size: samples in a batch.
        batches: number of batches.
        collisions: batches with a duplicate.
        support: about how many different samples the model has, from the share of batches with a collision; infinite
            without one, 0 where every batch has one, so that it is only known to be small.
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
    """Estimates how many different samples a model can make, from how soon one repeats itself: (N, D), (M, D).

    Among s draws from n equally likely values, one appears twice with probability 1 - exp(-s^2 / 2n): a duplicate in
    half of all batches of s means a support of about s^2. What a duplicate is, the paper has judged by eye; here a pair
    of samples is one that is no further apart than the closest two of all the real points, where these are as many as
    `size` or more. Batches are random parts of `samples`; give several times `size`, so that they differ.

    Do GANs Actually Learn the Distribution? An Empirical Study (Sanjeev Arora, Yi Zhang, 2017).
    https://arxiv.org/abs/1706.08224

    Raises:
        DataError: fewer than `size` samples or real points, unequal numbers of features, NaN or infinite values.
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
