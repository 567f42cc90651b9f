"""Survival analysis of steps to convergence: some times are known only to be longer than the study.

A mean over the runs that converged would flatter a method, because it leaves out those that did not. The Kaplan-Meier
curve uses both: converged runs, and the time until which each other run had not converged.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saddlepoint.errors import DataError
from saddlepoint.evaluation.statistics.intervals import Interval


@dataclass(frozen=True)
class Survival:
    """The share of runs that have not met an event yet, with its interval.

    Attributes:
        times: (T,) times of events, in ascending order.
        survival: (T,) share that is left just after each of these times.
        low, high: (T,) ends of its interval.
        last: longest time that any run was followed.
        n: number of runs.
        events: number of runs that met the event.
        level: confidence level of the intervals.
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
        """The time at which `share` of the runs have met the event; infinite if it was not observed.

        The ends of the interval are where the curve's own interval crosses 1 - share.

        Args:
            share: share of the runs, in (0, 1).

        Returns:
            The time with its interval at confidence level `level`.

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
    """The Kaplan-Meier curve with Greenwood's interval on the scale of log(-log survival), which stays within [0, 1].

    If all remaining runs meet the event at the same time, that interval is undefined. There the lower end is 0, and the
    upper end is the share that so few runs cannot rule out: 1 - ((1 - level) / 2)^(1/k). Here k is the number of runs
    that met the event so far or, if that is less, the number of remaining runs times the previous upper end.

    Args:
        times: (N,) time at which each run met the event, or until which it was followed without meeting it.
        observed: (N,) bool, whether the run met the event.
        level: confidence level of the interval, in (0, 1).

    Raises:
        DataError: there are no runs, the lengths differ, or times are NaN.

    References:
        Nonparametric Estimation from Incomplete Observations (E. L. Kaplan, Paul Meier, 1958),
        https://doi.org/10.1080/01621459.1958.10501452
        The Statistical Analysis of Failure Time Data (J. D. Kalbfleisch, R. L. Prentice, 1980),
        https://doi.org/10.1002/9781118032985
    """
    from scipy.stats import CensoredData, ecdf  # half a second to import

    t, met = np.asarray(times, np.float64).reshape(-1), np.asarray(observed, bool).reshape(-1)
    if len(t) == 0 or len(t) != len(met) or np.isnan(t).any():
        raise DataError(f"a survival curve needs runs with a time each, got {len(t)} times and {len(met)} marks.")
    curve = ecdf(CensoredData(uncensored=t[met], right=t[~met])).sf
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The confidence interval is undefined", category=RuntimeWarning)
        interval = curve.confidence_interval(level, method="log-log")
    moments = np.unique(t[met])
    survival, low, high = (part.evaluate(moments) for part in (curve, interval.low, interval.high))
    if met.any() and survival[-1] == 0:
        before = high[-2] if len(high) > 1 else 1.0
        tail, left = (1 - level) / 2, float((t == moments[-1]).sum())
        low[-1], high[-1] = 0.0, min(before * (1 - tail ** (1 / left)), 1 - tail ** (1 / float(met.sum())))
    return Survival(moments, survival, low, high, float(t.max()), len(t), int(met.sum()), level)


def _first(times: NDArray[np.float64], below: NDArray[np.bool_]) -> float:
    return float(times[int(below.argmax())]) if below.any() else math.inf
