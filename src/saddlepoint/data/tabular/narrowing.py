"""The schema of some of the rows of a table, for a model that must learn nothing from the others.

The schema of a whole table has its ranges, categories and shares of missing cells. A model of a split that is fitted with it knows
values that occur in the held-out rows alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from saddlepoint.data.tabular.completing import complete_schema
from saddlepoint.data.tabular.schema import NUMBERS, Column, Schema

if TYPE_CHECKING:
    import pandas as pd


def narrow_schema(schema: Schema, frame: pd.DataFrame) -> Schema:
    """The schema with the values of these rows alone.

    Args:
        schema: of the whole table.
        frame: some of its rows, one or more.

    Returns:
        The same columns with the ranges, categories and shares of missing cells of the rows. Kinds, types, formats, decimals and the
        order of categories are those of the table. The target keeps all its classes, because labels are positions among them. A
        column whose cells are all missing is constant.
    """
    columns = tuple(
        column if column.name == schema.target else _narrow(column, frame[column.name].dropna())
        for column in schema.columns
    )
    return complete_schema(schema.model_copy(update={"columns": columns}), frame)


def _narrow(column: Column, given: pd.Series[Any]) -> Column:
    """The column without what other cells say; `given` are the cells of the rows that are not missing."""
    changes: dict[str, Any] = {"missing": 0.0, "reason": ""}
    if column.is_learnt and not len(given):
        changes |= {"kind": "constant", "low": None, "high": None, "categories": (), "value": None}
    elif column.has_categories:
        seen = set(given.astype(object))
        changes["categories"] = tuple(value for value in column.categories if value in seen)
    elif column.kind in NUMBERS:
        changes |= {"low": None, "high": None}
    elif column.kind == "identifier" and column.low is not None:
        changes |= {"low": int(given.min()), "high": int(given.max())}
    return column.model_copy(update=changes)
