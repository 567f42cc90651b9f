"""Fréchet distance: the distance between two sets of points, each described by its mean and covariance alone.

    |m_x - m_y|^2 + Tr(C_x) + Tr(C_y) - 2 Tr((C_x C_y)^(1/2)),

the squared 2-Wasserstein distance of two Gaussians, in the square of the features' units. With Inception features this
is the FID. It ignores all differences between distributions of equal mean and covariance.

The trace of the root is computed as a nuclear norm: with C_x = F^T F and C_y = G^T G it is the sum of the singular
values of F G^T. No root of a nonsymmetric product is needed, so nothing becomes complex or needs a jitter. F and G may
have any number of rows: N x D data matrices if N < D, triangular D x D factors otherwise. The triangular factors are
updated by chunks of rows, so that float32 features are never copied to double precision all at once.

References:
    GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium (Martin Heusel, Hubert Ramsauer,
        Thomas
    Unterthiner, Bernhard Nessler, Sepp Hochreiter, 2017), https://arxiv.org/abs/1706.08500
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.points import check_pair

_CHUNK = 8_192  # rows in double precision at a time, or four times the features where that is more


def frechet_distance(x: Tensor, y: Tensor) -> float:
    """The Fréchet distance of the Gaussians fitted to two sets of points; 0 for equal sets, never negative.

    The upward bias is about a constant over N and grows with the number of features. Compare scores of equal N and M
    only, or use `frechet_infinity`. For N <= D the value is that of the singular sample covariances and mostly bias;
    `kernel_distance` is unbiased. A constant feature adds the square of its difference.

    Args:
        x: (N, D) points.
        y: (M, D) points.

    Raises:
        DataError: fewer than two points in a set, unequal numbers of features, NaN or infinite values.
    """
    x, y = check_pair(x, y, dtype=None)
    mean_x, mean_y = _mean(x), _mean(y)
    return _distance(mean_x - mean_y, _factor(x, mean_x), _factor(y, mean_y))


def frechet_between_gaussians(mean_x: Tensor, covariance_x: Tensor, mean_y: Tensor, covariance_y: Tensor) -> float:
    """The Fréchet distance between two Gaussians.

    Args:
        mean_x: (D,) of the first one.
        covariance_x: (D, D) of the first one.
        mean_y: (D,) of the second one.
        covariance_y: (D, D) of the second one.

    Raises:
        DataError: shapes that do not fit, NaN or infinite values, a covariance that is not symmetric or has a negative
            eigenvalue beyond rounding.
    """
    size = len(mean_x)
    for name, value, shape in (
        ("first mean", mean_x, (size,)),
        ("second mean", mean_y, (size,)),
        ("first covariance", covariance_x, (size, size)),
        ("second covariance", covariance_y, (size, size)),
    ):
        if tuple(value.shape) != shape or not value.isfinite().all():
            raise DataError(f"{name}: need finite numbers of shape {shape}, got shape {tuple(value.shape)}.")
    return _distance(
        mean_x.double() - mean_y.double(),
        _root(covariance_x.double(), "first covariance"),
        _root(covariance_y.double(), "second covariance"),
    )


@dataclass(frozen=True)
class Extrapolation:
    """A score at several sample sizes, extrapolated to infinite size by a straight line over 1 / size.

    Attributes:
        value: of the line at 1 / size = 0; it is unbiased, so it varies around 0 if there is no difference.
        slope: of the line.
        sizes: points of a set, decreasing.
        scores: the mean score at each size.
    """

    value: float
    slope: float
    sizes: tuple[float, ...]
    scores: tuple[float, ...]


def frechet_infinity(x: Tensor, y: Tensor, *, generator: torch.Generator, parts: int = 5) -> Extrapolation:
    """The Fréchet distance extrapolated to infinitely many points.

    Both sets are split, in random order, into 1, 2, ... `parts` disjoint parts. The mean distance of the parts is a
    straight line over their number, up to terms of second order, and is extrapolated to zero. The paper draws random
    subsets of one set at 15 sizes; disjoint parts use every point at every size and remove the bias of both sets.

    Args:
        x: (N, D) points.
        y: (M, D) points.
        generator: of the random order.
        parts: largest number of parts, at least 2.

    Raises:
        DataError: as `frechet_distance`, or the smallest part has at most twice as many points as features, where the
            bias is not linear.

    References:
        Effectively Unbiased FID and Inception Score and Where to Find Them (Min Jin Chong, David Forsyth, 2020),
        https://arxiv.org/abs/1911.07023
    """
    x, y = check_pair(x, y, dtype=None)
    assert parts >= 2, parts
    least = 2 * x.shape[1] * parts
    if min(len(x), len(y)) <= least:
        raise DataError(
            f"extrapolating the Fréchet distance of {x.shape[1]} features needs more than {least:,} points a set, got "
            f"{len(x):,} and {len(y):,}: the kernel distance is unbiased with any number."
        )
    x, y = _shuffle(x, generator), _shuffle(y, generator)
    numbers = torch.arange(1, parts + 1, dtype=torch.float64)
    scores = torch.tensor([_mean_of_parts(x, y, k) for k in range(1, parts + 1)], dtype=torch.float64)
    # The mean over k parts of n / k points has about the same variance for every k, so the fit is unweighted.
    centred = numbers - numbers.mean()
    slope = float((centred * scores).sum() / centred.square().sum())
    value = float(scores.mean()) - slope * float(numbers.mean())
    harmonic = 2 / (1 / len(x) + 1 / len(y))
    return Extrapolation(value, slope * harmonic, tuple(harmonic / k for k in numbers.tolist()), tuple(scores.tolist()))


def _mean_of_parts(x: Tensor, y: Tensor, parts: int) -> float:
    pairs = zip(torch.tensor_split(x, parts), torch.tensor_split(y, parts), strict=True)
    return sum(frechet_distance(a, b) for a, b in pairs) / parts


def _shuffle(x: Tensor, generator: torch.Generator) -> Tensor:
    return x[torch.randperm(len(x), generator=generator)]


def _distance(shift: Tensor, first: Tensor, second: Tensor) -> float:
    """From the difference of the means (D,) and factors (R, D), (S, D) whose F^T F are the covariances."""
    shared = torch.linalg.svdvals(first @ second.T).sum()
    distance = shift.square().sum() + first.square().sum() + second.square().sum() - 2 * shared
    return max(0.0, float(distance))  # what is below 0 is rounding


def _chunks(x: Tensor) -> Iterator[Tensor]:
    """The rows of x (N, D) in double precision, in chunks."""
    return (part.double() for part in torch.split(x, max(_CHUNK, 4 * x.shape[1])))


def _mean(x: Tensor) -> Tensor:
    """(N, D) -> (D,)."""
    total = torch.zeros(x.shape[1], dtype=torch.float64)
    for part in _chunks(x):
        total += part.sum(0)
    return total / len(x)


def _factor(x: Tensor, mean: Tensor) -> Tensor:
    """A factor F (R, D), R = min(N, D), such that F^T F is the unbiased covariance of points (N, D).

    The factor of all rows is the QR triangle of the previous triangle stacked on the next chunk.
    """
    n, d = x.shape
    if n <= d:
        return (x.double() - mean) / math.sqrt(n - 1)
    factor = torch.empty(0, d, dtype=torch.float64)
    for part in _chunks(x):
        factor = torch.linalg.qr(torch.cat([factor, part - mean]), mode="r").R
    return factor / math.sqrt(n - 1)


def _root(covariance: Tensor, name: str) -> Tensor:
    """F (D, D) with F^T F = covariance."""
    size = covariance.abs().max()
    if not torch.allclose(covariance, covariance.T, rtol=0, atol=1e-6 * float(size)):
        raise DataError(f"{name}: it is not symmetric, so it is not a covariance.")
    values, vectors = torch.linalg.eigh((covariance + covariance.T) / 2)
    if values[0] < -1e-6 * size:
        raise DataError(f"{name}: it has the negative eigenvalue {float(values[0]):.3g}, so it is not a covariance.")
    root: Tensor = values.clamp_min(0).sqrt()[:, None] * vectors.T
    return root
