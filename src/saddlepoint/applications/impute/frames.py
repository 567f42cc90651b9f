"""Frames as matrices that methods take, and filled cells back in their column's own type.

Numbers and dates stay as they are, categories become codes. Columns of which nothing can be learnt (all cells missing, constants,
identifiers, text) are no part of the matrix; they come back as they were, and what stays missing in them is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlepoint.applications.impute.method import Kinds, Mask, Matrix
from saddlepoint.data.tabular.schema import Column, Schema
from saddlepoint.errors import DataError, suggestion

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class FrameMatrix:
    """How a frame with a schema becomes a matrix.

    Attributes:
        schema: of the frame.
        used: columns of the matrix, in their order.
        empty: names of columns without any observed cell.
    """

    schema: Schema
    used: tuple[Column, ...]
    empty: tuple[str, ...]

    @classmethod
    def of(cls, frame: pd.DataFrame, schema: Schema) -> FrameMatrix:
        """Decide which columns are used.

        Args:
            frame: the rows that a method is fitted to.
            schema: of the frame.

        Raises:
            DataError: a column of the schema is not in the frame.
        """
        check_columns(frame, schema.names)
        empty = tuple(name for name in schema.names if frame[name].isna().all())
        # New rows may lack values where these rows have them all.
        used = tuple(column.model_copy(update={"missing": 1.0}) for column in schema.learnt if column.name not in empty)
        return cls(schema, used, empty)

    @property
    def kinds(self) -> Kinds:
        """The number of categories of each column of the matrix, 0 for numbers and dates."""
        return tuple(len(column.categories) for column in self.used)

    def matrix(self, frame: pd.DataFrame) -> Matrix:
        """The matrix (N, D) of a frame.

        Args:
            frame: with the columns of the schema.

        Raises:
            DataError: a column is not there, or holds a category that was not there when the method was fitted.
        """
        from saddlepoint.data.tabular.values import to_arrays

        check_columns(frame, [column.name for column in self.used])
        columns = [np.empty((len(frame), 0))]
        for column in self.used:
            cells = frame[column.name]
            if cells.isna().all():  # whatever its type, as a new row may be of another
                columns.append(np.full((len(frame), 1), np.nan))
                continue
            values, missing = to_arrays(cells, column)
            columns.append(np.where(missing, np.nan, values.astype(np.float64))[:, None])
        return np.concatenate(columns, 1)

    def filled(self, frame: pd.DataFrame, completed: Matrix) -> pd.DataFrame:
        """The frame with its missing cells taken from a completed matrix; all other cells are the very same.

        Args:
            frame: the rows that the matrix was made of.
            completed: (N, D) without NaN.
        """
        result = frame.copy()
        for place, column in enumerate(self.used):
            rows = frame[column.name].isna().to_numpy(dtype=bool)
            if rows.any():
                result[column.name] = fill_cells(frame[column.name], rows, completed[rows, place], column)
        for column in self.schema.columns:
            if column.kind == "constant" and column.value is not None and frame[column.name].isna().any():
                result[column.name] = frame[column.name].fillna(column.value)
        return result

    def left(self, frame: pd.DataFrame) -> dict[str, str]:
        """Why cells of the completed frame are still missing, by the names of their columns."""
        found = {}
        for column in self.schema.columns:
            if not frame[column.name].isna().any():
                continue
            if column.name in self.empty:
                found[column.name] = "it has no observed value to learn from"
            elif column.kind in ("identifier", "text"):
                kind = "an identifier" if column.kind == "identifier" else "free text"
                found[column.name] = f"it is {kind}, which cannot be inferred from other columns"
        return found


def fill_cells(cells: pd.Series[Any], rows: Mask, values: Matrix, column: Column) -> pd.Series[Any]:
    """A column whose cells at `rows` (N,) are replaced.

    Args:
        cells: (N,) the column.
        rows: which cells are filled.
        values: (n,) numbers, or codes of categories.
        column: what the schema says of it.
    """
    from saddlepoint.data.tabular.values import from_arrays

    whole = (
        column.has_categories
        or column.kind == "datetime"
        or column.dtype.lower().startswith(("int", "uint", "timedelta"))
    )
    plain = np.round(values).astype(np.int64) if whole else values
    new = from_arrays(plain, np.zeros(len(plain), dtype=bool), column)
    result: Any = cells.copy()
    if result.isna().all() and str(result.dtype) == "object":
        result = result.astype(column.dtype)
    result.iloc[np.flatnonzero(rows)] = new.array if result.dtype == new.dtype else new.to_numpy()
    filled: pd.Series[Any] = result
    return filled


def check_columns(frame: pd.DataFrame, names: Any) -> None:
    """Check that a frame has these columns; raises DataError where it lacks one."""
    for name in names:
        if name not in frame.columns:
            raise DataError(
                f"impute: there is no column {name!r}.{suggestion(name, map(str, frame.columns))} "
                "Give the columns that the imputer was fitted to."
            )
