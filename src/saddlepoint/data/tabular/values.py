"""Columns of a frame as plain arrays, and back: numbers as int64 or float64, categories as whole numbers, and which are missing.

Dates are whole numbers of microseconds (nanoseconds, where their type has these) since 1970 in UTC, so that they are exact. What is
restored has the type, format, range and number of decimals that the schema says.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.data.tabular.packages import import_package
from saddlepoint.data.tabular.schema import Column
from saddlepoint.errors import DataError, printable, shortened, suggestion

Numbers = npt.NDArray[Any]  # (N,) int64 or float64
Series = Any  # a pandas Series; the stubs of pandas know types of columns only as literals
Mask = npt.NDArray[np.bool_]  # (N,) true where a cell is missing
NAMED = 8  # categories that a message names
TEXTS = ("str", "object", "string")


def to_arrays(cells: Series, column: Column) -> tuple[Numbers, Mask]:
    """The values (N,) of a learnt column and where they are missing; a missing value is 0 or NaN.

    Args:
        cells: the column of a frame.
        column: what the schema says of it. Categories become their positions, int64.

    Raises:
        DataError: a cell is not what the schema says: a number, a date of the format, one of the categories, or not missing.
    """
    missing = cells.isna().to_numpy(dtype=bool)
    if missing.any() and not column.has_missing:
        row = int(np.flatnonzero(missing)[0])
        raise DataError(
            f"column {column.name}, row {row + 1:,}: the cell is missing, and the schema says that none is; set `missing` of the column "
            "to the share of missing cells, or fill the cell."
        )
    if column.has_categories:
        return _codes(cells, column, missing), missing
    try:
        if column.kind == "datetime":
            return _times(cells, column), missing
        if str(cells.dtype).startswith("timedelta"):
            return cells.to_numpy().astype(np.int64), missing
        if _is_whole(cells):
            return cells.to_numpy(dtype=np.int64, na_value=0), missing
        return cells.to_numpy(dtype=np.float64, na_value=np.nan), missing
    except (ValueError, TypeError, OverflowError) as error:
        raise DataError(
            f"column {column.name}: holds cells that are not {_expected(column)} ({shortened(printable(str(error)))})."
        ) from None


def from_arrays(values: Numbers, missing: Mask, column: Column) -> Series:
    """The column of a frame with these values (N,), in the source's type and format."""
    pd = import_package("pandas")
    if column.has_categories:
        return _from_codes(np.where(missing, -1, values), column)
    if column.kind == "datetime":
        return _from_times(values, missing, column)
    if np.issubdtype(values.dtype, np.integer):
        low, high = (None if end is None else int(end) for end in (column.low, column.high))
        values = np.clip(values, low, high) if low is not None or high is not None else values
        if column.dtype.startswith("timedelta"):
            times: Series = pd.Series(values.view(column.dtype.replace("timedelta64", "m8")))
            return times.mask(missing) if missing.any() else times
        series = pd.Series(values)
        return (series.astype("Int64").mask(missing) if missing.any() else series).astype(column.dtype)
    if column.decimals is not None:
        values = np.round(values, column.decimals)
    if column.low is not None or column.high is not None:
        values = np.clip(values, column.low, column.high)
    return pd.Series(np.where(missing, np.nan, values)).astype(column.dtype)


def constant(column: Column, n: int) -> Series:
    """The n cells of a constant column; missing ones where it has no value."""
    pd = import_package("pandas")
    if column.value is None:
        dtype = pd.CategoricalDtype(list(column.categories)) if column.dtype == "category" else column.dtype
        return pd.Series([None] * n, dtype=dtype)
    if "date" in column.dtype or column.dtype.startswith("timestamp"):
        date = pd.Series([pd.Timestamp(str(column.value))] * n)
        return _typed_times(date.dt.tz_convert(None) if date.dt.tz is not None else date, column)
    value = pd.Timedelta(int(column.value), _unit(column.dtype)) if "timedelta" in column.dtype else column.value
    return pd.Series([value] * n, dtype=column.dtype)


