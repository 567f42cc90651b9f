"""Times that are known only to be longer than the study: steps to convergence are a survival quantity.

A mean over the runs that converged would flatter a method by leaving out those that did not. The Kaplan-Meier curve uses
what is known of both: until when each run had not converged.
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
    """The share of runs that an event has not met yet, with its interval at each of its steps.

    times: (T,) when events happened, in order. survival: (T,) the share left just after each. low, high: (T,) the
    interval's ends. last: until when any run was followed. n: runs. events: how many of them met the event.
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
        """When `share` of the runs have met the event, at `level`; infinite where it was not seen.

        The ends are where the curve's own interval crosses 1 - share.

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
    """The curve of runs (N,) by when each met the event, or until when it had not; observed: (N,) bool, which of the two.

    Greenwood's variance on the scale of log(-log survival), so that the interval stays within [0, 1]. Where all that were
    left meet the event this has no width; there the upper end is the share that so few runs cannot rule out, all of k having
    met it: 1 - ((1 - level) / 2)^(1/k), of those that met it so far, or of those left times the end before, if that is less.

    Nonparametric Estimation from Incomplete Observations (E. L. Kaplan, Paul Meier, 1958),
    https://doi.org/10.1080/01621459.1958.10501452; The Statistical Analysis of Failure Time Data (J. D. Kalbfleisch, R. L.
    Prentice, 1980), https://doi.org/10.1002/9781118032985

    Raises:
        DataError: no runs, unequal numbers, or times that are NaN.
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
