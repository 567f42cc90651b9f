"""Complete a schema that a person wrote or edited with what the table itself says: types, ranges, categories, formats of dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saddlepoint.data.tabular.dates import find_format
from saddlepoint.data.tabular.infer import count_decimals, infer_schema, scalar
from saddlepoint.data.tabular.schema import NUMBERS, Column, Schema
from saddlepoint.data.tabular.values import TEXTS
from saddlepoint.errors import DataError, shortened, suggestion

if TYPE_CHECKING:
    import pandas as pd


def complete_schema(schema: Schema, frame: pd.DataFrame) -> Schema:
    """The schema with all that it leaves open, as the frame has it. What it says is kept.

    Raises:
        DataError: the frame lacks a column, or a column cannot be of the kind that the schema says.
    """
    for column in schema.columns:
        if column.name not in frame.columns:
            names = [str(name) for name in frame.columns]
            raise DataError(
                f"the schema has a column {column.name!r}, and the table has none.{suggestion(column.name, names)} The table's columns are "
                f"{shortened(', '.join(names))}."
            )
    found = {column.name: column for column in infer_schema(frame).columns}
    columns = tuple(_complete(column, found[column.name], frame[column.name]) for column in schema.columns)
    return schema.model_copy(update={"columns": columns})


def _complete(column: Column, found: Column, cells: pd.Series[Any]) -> Column:
    changes: dict[str, Any] = {"dtype": column.dtype or found.dtype, "marks": column.marks or found.marks}
    if not column.missing:
        changes["missing"] = found.missing
    given = cells.dropna()
    if column.has_categories and not column.categories:
        values = found.categories or tuple(sorted(scalar(value, column.name) for value in given.unique()))
        if not values:
            raise DataError(
                f"column {column.name}: every cell is missing, so that it has no categories; make its kind `constant`."
            )
        changes["categories"] = values
    if column.kind == "datetime" and column.format is None and changes["dtype"] in TEXTS:
        changes["format"] = find_format([str(value) for value in given.unique()])
        if changes["format"] is None:
            raise DataError(
                f"column {column.name}: the schema says that its cells are dates, and they have no known format; give `format`, such as %d.%m.%y."
            )
    if column.kind in NUMBERS:
        # Cells of a part of the rows may all be equal, or all missing.
        is_number = found.kind == "constant" and (found.value is None or isinstance(found.value, int | float))
        usual = found.kind in ("continuous", "integer", "datetime", "boolean", "identifier")
        if not (usual or is_number or column.kind == "datetime"):
            raise DataError(
                f"column {column.name}: the schema says that its cells are numbers, and they are texts; correct its kind."
            )
        if column.kind == found.kind:
            changes |= {key: getattr(found, key) for key in ("low", "high", "decimals") if getattr(column, key) is None}
        elif column.kind != "datetime" and "float" in changes["dtype"].lower() and column.decimals is None:
            changes["decimals"] = count_decimals(given.to_numpy(dtype=float))
    if column.kind == "constant" and found.kind == "constant" and column.value is None:
        changes["value"] = found.value
    return column.model_copy(update=changes)
