"""Survival analysis of steps to convergence, some of which are censored: known only to be longer than the run.

A mean over the runs that converged would make a method look better than it is, because it leaves out those that did not. The
Kaplan-Meier curve uses both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlepoint.errors import DataError
from saddlepoint.evaluation.statistics.intervals import Interval


@dataclass(frozen=True)
class Survival:
    """The share of runs without the event, over time, with its interval.

    times: (T,) times of events, in order.
    survival: (T,) share of runs without the event just after each time.
    low, high: (T,) ends of the interval.
    last: the time until which runs were followed.
    n: number of runs.
    events: number of runs with the event.
    level: of the interval.
    """

    times: NDArray[np.float64]
    survival: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    last: float
    n: int
    events: int
    level: float

    def quantile(self, share: float = 0.5) -> Interval:
        """The time at which `share` of the runs have had the event; infinite if that was not reached.

        The ends are where the interval of the curve crosses 1 - share.

        References:
            A Confidence Interval for the Median Survival Time (Ron Brookmeyer, John Crowley, 1982),
            https://doi.org/10.2307/2530286
        """
        # Shares are sums of products; a median of exactly one half must not be missed by rounding.
        left = 1 - share + 1e-12
        return Interval(
            _first(self.times, self.survival <= left),
            _first(self.times, self.low <= left),
            _first(self.times, self.high <= left),
            self.level,
        )


def kaplan_meier(times: ArrayLike, observed: ArrayLike, *, level: float = 0.95) -> Survival:
    """The Kaplan-Meier curve.

    The interval uses Greenwood's variance on the scale of log(-log survival), so that it stays within [0, 1]. Where all remaining
    runs have the event this variance is 0. There the upper end is the largest share that k runs with the event cannot rule out,
    1 - ((1 - level) / 2)^(1/k): for all runs with the event so far, or for the remaining runs, multiplied by the previous end, if
    that is smaller.

    Args:
        times: (N,) time of the event of each run, or until which it was followed.
        observed: (N,) bool, whether the event was observed; otherwise the time is censored.
        level: of the interval.

    Raises:
        DataError: there are no runs, the lengths differ, or times are NaN.

    References:
        Nonparametric Estimation from Incomplete Observations (E. L. Kaplan, Paul Meier, 1958),
        https://doi.org/10.1080/01621459.1958.10501452.
        The Statistical Analysis of Failure Time Data (J. D. Kalbfleisch, R. L. Prentice, 1980),
        https://doi.org/10.1002/9781118032985
    """
    t, met = np.asarray(times, np.float64).reshape(-1), np.asarray(observed, bool).reshape(-1)
    if len(t) == 0 or len(t) != len(met) or np.isnan(t).any():
        raise DataError(f"a survival curve needs runs with a time each, got {len(t)} times and {len(met)} marks.")
    moments = np.unique(t[met])
    at_risk = (t[None] >= moments[:, None]).sum(1).astype(np.float64)
    gone = (t[None, met] == moments[:, None]).sum(1).astype(np.float64)
    survival = np.cumprod(1 - gone / at_risk)
    z = NormalDist().inv_cdf((1 + level) / 2)
    low, high = np.ones_like(survival), np.ones_like(survival)
    variance = 0.0
    for i, share in enumerate(survival):
        if gone[i] < at_risk[i]:
            variance += gone[i] / (at_risk[i] * (at_risk[i] - gone[i]))
            half = z * math.sqrt(variance) / abs(math.log(share))
            low[i], high[i] = share ** math.exp(half), share ** math.exp(-half)
        else:
            before = high[i - 1] if i else 1.0
            tail, events = (1 - level) / 2, float(gone[: i + 1].sum())
            low[i], high[i] = 0.0, min(before * (1 - tail ** (1 / at_risk[i])), 1 - tail ** (1 / events))
    return Survival(moments, survival, low, high, float(t.max()), len(t), int(met.sum()), level)


def _first(times: NDArray[np.float64], below: NDArray[np.bool_]) -> float:
    return float(times[int(below.argmax())]) if below.any() else math.inf
