"""Kernel distance: an unbiased estimate of the squared maximum mean discrepancy (MMD) of two sets of points.

    MMD^2 = E k(X, X') + E k(Y, Y') - 2 E k(X, Y),

with means over pairs of different points. It is unbiased for any N, so it may be slightly negative for equal
distributions. Unlike the Fréchet distance it does not need more points than features. With Inception features and the
cubic polynomial kernel it is the KID.

References:
    Demystifying MMD GANs (Mikołaj Bińkowski, Danica J. Sutherland, Michael Arbel, Arthur Gretton, 2018),
    https://arxiv.org/abs/1801.01401
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.points import check_pair
from saddlepoint.evaluation.statistics.intervals import Interval

Kernel = Callable[[Tensor, Tensor], Tensor]
"""(N, D), (M, D) -> (N, M), symmetric in its arguments and positive definite."""


@dataclass(frozen=True)
class KernelDistance:
    """The kernel distance with its uncertainty.

    Attributes:
        value: the unbiased estimate of MMD^2.
        standard_error: of `value`, over fresh draws of both sets.
        interval: 95 % interval of the true MMD^2; it contains 0 if the distributions may be equal.
    """

    value: float
    standard_error: float
    interval: Interval


def polynomial_kernel(x: Tensor, y: Tensor) -> Tensor:
    """(x . y / D + 1)^3, the kernel of the KID: (N, D), (M, D) -> (N, M). MMD is 0 if the first three moments agree."""
    inner = torch.addmm(torch.ones((), dtype=x.dtype, device=x.device), x, y.T, alpha=1 / x.shape[1])
    return inner.square().mul_(inner)


def gaussian_kernel(width: float) -> Kernel:
    """The kernel exp(-|x - y|^2 / (2 width^2)), for which MMD is 0 only for equal distributions.

    Args:
        width: in the features' units.
    """

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        squares = torch.addmm(y.square().sum(1), x, y.T, alpha=-2).add_(x.square().sum(1)[:, None])
        return squares.clamp_min_(0).mul_(-0.5 / width**2).exp_()

    return kernel


def median_width(x: Tensor, y: Tensor, *, most: int = 1_000) -> float:
    """The median distance between different points of both sets, a common kernel width.

    Args:
        x: (N, D) points.
        y: (M, D) points.
        most: points of each set that are used, evenly spaced.

    Raises:
        DataError: as `check_pair`, or half of all pairs coincide, so that the median is 0.

    References:
        A Kernel Two-Sample Test (Arthur Gretton, Karsten M. Borgwardt, Malte J. Rasch, Bernhard Schölkopf, Alexander
            Smola,
        2012), section 8, https://jmlr.org/papers/v13/gretton12a.html
    """
    x, y = check_pair(x, y)
    picked = torch.cat([part[torch.linspace(0, len(part) - 1, min(most, len(part))).long()] for part in (x, y)])
    median = float(torch.pdist(picked).median())
    if median == 0:
        raise DataError(
            "half of all pairs of points are the same point, so no kernel width fits: features are constant."
        )
    return median


def kernel_distance(x: Tensor, y: Tensor, *, kernel: Kernel = polynomial_kernel, block: int = 2_048) -> KernelDistance:
    """The kernel distance over all pairs of points, in the precision of the points.

    The variance is that of a U-statistic with both terms of its Hoeffding decomposition: the first dominates for
    different distributions, and the second is the only one for equal distributions. For these the standard error is a
    fifth too large, because the estimate of the first term is clamped at 0; the interval does not depend on it (see
    `kernel_distance_interval`).

    Args:
        x: (N, D) points.
        y: (M, D) points.
        kernel: of two sets.
        block: points of each set in one block of the kernel.

    Raises:
        DataError: fewer than two points in a set, unequal numbers of features, NaN or infinite values.
    """
    x, y = check_pair(x, y, dtype=None)
    n, m = len(x), len(y)
    within_x, square_x = _row_sums(kernel, x, block)
    within_y, square_y = _row_sums(kernel, y, block)
    across_x, across_y, square_across = _cross_sums(kernel, x, y, block)
    a, b, c, d = within_x / (n - 1), within_y / (m - 1), across_x / m, across_y / n
    value = a.mean() + b.mean() - 2 * c.mean()

    first, second = variance_terms((a, b, c, d), (square_x, square_y, square_across))
    return KernelDistance(float(value), float((first + second).sqrt()), kernel_distance_interval(value, first, second))


def kernel_distance_by_subsets(
    x: Tensor,
    y: Tensor,
    *,
    generator: torch.Generator,
    kernel: Kernel = polynomial_kernel,
    subsets: int = 100,
    size: int = 1_000,
) -> tuple[float, float]:
    """Mean and standard deviation of MMD^2 over random subsets, as published for the KID.

    The standard deviation is the variation at `size` points, not the error of the mean, because subsets overlap.
    `kernel_distance` is more accurate and comes with an error.

    Args:
        x: (N, D) points.
        y: (M, D) points.
        generator: of the subsets.
        kernel: of two sets.
        subsets: number of subsets.
        size: points of a subset.

    Raises:
        DataError: fewer than `size` points in a set, unequal numbers of features, NaN or infinite values.
    """
    x, y = check_pair(x, y, least=max(2, size), dtype=None)
    pairs = [(_draw(x, size, generator), _draw(y, size, generator)) for _ in range(subsets)]
    if subsets * 3 * size**2 < (len(x) ** 2 + len(y) ** 2) / 2 + len(x) * len(y):
        values = torch.tensor([_squared_mmd(x[a], y[b], kernel) for a, b in pairs], dtype=torch.float64)
    else:  # the subsets share most of their pairs
        values = _subset_distances(x, y, pairs, kernel)
    return float(values.mean()), float(values.std(correction=0))


def variance_terms(
    means: tuple[Tensor, Tensor, Tensor, Tensor], squares: tuple[Tensor, Tensor, Tensor], *, across: float = 1.0
) -> tuple[Tensor, Tensor]:
    """The two variance terms of mean a + mean b - 2 `across` mean c: of single points, and of pairs.

    Args:
        means: a (N,) and b (M,), means of the kernel over the other points of the same set; c (N,) and d (M,), means
            over the points of the other set.
        squares: sums of the squared kernel over all i != j of each set, and over all pairs across sets.
        across: weight of the pairs across sets.

    Returns:
        The terms of first and of second order, () each, 0 or more.
    """
    a, b, c, d = means
    square_x, square_y, square_across = squares
    n, m = len(a), len(b)
    first = 4 * (a - across * c).var() / n + 4 * (b - across * d).var() / m
    alone_x = square_x / (n * (n - 1)) - 2 * a.square().mean() + a.mean() ** 2
    alone_y = square_y / (m * (m - 1)) - 2 * b.square().mean() + b.mean() ** 2
    jointly = square_across / (n * m) - c.square().mean() - d.square().mean() + c.mean() ** 2
    second = 2 * alone_x / (n * (n - 1)) + 2 * alone_y / (m * (m - 1)) + 4 * across**2 * jointly / (n * m)
    # `first` is estimated from means whose own noise adds `second` twice over.
    second = second.clamp_min(0)
    return (first - 2 * second).clamp_min(0), second


def kernel_distance_interval(value: Tensor, first: Tensor, second: Tensor) -> Interval:
    """The 95 % interval: all true values t within 1.96 standard errors of `value`, with the standard error for t.

    The first-order variance is that of the witness function, which grows in proportion to t. The usual interval, value
    ± 1.96 standard errors, ignores this. It is too narrow for small values, which come with small standard errors:
    near t = 2 sqrt(second) it covers 85 % only. The proportion is estimated, and bounded by the Cauchy-Schwarz
    inequality. A distance is never negative, but its unbiased estimate may be. The interval then extends down to the
    estimate, which adds no possible distance.

    Args:
        value: () the estimate.
        first: () its variance term of first order.
        second: () its variance term of second order.
    """
    z = 1.96
    bound = math.sqrt(8) * second.sqrt()
    proportion = torch.minimum(first / value, bound) if value > 0 else bound
    centre = value + z**2 / 2 * proportion
    half = z * (z**2 / 4 * proportion.square() + proportion * value + second).clamp_min(0).sqrt()
    return Interval(float(value), min(float(value), float(centre - half)), float(centre + half))


def _draw(x: Tensor, size: int, generator: torch.Generator) -> Tensor:
    return torch.randperm(len(x), generator=generator)[:size]


def _squared_mmd(x: Tensor, y: Tensor, kernel: Kernel) -> float:
    """MMD^2 of two sets of equal size."""
    size = len(x)
    within = [k.sum(1).double().sum() - k.diagonal().double().sum() for k in (kernel(x, x), kernel(y, y))]
    across = kernel(x, y).sum(1).double().sum()
    return float((within[0] + within[1]) / (size * (size - 1)) - 2 * across / size**2)


def _subset_distances(
    x: Tensor, y: Tensor, pairs: list[tuple[Tensor, Tensor]], kernel: Kernel, block: int = 2_048
) -> Tensor:
    """MMD^2 of each pair of subsets, (subsets,) float64; the kernel of each pair of points is computed once."""
    size = len(pairs[0][0])
    chosen_x, chosen_y = x.new_zeros(len(pairs), len(x)), y.new_zeros(len(pairs), len(y))
    for row, (a, b) in enumerate(pairs):
        chosen_x[row, a] = 1
        chosen_y[row, b] = 1
    values = torch.zeros(len(pairs), dtype=torch.float64)
    for points, chosen in ((x, chosen_x), (y, chosen_y)):
        for left, right, k in _within(kernel, points, block):
            sums = ((chosen[:, left] @ k) * chosen[:, right]).sum(1).double()
            values += (1 if left == right else 2) * sums / (size * (size - 1))
    for left, right, k in _across(kernel, x, y, block):
        values -= 2 * ((chosen_x[:, left] @ k) * chosen_y[:, right]).sum(1).double() / size**2
    return values


def _within(kernel: Kernel, x: Tensor, block: int) -> Iterator[tuple[slice, slice, Tensor]]:
    """Blocks of the kernel of x with itself, with a diagonal of 0; by symmetry only those on and above the diagonal."""
    for start in range(0, len(x), block):
        left = slice(start, start + block)
        yield left, left, kernel(x[left], x[left]).fill_diagonal_(0)
        for other in range(start + block, len(x), block):
            right = slice(other, other + block)
            yield left, right, kernel(x[left], x[right])


def _across(kernel: Kernel, x: Tensor, y: Tensor, block: int) -> Iterator[tuple[slice, slice, Tensor]]:
    """All blocks of the kernel of x with y."""
    for start in range(0, len(x), block):
        left = slice(start, start + block)
        for other in range(0, len(y), block):
            right = slice(other, other + block)
            yield left, right, kernel(x[left], y[right])


def _row_sums(kernel: Kernel, x: Tensor, block: int) -> tuple[Tensor, Tensor]:
    """Sums over j != i of k(x_i, x_j) for each i, (N,) float64, and the sum of all squares."""
    rows, squares = torch.zeros(len(x), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for left, right, k in _within(kernel, x, block):
        rows[left] += k.sum(1)
        if left != right:
            rows[right] += k.sum(0)
        squares += (1 if left == right else 2) * k.square().sum(1).double().sum()
    return rows, squares


def _cross_sums(kernel: Kernel, x: Tensor, y: Tensor, block: int) -> tuple[Tensor, Tensor, Tensor]:
    """Sums of k(x_i, y_j) over j (N,) and over i (M,), float64, and the sum of all squares."""
    over_y, over_x = torch.zeros(len(x), dtype=torch.float64), torch.zeros(len(y), dtype=torch.float64)
    squares = torch.zeros((), dtype=torch.float64)
    for left, right, k in _across(kernel, x, y, block):
        over_y[left] += k.sum(1)
        over_x[right] += k.sum(0)
        squares += k.square().sum(1).double().sum()
    return over_y, over_x, squares
