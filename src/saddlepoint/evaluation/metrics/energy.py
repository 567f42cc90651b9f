"""Energy distance between two sets of points: 0 if and only if they follow the same distribution."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.kernel import kernel_distance_interval, variance_terms
from saddlepoint.evaluation.metrics.pairwise import distances, mean_within
from saddlepoint.evaluation.statistics.intervals import Interval


def energy_coefficient(x: Tensor, y: Tensor) -> Tensor:
    """How far the distributions behind x (N, D) and y (M, D) are apart: () in about [0, 1], 0 when they are the same.

    With X, X' from one distribution and Y, Y' from the other,

        H = (2 E|X - Y| - E|X - X'| - E|Y - Y'|) / (2 E|X - Y|),

    the energy distance divided by its largest possible value: a pure number, whatever the units. The means within a
    set leave out each point's zero distance to itself, so the numerator is unbiased; for equal distributions the
    estimate scatters around 0 and may be slightly negative.

    Reference:
        Energy statistics: A class of statistics based on distances, Gábor Székely and Maria Rizzo, 2013,
        https://doi.org/10.1016/j.jspi.2013.03.018

    Raises:
        ValueError: a set has fewer than two points.
    """
    if len(x) < 2 or len(y) < 2:
        raise ValueError(f"energy_coefficient needs two points a set or more, got {len(x)} and {len(y)}")
    between = 2 * distances(x, y).mean()
    within = mean_within(x) + mean_within(y)
    # Two identical constant sets are at distance 0, not 0 / 0; a NaN among the points stays NaN.
    return torch.where(between == 0, torch.zeros_like(between), (between - within) / between)


def energy_interval(x: Tensor, y: Tensor) -> Interval:
    """The energy coefficient of x (N, D) and y (M, D) with its 95 % interval for the true one, over draws of both sets.

    The energy distance is a kernel distance, with the negative distance for a kernel, and has its interval, which holds from
    equal distributions to different ones. The divisor 2 E|X - Y| varies with the same points: at a coefficient of h the
    numerator less h times the divisor is the kernel distance with the pairs across weighed by 1 - h.

    Equivalence of distance-based and RKHS-based statistics in hypothesis testing (Dino Sejdinovic, Bharath Sriperumbudur,
    Arthur Gretton, Kenji Fukumizu, 2013). https://doi.org/10.1214/13-AOS1140

    Raises:
        ValueError: a set has fewer than two points.
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
    """The energy coefficient of samples x (N, D) and a fixed reference y (M, D), and what each sample adds to it: (), (N,).

    within_y: `mean_within(y)`, where that is known already.

    By the delta method: what each sample adds to the means of which the coefficient is made. Their standard error says how
    much other samples of the same model would change it, not how much another reference would; that of the differences of
    two models' shares, from the same noise, does so for the difference of their coefficients.

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
