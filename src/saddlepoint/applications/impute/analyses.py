"""Analyses of completed tables that are pooled by Rubin's rules: means of columns, and linear regressions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlepoint.applications.impute.pooling import Array, Pooled, pool_analysis
from saddlepoint.errors import DataError, suggestion

if TYPE_CHECKING:
    import pandas as pd


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
        raise DataError(f"pool: there is no column {name!r}.{suggestion(name, map(str, table.columns))}")
    return table[name]
