"""Rubin's rules: estimates from several completed tables become one, with an interval that knows how much was missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from saddlepoint.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

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


def pool_means(tables: Sequence[pd.DataFrame], columns: Sequence[str], *, level: float = 0.95) -> tuple[Pooled, ...]:
    """Pool the means of columns of numbers.

    Args:
        tables: completed tables.
        columns: their names.
        level: probability of the intervals.

    Raises:
        DataError: a column does not exist, or holds no numbers.
    """

    def means(table: pd.DataFrame) -> dict[str, tuple[float, float]]:
        values = {column: _numbers(table, column) for column in columns}
        return {column: (float(x.mean()), float(x.var(ddof=1) / len(x))) for column, x in values.items()}

    return pool_analysis(tables, means, complete_degrees=len(tables[0]) - 1, level=level)


def pool_regression(
    tables: Sequence[pd.DataFrame], target: str, predictors: Sequence[str], *, level: float = 0.95
) -> tuple[Pooled, ...]:
    """Pool the coefficients of a linear regression.

    Args:
        tables: completed tables.
        target: name of the column that is explained, of numbers.
        predictors: names of the other columns; categories become indicators, without the first.
        level: probability of the intervals.

    Raises:
        DataError: a column does not exist, the target holds no numbers, or there are too few rows.
    """
    names, design = _inputs(tables[0], predictors)
    rows, width = design.shape
    if rows <= width:
        raise DataError(f"pool: {rows} rows do not suffice for {width} coefficients; use fewer predictors.")

    def coefficients(table: pd.DataFrame) -> dict[str, tuple[float, float]]:
        _, x = _inputs(table, predictors)
        y = _numbers(table, target)
        inverse = np.linalg.pinv(x.T @ x)
        found = inverse @ x.T @ y
        variance = float(((y - x @ found) ** 2).sum()) / (rows - width)
        errors = variance * np.diag(inverse)
        return {name: (float(found[place]), float(errors[place])) for place, name in enumerate(names)}

    return pool_analysis(tables, coefficients, complete_degrees=rows - width, level=level)


def _inputs(table: pd.DataFrame, predictors: Sequence[str]) -> tuple[list[str], Array]:
    """Names of the coefficients, and the inputs (N, p) with a constant."""
    import pandas as pd

    names, columns = ["constant"], [np.ones(len(table))]
    for name in predictors:
        cells = _column(table, name)
        if pd.api.types.is_numeric_dtype(cells.dtype) and not pd.api.types.is_bool_dtype(cells.dtype):
            names.append(name)
            columns.append(_numbers(table, name))
            continue
        is_category = isinstance(cells.dtype, pd.CategoricalDtype)
        known = cells.cat.categories if is_category else sorted(cells.dropna().unique())
        for value in list(known)[1:]:
            names.append(f"{name}={value}")
            columns.append((cells == value).to_numpy(dtype=np.float64, na_value=np.nan))
    return names, np.stack(columns, 1)


def _numbers(table: pd.DataFrame, name: str) -> Array:
    cells = _column(table, name)
    try:
        return np.asarray(cells.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"pool: column {name} holds no numbers; name a column of numbers.") from None


def _column(table: pd.DataFrame, name: str) -> pd.Series[Any]:
    if name not in table.columns:
        from saddlepoint.errors import suggestion

        raise DataError(f"pool: there is no column {name!r}.{suggestion(name, map(str, table.columns))}")
    return table[name]


def _rows(values: npt.ArrayLike) -> Array:
    array = np.asarray(values, dtype=np.float64)
    return array[:, None] if array.ndim == 1 else array
