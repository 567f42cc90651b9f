"""The area under the ROC curve: the probability that a positive scores above a negative, with ties counted half.

The Mann-Whitney statistic is this area times the number of pairs. Its interval comes from the scores themselves, its test from what equal
distributions would give.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.statistics.intervals import Interval, share_interval


def auc_interval(positive: Tensor, negative: Tensor, *, widening: float = 1.0, level: float = 0.95) -> Interval:
    """The area under the ROC curve, with ties counted half, and its interval by DeLong's standard error.

    Args:
        positive: (N,) scores of independent positives.
        negative: (M,) scores of independent negatives.
        widening: factor of the standard error, for scores that depend on each other.
        level: probability that the interval holds the expectation.

    Raises:
        DataError: fewer than two scores of either kind, or NaN.

    References:
        Comparing the Areas under Two or More Correlated Receiver Operating Characteristic Curves: A Nonparametric Approach (Elizabeth
            R. DeLong, David M. DeLong, Daniel L. Clarke-Pearson, 1988), https://doi.org/10.2307/2531595
    """
    if min(len(positive), len(negative)) < 2:
        raise DataError(f"an area needs two scores of each kind, got {len(positive)} and {len(negative)}.")
    x, y = positive.double(), negative.double()
    if x.isnan().any() or y.isnan().any():
        raise DataError("a score is NaN; the area under the ROC curve needs numbers.")
    above = _share_below(x, y)  # of negatives, for each positive
    below = 1 - _share_below(y, x)
    area = float(above.mean())
    error = float(above.var() / len(x) + below.var() / len(y)) ** 0.5
    # The variance of an area of equal numbers of scores is that of a share of 1.5 (near 1/2) to 2 (near 1) times as many trials.
    most = 4 * len(x) * len(y) / (len(x) + len(y))
    return share_interval(area, widening * error, most, level=level)


def rank_sum_score(x: Tensor, y: Tensor) -> float:
    """The normal score of the area under the ROC curve of x (N,) against y (M,), about N(0, 1) where both have one distribution.

    It is above 0 where values of x exceed those of y more often than the reverse, and 0 if all values are equal.

    References:
        On a Test of Whether one of Two Random Variables is Stochastically Larger than the Other (H. B. Mann, D. R. Whitney, 1947),
        https://doi.org/10.1214/aoms/1177730491
    """
    n, m = len(x), len(y)
    total = n + m
    counts = torch.unique(torch.cat([x, y]), return_counts=True)[1].double()
    if len(counts) == 1:
        return 0.0
    ties = float((counts**3 - counts).sum()) / (total * (total - 1))
    variance = (total + 1 - ties) / (12 * n * m)  # of the area
    return (float(_share_below(x, y).mean()) - 0.5) / math.sqrt(variance)


def _share_below(x: Tensor, y: Tensor) -> Tensor:
    """For each of x (N,) the share of y (M,) that is smaller, with ties counted half: (N,)."""
    ordered = y.sort().values
    smaller = torch.searchsorted(ordered, x, right=False) + torch.searchsorted(ordered, x, right=True)
    return smaller.double() / (2 * len(y))
