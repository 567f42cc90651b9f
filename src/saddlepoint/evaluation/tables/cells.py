"""Cells of a column as plain numbers, for scores: also cells that the schema does not expect, which are part of what is measured.

Rows that another program generated can have categories that no real row has, and missing cells where no real one is missing. A codec
refuses these; a score counts them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from saddlepoint.data.tabular.schema import Column
from saddlepoint.data.tabular.values import to_arrays
from saddlepoint.errors import DataError, suggestion

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]


def column_values(frame: pd.DataFrame, column: Column) -> Floats:
    """The cells (N,) of a learnt column as numbers, NaN where they are missing.

    Args:
        frame: the rows.
        column: of the kind number, date (as counts of their unit since 1970) or category (as positions in the column's list; a category
            that is not in the list has the position after the last).

    Raises:
        DataError: there is no such column, or a cell is no number or date.
    """
    cells = frame[column.name] if column.name in frame.columns else None
    if cells is None:
        raise DataError(f"there is no column {column.name!r}.{suggestion(column.name, map(str, frame.columns))}")
    missing = cells.isna().to_numpy(dtype=bool)
    if missing.all():  # whatever its type
        return np.full(len(cells), np.nan)
    if column.has_categories:
        index = {value: position for position, value in enumerate(column.categories)}
        codes: Floats = np.array(
            cells.astype(object).map(index).to_numpy(dtype=np.float64, na_value=np.nan), np.float64
        )
        codes[np.isnan(codes) & ~missing] = len(index)
        return codes
    values, missing = to_arrays(cells, column.model_copy(update={"missing": 1.0}))
    return np.where(missing, np.nan, values.astype(np.float64))
