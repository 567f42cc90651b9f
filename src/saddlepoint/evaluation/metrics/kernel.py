"""Kernel distance: the squared maximum mean discrepancy (MMD) of two sets of points, estimated without bias.

    MMD^2 = E k(X, X') + E k(Y, Y') - 2 E k(X, Y),

the means over pairs of different points. Unbiased at any N, so it may be slightly negative where there is no
difference; unlike the Fréchet distance it needs no more points than features. With Inception features and the cubic
polynomial kernel it is the KID.

Demystifying MMD GANs (Mikołaj Bińkowski, Danica J. Sutherland, Michael Arbel, Arthur Gretton, 2018).
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
    """value: the unbiased MMD^2. standard_error: of `value`, over new draws of both sets. interval: for the true MMD^2,
    at 95 %; it holds 0 where the sets may come from one distribution."""

    value: float
    standard_error: float
    interval: Interval


def polynomial_kernel(x: Tensor, y: Tensor) -> Tensor:
    """(x . y / D + 1)^3, the kernel of the KID: MMD is 0 where the first three moments agree."""
    inner = torch.addmm(torch.ones((), dtype=x.dtype, device=x.device), x, y.T, alpha=1 / x.shape[1])
    return inner.square().mul_(inner)


def gaussian_kernel(width: float) -> Kernel:
    """exp(-|x - y|^2 / (2 width^2)): MMD is 0 only where the distributions are the same."""

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        squares = torch.addmm(y.square().sum(1), x, y.T, alpha=-2).add_(x.square().sum(1)[:, None])
        return squares.clamp_min_(0).mul_(-0.5 / width**2).exp_()

    return kernel


def median_width(x: Tensor, y: Tensor, *, most: int = 1_000) -> float:
    """The median distance between different points of both sets, from up to `most` of each, evenly picked.

    A Kernel Two-Sample Test (Arthur Gretton, Karsten M. Borgwardt, Malte J. Rasch, Bernhard Schölkopf, Alexander
    Smola, 2012), section 8. https://jmlr.org/papers/v13/gretton12a.html

    Raises:
        DataError: as `check_pair`; or half of all pairs coincide, so that the median is 0 and sets no scale.
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
    """Over all pairs of x (N, D) and y (M, D), in blocks of `block` points, in the points' own precision.

    The variance is that of a U-statistic with both terms of its Hoeffding decomposition: the first dominates where the
    distributions differ, the second is all there is where they are equal. There the standard error comes out a fifth
    too large, because the first term's estimate is cut off at 0; the interval does without it (see `kernel_distance_interval`).

    Raises:
        DataError: fewer than two points a set, unequal numbers of features, NaN or infinite values.
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
    """Mean and standard deviation of MMD^2 over random subsets of `size` points, as the KID is published.

    The standard deviation is the scatter at `size` points, not the error of the mean: subsets overlap.
    `kernel_distance` is more exact, and says how exact.

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
    """The variance of mean a + mean b - 2 `across` mean c by order: of single points, and of pairs; () each.

    means: a (N,) and b (M,) of the kernel over the other points of the own set, c (N,) and d (M,) over those of the other
    set. squares: sums of the kernel's squares over all i != j of each set, and over all pairs across.
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
    """All true values t that `value` is within 1.96 standard errors of, with the standard error that holds at t.

    The first-order variance is that of the witness function, which grows in proportion to t itself. Value ± 1.96
    standard errors would ignore this and be too narrow for small values, which come with small standard errors: near
    t = 2 sqrt(second) it covers 85 % only. The proportion is that of the estimates; Cauchy and Schwarz bound it.
    A distance is never negative, but its unbiased estimate may be: the interval then reaches down to it, which adds no
    distance that could be true.
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
    """MMD^2 of two sets of one size."""
    size = len(x)
    within = [k.sum(1).double().sum() - k.diagonal().double().sum() for k in (kernel(x, x), kernel(y, y))]
    across = kernel(x, y).sum(1).double().sum()
    return float((within[0] + within[1]) / (size * (size - 1)) - 2 * across / size**2)


def _subset_distances(
    x: Tensor, y: Tensor, pairs: list[tuple[Tensor, Tensor]], kernel: Kernel, block: int = 2_048
) -> Tensor:
    """MMD^2 of each pair of subsets, with the kernel of every pair of points computed once: (subsets,) float64."""
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
    """Blocks of the kernel of x with itself, the diagonal 0; only those on and above the diagonal, since the kernel is symmetric."""
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
    """Sums over j != i of k(x_i, x_j) for each i, (N,) float64, and of all their squares."""
    rows, squares = torch.zeros(len(x), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for left, right, k in _within(kernel, x, block):
        rows[left] += k.sum(1)
        if left != right:
            rows[right] += k.sum(0)
        squares += (1 if left == right else 2) * k.square().sum(1).double().sum()
    return rows, squares


def _cross_sums(kernel: Kernel, x: Tensor, y: Tensor, block: int) -> tuple[Tensor, Tensor, Tensor]:
    """Sums of k(x_i, y_j) over j (N,) and over i (M,), float64, and of all squares."""
    over_y, over_x = torch.zeros(len(x), dtype=torch.float64), torch.zeros(len(y), dtype=torch.float64)
    squares = torch.zeros((), dtype=torch.float64)
    for left, right, k in _across(kernel, x, y, block):
        over_y[left] += k.sum(1)
        over_x[right] += k.sum(0)
        squares += k.square().sum(1).double().sum()
    return over_y, over_x, squares
