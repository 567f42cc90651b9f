"""Energy distance between two sets of points: 0 if and only if they follow the same distribution."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.kernel import kernel_distance_interval, variance_terms
from saddlepoint.evaluation.metrics.pairwise import distances, mean_within
from saddlepoint.evaluation.statistics.intervals import Interval


def energy_coefficient(x: Tensor, y: Tensor) -> Tensor:
    """The energy coefficient of two sets of points, about 0 to 1; 0 for equal distributions.

    With X, X' from one distribution and Y, Y' from the other,

        H = (2 E|X - Y| - E|X - X'| - E|Y - Y'|) / (2 E|X - Y|),

    the energy distance divided by its largest possible value, without units. The means within a set exclude each
    point's zero distance to itself, so the numerator is unbiased. For equal distributions the estimate varies around 0
    and may be slightly negative.

    Args:
        x: (N, D) points.
        y: (M, D) points.

    Returns:
        ()

    Raises:
        ValueError: a set has fewer than two points.

    References:
        Energy statistics: A class of statistics based on distances (Gábor Székely, Maria Rizzo, 2013),
        https://doi.org/10.1016/j.jspi.2013.03.018
    """
    if len(x) < 2 or len(y) < 2:
        raise ValueError(f"energy_coefficient needs two points a set or more, got {len(x)} and {len(y)}")
    between = 2 * distances(x, y).mean()
    within = mean_within(x) + mean_within(y)
    # Two identical constant sets are at distance 0, not 0 / 0; a NaN among the points stays NaN.
    return torch.where(between == 0, torch.zeros_like(between), (between - within) / between)


def energy_interval(x: Tensor, y: Tensor) -> Interval:
    """The energy coefficient with the 95 % interval of its true value, over fresh draws of both sets.

    The energy distance is a kernel distance whose kernel is the negative distance, so it has the same interval, which
    is valid for equal and for different distributions. The divisor 2 E|X - Y| varies with the same points: for a
    coefficient h, the numerator minus h times the divisor is the kernel distance with the pairs across sets weighted
    by 1 - h.

    Args:
        x: (N, D) points.
        y: (M, D) points.

    Raises:
        ValueError: a set has fewer than two points.

    References:
        Equivalence of distance-based and RKHS-based statistics in hypothesis testing (Dino Sejdinovic, Bharath
            Sriperumbudur,
        Arthur Gretton, Kenji Fukumizu, 2013), https://doi.org/10.1214/13-AOS1140
    """
    value = energy_coefficient(x, y)
    n, m = len(x), len(y)
    within_x, within_y, across = (-distances(*pair) for pair in ((x, x), (y, y), (x, y)))
    between = -2 * across.mean()
    if between == 0:
        return Interval(0.0, 0.0, 0.0)
    means = (within_x.sum(1) / (n - 1), within_y.sum(1) / (m - 1), across.mean(1), across.mean(0))
    squares = (within_x.square().sum(), within_y.square().sum(), across.square().sum())
    first, second = variance_terms(means, squares, across=1 - float(value))
    # As it comes, with the pairs' noise: freed of that it is next to nothing where the value came out low, and the interval,
    # which takes from it how fast the variance grows, held the truth in 84 % of simulations.
    found = kernel_distance_interval(value * between, first + 2 * second, second)
    low, high = found.low / float(between), found.high / float(between)
    return Interval(float(value), low, max(float(value), min(1.0, high)))


def energy_with_shares(x: Tensor, y: Tensor, within_y: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The energy coefficient of samples and a fixed reference, and the contribution of each sample.

    Contributions are by the delta method. Their standard error measures how much the coefficient varies over samples
    of the same model, not over references. For two models with the same noise, the standard error of the differences
    of their contributions measures the variation of the difference of their coefficients.

    Args:
        x: (N, D) samples.
        y: (M, D) reference points.
        within_y: `mean_within(y)` if it is known; computed if None.

    Returns:
        The coefficient () and the contributions (N,).

    Raises:
        ValueError: a set has fewer than two points.
    """
    if len(x) < 2 or len(y) < 2:
        raise ValueError(f"energy_with_shares needs two points a set or more, got {len(x)} and {len(y)}")
    to_y = distances(x, y).mean(1)
    to_x = distances(x, x).sum(1) / (len(x) - 1)
    between, within = 2 * to_y.mean(), to_x.mean() + (mean_within(y) if within_y is None else within_y)
    zero = torch.zeros_like(between)
    # H = 1 - within / between; a sample is one of N in `to_y`, and in half of the pairs of `to_x`.
    shares = (2 * (to_y - to_y.mean()) * within / between - 2 * (to_x - to_x.mean())) / between
    value = torch.where(between == 0, zero, (between - within) / between)
    return value, torch.where(between == 0, torch.zeros_like(shares), shares)
