"""A failure-time model: how times depend on two numbers if some times are censored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saddlepoint.evaluation.statistics.intervals import Interval

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """The model log time = intercept + of_modes log modes + of_width log width + normal noise.

    Attributes:
        intercept: the intercept.
        of_modes: coefficient of log modes, with its interval.
        of_width: coefficient of log width, with its interval.
        exponent: exponent of width as a function of modes at equal time, -of_modes / of_width.
        scatter: standard deviation of the noise.
    """

    intercept: float
    of_modes: Interval
    of_width: Interval
    exponent: Interval
    scatter: float


def fit_failure_times(
    x: Floats,
    log_times: Floats,
    observed: NDArray[np.bool_],
    seeds: NDArray[np.int64],
    *,
    repeats: int,
    level: float = 0.95,
) -> Fit:
    """Fit an accelerated failure time model with normal errors of log times by maximum likelihood.

    Intervals are bootstrap percentiles. Seeds are resampled, so that all runs of a seed stay together. The exponent is
    a ratio: if of_width can be 0, its percentiles are far apart, as they should be.

    Args:
        x: (N, 2) log modes and log width.
        log_times: (N,) logarithm of the time, or of the time until which a run was followed.
        observed: (N,) bool, whether the time was observed; otherwise it is censored.
        seeds: (N,) seed of each run.
        repeats: number of bootstrap samples.
        level: confidence level of the intervals, in (0, 1).

    References:
        The Statistical Analysis of Failure Time Data (J. D. Kalbfleisch, R. L. Prentice, 1980), chapter 3,
        https://doi.org/10.1002/9781118032985
    """
    design = np.column_stack([np.ones(len(x)), x])
    names, places = np.unique(seeds, return_inverse=True)
    start = np.concatenate([np.linalg.lstsq(design, log_times, rcond=None)[0], [0.0]])
    best = _maximum(design, log_times, observed, np.ones(len(x)), start)
    generator = np.random.default_rng(0)
    draws = []
    for _ in range(repeats):
        counts = np.bincount(generator.integers(len(names), size=len(names)), minlength=len(names))
        draws.append(_maximum(design, log_times, observed, counts[places].astype(np.float64), best))
    table = np.array(draws)
    tails = (100 * (1 - level) / 2, 100 * (1 + level) / 2)

    def interval(value: float, values: Floats) -> Interval:
        low, high = np.percentile(values, tails)
        return Interval(value, min(float(low), value), max(float(high), value), level)

    return Fit(
        float(best[0]),
        interval(float(best[1]), table[:, 1]),
        interval(float(best[2]), table[:, 2]),
        interval(float(-best[1] / best[2]), -table[:, 1] / table[:, 2]),
        float(np.exp(best[3])),
    )


def _maximum(design: Floats, y: Floats, observed: NDArray[np.bool_], weights: Floats, start: Floats) -> Floats:
    """Maximum-likelihood coefficients and the logarithm of the scatter, (P + 1,)."""
    from scipy.optimize import minimize
    from scipy.special import log_ndtr

    total = weights.sum()

    def loss(point: Floats) -> tuple[float, Floats]:
        coefficients, log_scatter = point[:-1], point[-1]
        z = (y - design @ coefficients) / np.exp(log_scatter)
        tail = log_ndtr(-z)
        hazard = np.exp(-0.5 * z**2 - 0.5 * np.log(2 * np.pi) - tail)  # of the normal distribution
        value = np.where(observed, 0.5 * z**2 + log_scatter, -tail)
        slope = np.where(observed, -z, -hazard)  # by the fitted value, in units of the scatter
        by_scatter = np.where(observed, 1 - z**2, -hazard * z)
        gradient = np.append(design.T @ (weights * slope) / np.exp(log_scatter), (weights * by_scatter).sum())
        return float((weights * value).sum() / total), gradient / total

    found: Floats = minimize(loss, start, jac=True, method="BFGS").x
    return found
