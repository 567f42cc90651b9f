"""Confidence intervals for means of bounded values: they stay in the range and are asymmetric near its ends.

Student's interval may exceed the range if values near an end vary: [0, 8.8] of 8 modes. Clipping it makes the other
side too short.
"""

from __future__ import annotations

import math
from dataclasses import replace

from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.statistics.intervals import Interval, distance_interval, share_interval


def bounded_mean_interval(
    values: Tensor, low: float, high: float = math.inf, *, trials: float = 1.0, level: float = 0.95
) -> Interval:
    """For the mean of independent values in [low, high].

    Between two finite ends the mean is a share of the range, and has Wilson's interval for as many trials as have the variance of the
    values; at most as many as the values rest on, so that equal values do not claim to be without error. Without an upper
    end it is a distance from `low` whose variance grows in proportion to it (see `distance_interval`).

    Args:
        values: (N,), two or more; rounding errors past an end are taken for the end.
        low, high: the range.
        trials: how many yes-or-no trials a single value is the mean of: modes of a mixture, samples of a share.
        level: probability that the interval holds the expectation.

    Raises:
        DataError: fewer than two values.
        ValueError: an empty range.

    References:
        Probable Inference, the Law of Succession, and Statistical Inference (Edwin B. Wilson, 1927).
        https://doi.org/10.1080/01621459.1927.10502953
    """
    if len(values) < 2:
        raise DataError(f"an interval needs two values or more, got {len(values)}.")
    if not low < high:
        raise ValueError(f"low must be below high, got {low} and {high}")
    inside = values.double().clamp(low, high)
    count = len(inside)
    mean, error = float(inside.mean()), float(inside.std()) / math.sqrt(count)
    if math.isinf(high):
        found = distance_interval(mean - low, error, degrees=count - 1, level=level)
        return _rescale(found, 1.0, low)
    width = high - low
    share = min(max((mean - low) / width, 0.0), 1.0)
    found = share_interval(share, error / width, count * trials, degrees=count - 1, level=level)
    placed = _rescale(found, width, low)
    return replace(placed, value=mean, low=max(placed.low, low), high=min(placed.high, high))  # of rounding alone


def _rescale(interval: Interval, scale: float, start: float) -> Interval:
    value, low, high = (start + scale * part for part in (interval.value, interval.low, interval.high))
    return Interval(value, low, high, interval.level)
