"""The interval of a score of samples: the metric's own, or by how far random halves of the sets differ."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from saddlepoint.evaluation.scorecard.comparison import Comparison
from saddlepoint.evaluation.scorecard.metric_types import SHARE, SampleMetric, estimate_of
from saddlepoint.evaluation.scorecard.score import Estimate
from saddlepoint.evaluation.statistics.intervals import distance_interval, normal_interval, share_interval


def estimate(
    metric: SampleMetric, comparisons: Sequence[Comparison], values: Sequence[float], differences: Sequence[float]
) -> Estimate:
    """The score over all sampling seeds with its 95 % interval.

    Args:
        metric: whose score it is.
        comparisons: of each sampling seed.
        values: the score of each sampling seed.
        differences: half the differences of the score between both halves of the sets, one a random split.

    Returns:
        Without an interval where value or differences are not finite.
    """
    if metric.interval != "split half":
        return estimate_of(metric.interval(comparisons, values))
    value = sum(values) / len(values)
    error = float(torch.tensor(differences, dtype=torch.float64).std()) if len(differences) > 1 else math.nan
    if not math.isfinite(value) or not math.isfinite(error):
        return Estimate(value)
    degrees = len(differences) - 1
    if metric.bounds == SHARE:
        found = share_interval(value, error, _trials(metric, comparisons), degrees=degrees)
        return Estimate(value, found.low, found.high)
    if metric.shape == "growing":
        biased = [value if metric.biased is None else metric.biased(c) for c in comparisons]
        found = distance_interval(value, error, lift=sum(biased) / len(biased) - value, degrees=degrees)
    else:
        found = normal_interval(value, error, degrees=degrees)
    low, high = metric.bounds_on(comparisons[0].context)
    return Estimate(
        value,
        found.low if low is None else min(max(found.low, low), value),
        found.high if high is None else max(min(found.high, high), value),
    )


def _trials(metric: SampleMetric, comparisons: Sequence[Comparison]) -> int:
    """How many trials a share is counted over."""
    if metric.share_of == "examples":
        return len(comparisons[0].real)
    # Every seed has samples of its own, and all are compared with the same real examples.
    return sum(min(len(c.real), len(c.fake)) for c in comparisons)
