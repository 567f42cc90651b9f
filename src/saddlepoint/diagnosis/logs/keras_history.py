"""Keras's `History.history` as JSON: one list of numbers a metric, one number an epoch."""

from __future__ import annotations

from collections.abc import Mapping

from saddlepoint.diagnosis.logs.json_lines import parsed
from saddlepoint.diagnosis.logs.numbers import number
from saddlepoint.diagnosis.logs.source import Source
from saddlepoint.diagnosis.logs.table import Table

EPOCH = "epoch"


def read(source: Source) -> Table | None:
    """Read a history.

    Args:
        source: of the log.

    Returns:
        Its numbers, one row an epoch from 1; None if it is no such document.
    """
    if source.is_folder or not source.text.lstrip().startswith("{"):
        return None
    document = parsed(source.text)
    if isinstance(document, Mapping) and isinstance(document.get("history"), Mapping):
        document = document["history"]
    if not isinstance(document, Mapping):
        return None
    # pandas writes a column as {"0": value, "1": value}.
    columns = {str(k): list(v.values()) if isinstance(v, Mapping) else v for k, v in document.items()}
    columns = {name: values for name, values in columns.items() if isinstance(values, list) and len(values) > 1}
    if not columns:
        return None
    rows = []
    for place in range(max(map(len, columns.values()))):
        cells = {name: number(values[place]) for name, values in columns.items() if place < len(values)}
        row = {name: value for name, value in cells.items() if value is not None}
        rows.append(row if any(name.lower() == EPOCH for name in columns) else {EPOCH: place + 1.0, **row})
    return Table("Keras history", tuple(rows))
