"""Tables of any library as frames of pandas or as arrays with NaN, and completed ones back in the form that they came in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from saddlepoint.applications.impute.method import Matrix

if TYPE_CHECKING:
    import pandas as pd


def to_pandas(table: Any) -> pd.DataFrame | None:
    """A data frame of any library or a record array as a frame of pandas, with rows numbered from 0; None for other arrays and lists."""
    from saddlepoint.data.tabular.reading import is_table, read_frame

    return read_frame(table) if is_table(table) else None


def to_library(original: Any, frame: pd.DataFrame) -> Any:
    """Return a frame of pandas in the form of another table.

    Args:
        original: gives the library, and for pandas the index and the names of the columns. Of an array comes an array.
        frame: (N, D), with the rows of `original`.
    """
    if type(original).__module__.partition(".")[0] == "pandas":
        names = dict(zip(map(str, original.columns), original.columns, strict=True))
        return frame.set_axis(original.index, axis=0).rename(columns=names)
    if isinstance(original, np.ndarray | list | tuple):
        is_plain = not (isinstance(original, np.ndarray) and original.dtype.names)
        return frame.to_numpy() if is_plain else frame.to_records(index=False)
    from saddlepoint.data.tabular.packages import import_package

    narwhals, pyarrow = import_package("narwhals"), import_package("pyarrow")
    backend = narwhals.from_native(original).implementation
    table = pyarrow.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    return narwhals.from_arrow(table, backend=backend).to_native()


def mark_missing(numbers: Matrix, missing_values: Any) -> Matrix:
    """Return numbers with NaN where they equal `missing_values`, in place.

    Args:
        numbers: (N, D).
        missing_values: what stands in missing cells; NaN and None change nothing.

    Raises:
        ValueError: there are two marks, this one and NaN.
    """
    if missing_values is None or np.isnan(missing_values):
        return numbers
    if np.isnan(numbers).any():
        raise ValueError(f"Input X contains NaN, and missing cells are said to hold {missing_values}; mark them alike.")
    numbers[numbers == missing_values] = np.nan
    return numbers


def float_type(table: Any) -> Any:
    """float32 for a table of that type, else float64."""
    return np.float32 if getattr(table, "dtype", None) == np.float32 else np.float64