def date_number(text: str, column: Column) -> int:
    """The number that stands for a date, written in ISO format or in the column's own; raises ValueError where it is none."""
    pd = import_package("pandas")
    try:
        date = pd.Timestamp(text)
    except ValueError:
        date = pd.to_datetime(text, format=column.format)
    zone = column.dtype.partition(",")[2].strip(" ]") if "[pyarrow]" not in column.dtype else ""
    if date.tz is None and zone:
        date = date.tz_localize(zone)
    date = date.tz_convert("UTC").tz_localize(None) if date.tz is not None else date
    return int(date.to_datetime64().astype(f"datetime64[{_unit(column.dtype)}]").astype(np.int64))


def _codes(cells: Series, column: Column, missing: Mask) -> Numbers:
    """Positions (N,) int64 of the cells among the column's categories, 0 where they are missing."""
    index = {value: position for position, value in enumerate(column.categories)}
    cells = cells.astype(object)
    known = cells.map(index, na_action="ignore") if len(cells) else cells
    codes = np.nan_to_num(known.to_numpy(dtype=np.float64, na_value=np.nan), nan=-1).astype(np.int64)
    wrong = np.flatnonzero((codes < 0) & ~missing)
    if len(wrong):
        value = cells.iloc[int(wrong[0])]
        names = [str(category) for category in column.categories]
        more = ", ..." if len(names) > NAMED else ""
        raise DataError(
            f"column {column.name}, row {int(wrong[0]) + 1:,}: {printable(shortened(repr(value)))} is none of its categories "
            f"({shortened(', '.join(names[:NAMED]))}{more}).{suggestion(str(value), names)}"
        )
    return np.where(missing, 0, codes)


def _from_codes(codes: Numbers, column: Column) -> Series:
    pd = import_package("pandas")
    categories = list(column.categories)
    if column.dtype == "category":
        kept = pd.Categorical.from_codes(
            codes.tolist(), categories=pd.Index(categories), ordered=column.kind == "ordered"
        )
        return pd.Series(kept)
    values = np.empty(len(categories) + 1, dtype=object)
    values[:-1], values[-1] = categories, None
    return pd.Series(values[codes], dtype=column.dtype)


def _times(cells: Series, column: Column) -> Numbers:
    """Whole numbers (N,) of microseconds or nanoseconds."""
    pd = import_package("pandas")
    if str(cells.dtype) in TEXTS:
        cells = pd.to_datetime(cells, format=column.format)
    elif "pyarrow" in str(cells.dtype):
        cells = pd.to_datetime(cells.astype("datetime64[us]"))
    if cells.dt.tz is not None:
        cells = cells.dt.tz_convert("UTC").dt.tz_localize(None)
    return np.asarray(cells.to_numpy(dtype=f"datetime64[{_unit(column.dtype)}]"), f"M8[{_unit(column.dtype)}]").astype(
        np.int64
    )


def _from_times(values: Numbers, missing: Mask, column: Column) -> Series:
    pd = import_package("pandas")
    times: Series = pd.Series(values.view(f"datetime64[{_unit(column.dtype)}]"))
    times = times.mask(missing) if missing.any() else times
    if column.format is not None and column.dtype in TEXTS:
        return times.dt.strftime(column.format).astype(column.dtype)
    return _typed_times(times, column)


def _typed_times(times: Series, column: Column) -> Series:
    """UTC times without a zone in the column's type, with its zone."""
    if "[pyarrow]" not in column.dtype and "," in column.dtype:
        times = times.dt.tz_localize("UTC").dt.tz_convert(column.dtype.partition(",")[2].strip(" ]"))
    return times.astype(column.dtype)


def _unit(dtype: str) -> str:
    """What one step of a date or duration is: its type's, else microseconds."""
    if dtype.startswith("timedelta"):
        return dtype.partition("[")[2].rstrip("]")
    return "ns" if "[ns" in dtype else "us"


def _is_whole(cells: Series) -> bool:
    pd = import_package("pandas")
    return bool(pd.api.types.is_integer_dtype(cells.dtype))


def _expected(column: Column) -> str:
    return f"dates written {column.format}" if column.format and column.kind == "datetime" else f"{column.kind} values"
