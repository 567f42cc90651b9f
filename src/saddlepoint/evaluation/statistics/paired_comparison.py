"""Comparison of models by paired differences, and p-values corrected for multiple tests."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval


def paired_difference(first: Tensor, second: Tensor, *, level: float = 0.95) -> tuple[Interval, float]:
    """The mean of paired differences, with its interval and p-value by Student's t.

    Pairs share a seed or a held-out example; pairing removes their common variation. Three pairs are the useful
    minimum.

    Args:
        first: (N,) scores of one model.
        second: (N,) scores of the other model.
        level: probability that the interval holds the expectation.

    Raises:
        DataError: unequal numbers of scores, fewer than two, NaN or infinite scores.
    """
    if first.ndim != 1 or first.shape != second.shape:
        raise DataError(f"paired scores must come in twos, got shapes {tuple(first.shape)} and {tuple(second.shape)}.")
    difference = first.double() - second.double()
    if not difference.isfinite().all():
        raise DataError("a score is NaN or infinite; a difference with it says nothing: leave out that pair yourself.")
    interval = mean_interval(difference, level=level)
    error = float(difference.std()) / len(difference) ** 0.5
    if error == 0:
        return interval, 1.0 if interval.value == 0 else 0.0
    from scipy.stats import t  # half a second to import

    return interval, float(2 * t.sf(abs(interval.value) / error, len(difference) - 1))


def holm_p_values(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for multiple tests by Holm's method, in the order given.

    If those below 0.05 are rejected, the probability of any false rejection is at most 0.05, however the tests depend
    on each other.

    Args:
        p_values: in [0, 1].

    Raises:
        DataError: a value outside of [0, 1], or NaN.

    References:
        A Simple Sequentially Rejective Multiple Test Procedure (Sture Holm, 1979),
            https://www.jstor.org/stable/4615733
    """
    if any(math.isnan(p) or not 0 <= p <= 1 for p in p_values):
        raise DataError(f"p-values lie between 0 and 1, got {list(p_values)}.")
    order = sorted(range(len(p_values)), key=lambda at: p_values[at])
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = largest
    return adjusted
