"""Reads a log of another program as records: which format it has, what its columns are, and at which step each row was written.

A map of names says which column holds which series. Without one, a column is read as the series that its name most likely means (see
`saddlepoint.diagnosis.logs.names`), and the answer says how it was read. A map may also name the column that counts the steps.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from saddlepoint.diagnosis.logs.clock import count_steps
from saddlepoint.diagnosis.logs.columns import PARTS, STEP, check_columns, check_series, read_columns
from saddlepoint.diagnosis.logs.names import Reading
from saddlepoint.diagnosis.logs.readers import read_table
from saddlepoint.diagnosis.logs.source import Source, log_in
from saddlepoint.diagnosis.logs.table import Row
from saddlepoint.errors import RunError, SettingError
from saddlepoint.records import Record

EMPTY = 0.2  # share of a column that is NaN before a finite value: the cells are empty, as pandas writes them


@dataclass(frozen=True)
class Log:
    """A log that was read.

    Attributes:
        records: one for each step.
        readings: how each column was read that was.
        left: columns that are not read.
        unread: records of the columns that are not read, as `column/NAME`, in which a number may have become NaN.
        kind: the format.
        unit: what a step is: "step", "epoch" or "row".
        notes: what should be known about how the log was read, one sentence each.
    """

    records: tuple[Record, ...]
    readings: tuple[Reading, ...]
    left: tuple[str, ...]
    unread: tuple[Record, ...] = ()
    kind: str = ""
    unit: str = "step"
    notes: tuple[str, ...] = ()

    @property
    def taken(self) -> dict[str, str]:
        """The series as which each column was read."""
        return {reading.column: reading.series for reading in self.readings}


def read_log(path: Path, columns: Mapping[str, str] | None = None, families: Collection[str] = ()) -> Log:
    """Read a log.

    Args:
        path: a file, a folder with a log, or "-" for standard input.
        columns: columns by series, {"d/loss": "loss_D"}; also {"step": "epoch"}.
        families: what was trained, where it is known.

    Returns:
        Its records and the use of its columns.

    Raises:
        SettingError: the map names a series that no rule reads.
        RunError: there is no log, it has no numbers, a column is missing, no column is a series, a column cannot be the series that
            the map says, or a folder has several logs.
    """
    given = dict(columns or {})
    check_series(given)
    clock = given.pop(STEP, None)
    source = _source(path)
    table, name = read_table(source), source.name
    if clock is not None and table.counted is not None:
        raise SettingError(f"diagnose: {name} has steps of its own: remove step={clock} from the map.")
    check_columns(name, table, [*given.values(), *([clock] if clock else [])])
    counted = count_steps(table, tuple(given.values()), clock)
    rows, notes = _without_empty_cells(counted.rows)
    names = [name for name in table.names if any(name in row for row in rows)]
    readings, said = read_columns(name, names, rows, given, families)
    if not readings:
        raise RunError(
            f"{name}: no column is known as a series ({', '.join(names[:12]) or 'there are none'}). Name the columns, such as "
            "--map d/loss=COLUMN,g/loss=COLUMN, in Python columns= (docs/logs.md lists the series)."
        )
    if len(rows) < 2:
        raise RunError(
            f"{name} has only one row of numbers: there is nothing to compare. Give a log with a row for each epoch or more."
        )
    taken = {reading.column: reading.series for reading in readings}
    records = [Record(s, 0.0, _values(row, taken)) for s, row in zip(counted.steps, rows, strict=True)]
    left = tuple(name for name in names if name not in taken)
    others = {name: f"column/{name}" for name in left}
    unread = [
        Record(s, 0.0, {others[n]: v for n, v in row.items() if n in others})
        for s, row in zip(counted.steps, rows, strict=True)
    ]
    if "d/loss" not in taken.values() and set(PARTS) <= set(taken.values()):
        said = (
            *said,
            "The discriminator's loss was computed as the sum of its losses on real and on generated examples.",
        )
    return Log(
        records=tuple(record for record in records if record.values),
        readings=tuple(readings),
        left=left,
        unread=tuple(record for record in unread if record.values),
        kind=table.kind,
        unit=counted.unit,
        notes=(*counted.notes, *notes, *said),
    )


def _source(path: Path) -> Source:
    source = Source(path)
    if not source.is_folder and not source.is_input and not path.is_file():
        raise RunError(f"{path} is no log: give a file, a folder of TensorBoard events, or - for standard input.")
    if source.is_folder and (found := log_in(path)) is not None:
        return Source(found)
    return source


def _values(row: Row, taken: Mapping[str, str]) -> dict[str, float]:
    values = {taken[name]: value for name, value in row.items() if name in taken}
    if "d/loss" not in taken.values() and set(PARTS) <= values.keys():
        values["d/loss"] = sum(values[part] for part in PARTS)
    return values


def _without_empty_cells(rows: Sequence[Row]) -> tuple[list[Row], list[str]]:
    """Leave out NaN where it stands for "not measured in this row": often, and with finite values after it."""
    empty: dict[str, int] = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        cells = [(place, row[name]) for place, row in enumerate(rows) if name in row]
        last = max((place for place, value in cells if math.isfinite(value)), default=-1)
        missing = sum(math.isnan(value) and place < last for place, value in cells)
        if missing > EMPTY * len(cells):
            empty[name] = last
    if not empty:
        return list(rows), []
    kept: list[Row] = [
        {
            name: value
            for name, value in row.items()
            if not (name in empty and place < empty[name] and math.isnan(value))
        }
        for place, row in enumerate(rows)
    ]
    return kept, [f"Cells with NaN between numbers were read as empty ({', '.join(empty)})."]
