"""Wasserstein distances: how far mass must be carried to turn one set of points into another, in the features' units.

Exact on a line and between Gaussians; sliced in many dimensions, as the mean over lines in random directions.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.frechet import frechet_between_gaussians
from saddlepoint.evaluation.metrics.points import check_pair


def wasserstein(x: Tensor, y: Tensor, *, order: float = 1.0) -> Tensor:
    """The exact `order`-Wasserstein distance of each column of x (N, D) and y (M, D): (D,) float64.

    (integral over q in [0, 1] of |F^-1(q) - G^-1(q)|^order)^(1 / order), with F and G the empirical distributions.
    Biased upwards: two sets from one distribution are about 1 / sqrt(N) apart.

    Raises:
        DataError: an empty set, unequal numbers of columns, NaN or infinite values.
    """
    x, y = check_pair(x, y, least=1)
    return _transport_costs(x, y, order).pow(1 / order)


def sliced_wasserstein(
    x: Tensor, y: Tensor, *, generator: torch.Generator, directions: int = 500, order: float = 2.0
) -> tuple[float, float]:
    """The sliced Wasserstein distance of x (N, D) and y (M, D), and its standard error over the random directions.

    (mean over directions of the 1-D distance to the power `order`)^(1 / order); 0 only where the distributions are the
    same. Directions are drawn from `generator`: the same generator state compares several models along the same lines.
    The standard error does not include the variation over points.

    Sliced and Radon Wasserstein Barycenters of Measures (Nicolas Bonneel, Julien Rabin, Gabriel Peyré, Hanspeter
    Pfister, 2015). https://doi.org/10.1007/s10851-014-0506-3

    Raises:
        DataError: an empty set, unequal numbers of features, NaN or infinite values.
    """
    x, y = check_pair(x, y, least=1)
    lines = torch.randn(x.shape[1], directions, generator=generator, dtype=torch.float64)
    lines = lines / lines.norm(dim=0)
    powers = torch.cat([_transport_costs(x @ some, y @ some, order) for some in lines.split(64, dim=1)])
    mean = float(powers.mean())
    if mean == 0:
        return 0.0, 0.0
    # The error of the mean carried through the root.
    error = float(powers.std()) / directions**0.5 if directions > 1 else float("nan")
    return mean ** (1 / order), error * mean ** (1 / order - 1) / order


def gaussian_wasserstein(mean_x: Tensor, covariance_x: Tensor, mean_y: Tensor, covariance_y: Tensor) -> float:
    """The 2-Wasserstein distance of two Gaussians: (D,), (D, D), (D,), (D, D), in the features' units.

    The distance between two random vectors with given dispersion matrices (Ingram Olkin, Friedrich Pukelsheim, 1982).
    https://doi.org/10.1016/0024-3795(82)90112-4

    Raises:
        DataError: as `frechet_between_gaussians`.
    """
    return math.sqrt(frechet_between_gaussians(mean_x, covariance_x, mean_y, covariance_y))


def _transport_costs(x: Tensor, y: Tensor, order: float) -> Tensor:
    """The integral of |difference of quantiles|^order, column by column: (N, L), (M, L) -> (L,)."""
    n, m = len(x), len(y)
    x, y = x.sort(dim=0).values, y.sort(dim=0).values
    if n == m:
        return (x - y).abs().pow(order).mean(0)
    # Both quantile functions are constant between neighbouring multiples of 1/n and 1/m. In whole multiples of 1/(n m)
    # the boundaries are exact, and the same for all columns.
    ends = torch.unique(torch.cat([m * torch.arange(1, n + 1), n * torch.arange(1, m + 1)]))
    starts = torch.cat([ends.new_zeros(1), ends[:-1]])
    weights = (ends - starts).double() / (n * m)
    powers: Tensor = (weights[:, None] * (x[starts // m] - y[starts // n]).abs().pow(order)).sum(0)
    return powers
