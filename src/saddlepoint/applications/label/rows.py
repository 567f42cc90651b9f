"""Rows of a table: which cells of the column of labels are missing, and the other columns as vectors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from saddlepoint.applications.label.examples import Examples, Labels, TableParts
from saddlepoint.data.event import Event
from saddlepoint.data.missing_labels import MISSING
from saddlepoint.data.split import Part, describe_parts
from saddlepoint.data.tabular.completing import complete_schema
from saddlepoint.data.tabular.infer import infer_schema
from saddlepoint.data.tabular.schema import CATEGORIES, Column, Schema
from saddlepoint.errors import DataError, SettingError, shortened
from saddlepoint.evaluation.tables.features import TableFeatures

if TYPE_CHECKING:
    import pandas as pd

MOST_CLASSES = 30  # values of a column of numbers that are taken as classes


def rows_of(frame: pd.DataFrame, target: str, given: Schema | None, source: str) -> Examples:
    """The rows of a table as examples; rows without a label stay.

    Args:
        frame: as `read_frame` returns it.
        target: the column of labels.
        given: the schema; None infers it.
        source: what the table is called in messages.

    Raises:
        DataError: the column is not there, or no other column can be learnt.
        SettingError: the column holds no classes.
    """
    schema = infer_schema(frame) if given is None else complete_schema(given, frame)
    column = _classes(schema.column(target), frame, source)
    names = tuple(str(value) for value in column.categories)
    codes = {value: code for code, value in enumerate(column.categories)}
    cells = frame[target].astype(object)
    missing = cells.isna().to_numpy(dtype=bool)
    found = [MISSING if gap else codes.get(value, -2) for value, gap in zip(cells, missing, strict=True)]
    if -2 in found:
        row = found.index(-2)
        raise DataError(
            f"label: row {row + 1} of {source} has the label {cells.iloc[row]!r}, which is not among the classes of the schema "
            f"({shortened(', '.join(names))}); correct the row, or add the class."
        )
    table = TableParts(frame, schema, column)
    x, event = _encode(table, np.arange(len(frame)))
    text = [one.name for one in schema.columns if one.kind == "text" and one.name != target]
    notes = (f"free text is not learnt and left out: {shortened(', '.join(text))}",) if text else ()
    return Examples(x, event, np.array(found, dtype=np.int64), names, source, table=table, notes=notes)


def encode_again(examples: Examples, training: Labels) -> tuple[Tensor, Event]:
    """All rows as vectors, by scales and categories of the rows at the positions `training` alone; and what one of them is."""
    assert examples.table is not None
    return _encode(examples.table, training)


def _encode(table: TableParts, training: Labels) -> tuple[Tensor, Event]:
    others = tuple(column for column in table.schema.columns if column.name != table.target.name)
    if not any(column.is_learnt for column in others):
        raise DataError(
            f"label: the table has no column to learn from beside {table.target.name}; give columns of numbers or categories."
        )
    features = TableFeatures(
        table.frame.iloc[training].reset_index(drop=True), table.schema, without=(table.target.name,)
    )
    x = torch.from_numpy(features.encode(table.frame).astype(np.float32))
    event = describe_parts("table", Event((features.width,), "vector"), Part(x[torch.from_numpy(training)])).event
    # Numbers are standardised already, and a rare category is no farther from others than a frequent one.
    return x, replace(event, mean=(0.0,) * features.width, std=(1.0,) * features.width)


def _classes(column: Column, frame: pd.DataFrame, source: str) -> Column:
    """The column of labels as one of categories, which few enough numbers or texts are."""
    given = frame[column.name].dropna()
    if not len(given):
        raise DataError(f"label: every cell of {column.name} is missing; give some labels, of two classes or more.")
    if column.kind in CATEGORIES:
        return column
    values = sorted(given.unique().tolist())
    most = min(MOST_CLASSES, max(2, len(given) // 2))
    if column.kind == "datetime" or len(values) > most:
        raise SettingError(
            f"label: the column {column.name} of {source} is of the kind {column.kind} with {len(values):,} values, and labels are classes; "
            "choose a column of categories."
        )
    return Column(
        name=column.name,
        kind="category",
        dtype=column.dtype,
        marks=column.marks,
        format=column.format,
        categories=tuple(values),
    )
