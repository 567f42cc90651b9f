"""Arrow tables, as Parquet files and polars hold them, become pandas frames that keep whole numbers, truth values and dates.

pandas turns columns with missing cells into floating-point numbers or objects by itself.
"""

from __future__ import annotations

from typing import Any

from saddlepoint.data.tabular.packages import import_package
from saddlepoint.errors import DataError


def from_arrow(table: Any) -> Any:
    """A pandas frame of an Arrow table.

    Raises:
        DataError: a column holds lists, structures or other values that are no single cells.
    """
    pandas, pyarrow = import_package("pandas"), import_package("pyarrow")
    types = pyarrow.types
    for field in table.schema:
        if types.is_nested(field.type) and not types.is_dictionary(field.type):
            raise DataError(f"column {field.name} holds {field.type}, several values in one cell; leave it out.")
    frame = table.to_pandas(types_mapper=lambda kind: pandas.ArrowDtype(kind) if types.is_date(kind) else None)
    nullable = {
        getattr(pyarrow, name.lower())(): getattr(pandas, f"{name}Dtype")()
        for name in ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64")
    }
    for name in table.column_names:
        column = table.column(name)
        if not column.null_count or pandas.api.types.is_extension_array_dtype(frame[name].dtype):
            continue
        if column.type in nullable:
            frame[name] = column.to_pandas(types_mapper=nullable.get)
        elif types.is_boolean(column.type):
            frame[name] = column.to_pandas(types_mapper=lambda kind: pandas.BooleanDtype())
    for name in table.column_names:
        if types.is_decimal(table.schema.field(name).type):
            frame[name] = table.column(name).cast(pyarrow.float64()).to_pandas()
    return frame
