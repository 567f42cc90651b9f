"""Reads a log of another program as records: which format it has, what its columns are, and at which step each row was written.

A map of names says which column holds which series. Without one, a column is read as the series that its name most likely means (see
`saddlepoint.diagnosis.logs.names`), and the answer says how it was read. A map may also name the column that counts the steps.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from saddlepoint.diagnosis.declaration import NOT_SERIES
from saddlepoint.diagnosis.log_rules import LOG_RULES
from saddlepoint.diagnosis.logs.clock import count_steps
from saddlepoint.diagnosis.logs.meanings import MEANINGS
from saddlepoint.diagnosis.logs.names import UNNAMED, Reading, assign, families_of
from saddlepoint.diagnosis.logs.readers import read_table
from saddlepoint.diagnosis.logs.source import Source, log_in
from saddlepoint.diagnosis.logs.table import Row, Table
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.errors import RunError, SettingError, suggestion
from saddlepoint.records import Record

PROBABILITIES = {"d/real_score": "d/real_logit", "d/fake_score": "d/fake_logit"}  # and the series of the logit
STEP = "step"  # in a map: the column that counts the steps
PLAYERS = ("d", "g", "vae", "ae", "vq", "ar", "flow", "em", "dm", "model")
PARTS = ("d/real_loss", "d/fake_loss")  # whose sum is the discriminator's loss
USUAL = ("d/loss", "g/loss", "d/real_score", "d/fake_score", "vae/reconstruction", "vae/kl", "model/loss")
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
    _check_series(given)
    clock = given.pop(STEP, None)
    source = _source(path)
    table, name = read_table(source), source.name
    if clock is not None and table.counted is not None:
        raise SettingError(f"diagnose: {name} has steps of its own: remove step={clock} from the map.")
    _check_columns(name, table, [*given.values(), *([clock] if clock else [])])
    counted = count_steps(table, tuple(given.values()), clock)
    rows, notes = _without_empty_cells(counted.rows)
    names = [name for name in table.names if any(name in row for row in rows)]
    readings, said = _readings(name, names, rows, given, families)
    if not readings:
        raise RunError(
            f"{name}: no column is known as a series ({', '.join(names[:12]) or 'there are none'}). Name the columns, such as "
            "--map d/loss=COLUMN,g/loss=COLUMN (docs/logs.md lists the series)."
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


@cache
def series_read() -> tuple[str, ...]:
    """Return the names of all series that rules read."""
    rules = (*RULES, *(problem.rule for problem in LOG_RULES.values()))
    named = {name for rule in rules for name in (*rule.needs, *rule.optional)} - set(NOT_SERIES)
    patterns = {"*/loss", "*/learning_rate", *(pattern for rule in rules for pattern in rule.reads)}
    each = {pattern.replace("*", player) for pattern in patterns for player in PLAYERS}
    return tuple(sorted({name.replace("_", "/", 1) for name in named} | each | set(MEANINGS)))


def _source(path: Path) -> Source:
    source = Source(path)
    if not source.is_folder and not source.is_input and not path.is_file():
        raise RunError(f"{path} is no log: give a file, a folder of TensorBoard events, or - for standard input.")
    if source.is_folder and (found := log_in(path)) is not None:
        return Source(found)
    return source


def _readings(
    where: str, names: Sequence[str], rows: Sequence[Row], given: Mapping[str, str], families: Collection[str]
) -> tuple[list[Reading], tuple[str, ...]]:
    """Return how columns are read: as the map says, under their own name where it is that of a series, else by a guess."""
    fixed = {column: series for series, column in given.items()}
    for name in names:
        if name not in fixed and name not in fixed.values() and _is_series(name):
            fixed[name] = name
    readings = assign(names, fixed, families or families_of([*names, *fixed.values()]))
    found, notes = [], []
    for reading in readings:
        values = [row[reading.column] for row in rows if reading.column in row]
        outside = [value for value in values if math.isfinite(value) and not 0 <= value <= 1]
        if reading.series in PROBABILITIES and outside:
            logit = PROBABILITIES[reading.series]
            if reading.column in given.values():
                raise RunError(
                    f'{where}: column "{reading.column}" was read as {reading.series}, a probability, but has the value '
                    f"{outside[0]:.4g}. If these are logits, use --map {logit}={reading.column}; if they are losses, remove the column "
                    "from the log."
                )
            reading = Reading(reading.column, logit, reading.score)
            notes.append(
                f'"{reading.column}" is no probability (it has the value {outside[0]:.4g}) and was read as an output.'
            )
        if reading.series in PARTS and reading.score < UNNAMED and not outside:
            continue  # D_real within 0 and 1 may be a score or a loss
        found.append(reading)
    return found, tuple(notes)


def _is_series(name: str) -> bool:
    return name in series_read() or (name.count("/") == 1 and name.split("/")[0] == "quality")


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


def _check_series(columns: Iterable[str]) -> None:
    for series in columns:
        if series != STEP and series not in series_read():
            meant = (
                suggestion(series, series_read())
                or f" Most logs have {', '.join(USUAL)} (docs/logs.md and docs/diagnosis.md list all)."
            )
            raise SettingError(
                f"diagnose: no rule reads a series {series}.{meant} {STEP} is the column that counts the steps."
            )


def _check_columns(where: str, table: Table, columns: Iterable[str]) -> None:
    present = table.columns or table.names
    for column in columns:
        if column not in present:
            raise RunError(
                f'{where} has no column "{column}".{suggestion(column, present)} It has: {", ".join(present[:12])}.'
            )
        if column not in table.names:
            raise RunError(f'{where}: column "{column}" holds no number.')
