"""Rubin's rules: estimates from several completed tables become one, with an interval that knows how much was missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.errors import DataError

Array = npt.NDArray[np.float64]
Analysis = Callable[[Any], Mapping[str, tuple[float, float]]]
"""A function of a completed table that returns an estimate and its variance (squared standard error) by name."""


@dataclass(frozen=True)
class Pooled:
    """An estimate pooled over completed tables.

    Attributes:
        name: of what is estimated.
        estimate: mean over the tables.
        within: mean variance of the estimates.
        between: variance of the estimates over the tables.
        total: within + (1 + 1/m) between.
        degrees: degrees of freedom of the t distribution, by Barnard and Rubin.
        low, high: ends of the interval.
        level: probability of the interval.
        missing_information: share of the total variance that is due to missing cells.
        draws: number m of tables.
    """

    name: str
    estimate: float
    within: float
    between: float
    total: float
    degrees: float
    low: float
    high: float
    level: float
    missing_information: float
    draws: int

    def __str__(self) -> str:
        return f"{self.name}: {self.estimate:.6g}, {100 * self.level:g} % interval {self.low:.6g} to {self.high:.6g}"


def pool(
    estimates: npt.ArrayLike,
    variances: npt.ArrayLike,
    *,
    names: Sequence[str] | None = None,
    complete_degrees: float = np.inf,
    level: float = 0.95,
) -> tuple[Pooled, ...]:
    """Pool estimates of p quantities over m completed tables.

        T = W + (1 + 1/m) B,    l = (1 + 1/m) B / T
        1/v = 1/v_old + 1/v_obs,    v_old = (m - 1) / l^2,    v_obs = (v_com + 1) / (v_com + 3) v_com (1 - l)

    Args:
        estimates: (m, p) or (m,).
        variances: of the same shape, the squared standard errors.
        names: (p,) of the quantities.
        complete_degrees: v_com, the degrees of freedom if nothing was missing, such as rows less coefficients.
        level: probability of the intervals, between 0 and 1.

    Raises:
        DataError: fewer than two tables, different shapes, a negative variance, or a level outside of (0, 1).

    References:
        Multiple Imputation for Nonresponse in Surveys (Rubin, 1987), https://doi.org/10.1002/9780470316696.
        Small-sample degrees of freedom with multiple imputation (Barnard, Rubin, 1999), https://doi.org/10.1093/biomet/86.4.948.
    """
    from scipy import stats

    q, u = _rows(estimates), _rows(variances)
    if q.shape != u.shape or len(q) < 2:
        raise DataError(
            f"pool: estimates of shape {q.shape} and variances of shape {u.shape}; give both for at least 2 completed tables."
        )
    if not 0 < level < 1:
        raise DataError(f"pool: level {level} is not between 0 and 1; give 0.95 for 95 %.")
    if not (u >= 0).all():
        raise DataError("pool: a variance is negative or not a number; give squared standard errors.")
    m = len(q)
    estimate, within, between = q.mean(0), u.mean(0), q.var(0, ddof=1)
    total = within + (1 + 1 / m) * between
    pooled = []
    for index in range(q.shape[1]):
        share = (1 + 1 / m) * between[index] / total[index] if total[index] > 0 else 0.0
        degrees = pooled_degrees(share, m, complete_degrees)
        half = float(stats.t.ppf(0.5 + level / 2, degrees) * np.sqrt(total[index]))
        centre = float(estimate[index])
        pooled.append(
            Pooled(
                names[index] if names is not None else f"quantity {index + 1}",
                centre,
                float(within[index]),
                float(between[index]),
                float(total[index]),
                degrees,
                centre - half,
                centre + half,
                level,
                float(share),
                m,
            )
        )
    return tuple(pooled)


def pooled_degrees(share: float, draws: int, complete: float = np.inf) -> float:
    """Return the degrees of freedom of Barnard and Rubin.

    Args:
        share: of the total variance that is due to missing cells.
        draws: number of completed tables.
        complete: degrees of freedom if nothing was missing.
    """
    old = (draws - 1) / share**2 if share > 1e-12 else np.inf
    if np.isinf(complete):
        return float(old)
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    if observed <= 0:
        return float(min(old, 1.0))
    return float(observed if np.isinf(old) else old * observed / (old + observed))


def pool_analysis(
    tables: Sequence[Any], analysis: Analysis, *, complete_degrees: float = np.inf, level: float = 0.95
) -> tuple[Pooled, ...]:
    """Pool a function of each completed table.

    Args:
        tables: completed tables.
        analysis: returns {name: (estimate, squared standard error)} of one table, the same names for each.
        complete_degrees: degrees of freedom if nothing was missing.
        level: probability of the intervals.

    Raises:
        DataError: the names differ between tables, or fewer than two tables.
    """
    found = [dict(analysis(table)) for table in tables]
    names = list(found[0]) if found else []
    for number, one in enumerate(found, 1):
        if list(one) != names:
            raise DataError(
                f"pool: the analysis of table {number} returns {list(one)}, and that of table 1 {names}; return the same names."
            )
    return pool(
        [[one[name][0] for name in names] for one in found],
        [[one[name][1] for name in names] for one in found],
        names=names,
        complete_degrees=complete_degrees,
        level=level,
    )


def _rows(values: npt.ArrayLike) -> Array:
    array = np.asarray(values, dtype=np.float64)
    return array[:, None] if array.ndim == 1 else array
