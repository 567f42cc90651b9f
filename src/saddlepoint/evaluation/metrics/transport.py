"""Wasserstein distances: the cost of transporting one set of points to another, in the features' units.

Exact in one dimension and between Gaussians; in several dimensions sliced, the mean over random directions.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.frechet import frechet_between_gaussians
from saddlepoint.evaluation.metrics.points import check_pair


def wasserstein(x: Tensor, y: Tensor, *, order: float = 1.0) -> Tensor:
    """The exact `order`-Wasserstein distance of each column.

    (integral over q in [0, 1] of |F^-1(q) - G^-1(q)|^order)^(1 / order), where F and G are the empirical distribution
    functions. The bias is upward: two sets from one distribution have a distance of about 1 / sqrt(N).

    Args:
        x: (N, D) points.
        y: (M, D) points.
        order: 1 or more.

    Returns:
        (D,) float64.

    Raises:
        DataError: an empty set, unequal numbers of columns, NaN or infinite values.
    """
    x, y = check_pair(x, y, least=1)
    return _transport_costs(x, y, order).pow(1 / order)


def sliced_wasserstein(
    x: Tensor, y: Tensor, *, generator: torch.Generator, directions: int = 500, order: float = 2.0
) -> tuple[float, float]:
    """The sliced Wasserstein distance, 0 only for equal distributions.

    (mean over directions of the 1-D distance to the power `order`)^(1 / order).

    Args:
        x: (N, D) points.
        y: (M, D) points.
        generator: of the directions; the same state gives several models the same directions.
        directions: number of random directions.
        order: 1 or more.

    Returns:
        The distance and its standard error over directions, which does not include the variation over points.

    Raises:
        DataError: an empty set, unequal numbers of features, NaN or infinite values.

    References:
        Sliced and Radon Wasserstein Barycenters of Measures (Nicolas Bonneel, Julien Rabin, Gabriel Peyré, Hanspeter
            Pfister,
        2015), https://doi.org/10.1007/s10851-014-0506-3
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
    """The 2-Wasserstein distance of two Gaussians, in the features' units.

    Args:
        mean_x: (D,) of the first one.
        covariance_x: (D, D) of the first one.
        mean_y: (D,) of the second one.
        covariance_y: (D, D) of the second one.

    Raises:
        DataError: as `frechet_between_gaussians`.

    References:
        The distance between two random vectors with given dispersion matrices (Ingram Olkin, Friedrich Pukelsheim,
            1982),
        https://doi.org/10.1016/0024-3795(82)90112-4
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
