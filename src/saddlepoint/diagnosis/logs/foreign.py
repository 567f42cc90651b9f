"""Reads logs of other programs as records: CSV files and TensorBoard's event files.

A map of names says which column holds which series. Without one, a column is read as the series whose name it has, or which
it stands for in widely used training scripts. Other columns are reported as unused; nothing is guessed. A map may also name
the column that counts the steps.
"""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from saddlepoint.diagnosis.declaration import NOT_SERIES
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.errors import RunError, SettingError, suggestion
from saddlepoint.records import Record

# Names of these series in widely used scripts, in lower case; only those that cannot mean anything else.
KNOWN = {
    "loss_d": "d/loss", "d_loss": "d/loss", "lossd": "d/loss", "errd": "d/loss", "loss/d": "d/loss",
    "discriminator_loss": "d/loss", "loss_discriminator": "d/loss",
    "loss_g": "g/loss", "g_loss": "g/loss", "lossg": "g/loss", "errg": "g/loss", "loss/g": "g/loss",
    "generator_loss": "g/loss", "loss_generator": "g/loss",
    "d(x)": "d/real_score", "d_x": "d/real_score",
    "d(g(z))": "d/fake_score", "d_g_z": "d/fake_score",
    "kl": "vae/kl", "kld": "vae/kl", "kl_loss": "vae/kl", "loss_kl": "vae/kl",
    "recon": "vae/reconstruction", "reconstruction": "vae/reconstruction", "recon_loss": "vae/reconstruction",
    "reconstruction_loss": "vae/reconstruction",
}  # fmt: skip
PROBABILITIES = {"d/real_score": "d/real_logit", "d/fake_score": "d/fake_logit"}  # and the series of the logit
SEPARATORS = (",", ";", "\t")
STEPS = ("step", "_step", "global_step", "iteration", "iter", "epoch")
STEP = "step"  # in a map: the column that counts the steps
PLAYERS = ("d", "g", "vae", "ae", "vq", "ar", "flow", "em", "dm")
MOST_FOLDERS = 10_000  # searched for event files
EVENTS = "events.out.tfevents"


@dataclass(frozen=True)
class Log:
    """A log that was read.

    Attributes:
        records: one for each step.
        taken: the series that a column was read as, by column.
        left: columns that are not read.
    """

    records: tuple[Record, ...]
    taken: Mapping[str, str]
    left: tuple[str, ...]


def read_log(path: Path, columns: Mapping[str, str] | None = None) -> Log:
    """Read a log.

    Args:
        path: a CSV file, or a folder (or file) of TensorBoard events.
        columns: columns by series, {"d/loss": "loss_D"}; for a CSV file also {"step": "epoch"}.

    Returns:
        Its records and the use of its columns.

    Raises:
        SettingError: the map names a series that no rule reads.
        RunError: there is no log, a column is missing, no column is a series, a column cannot be the series that it is read
            as, or a folder has the events of several runs.
    """
    columns = dict(columns or {})
    _check_series(columns)
    clock = columns.pop(STEP, None)
    if path.is_file() and not path.name.startswith(EVENTS):
        names, rows = _csv_rows(path, columns.values(), clock)
    elif clock is not None and path.exists():
        raise SettingError(f"diagnose: {path} has steps of its own: remove step={clock} from the map.")
    elif path.exists() and _event_files(path):
        rows = list(_event_rows(path))
        names = list(dict.fromkeys(name for _, row in rows for name in row))
    else:
        raise RunError(
            f"{path} is no log: give the folder of a run, a CSV file with one row a step, or a folder of TensorBoard events."
        )
    taken = _select(names, columns, path)
    if not taken:
        raise RunError(
            f"{path}: no column is known as a series ({', '.join(names[:12]) or 'there are none'}). Name the columns, such as "
            "--map d/loss=COLUMN,g/loss=COLUMN (docs/diagnosis.md lists the series)."
        )
    for column, series in taken.items():
        _check_scores(path, column, series, [row[column] for _, row in rows if column in row])
    records = [Record(step, 0.0, {taken[n]: v for n, v in row.items() if n in taken}) for step, row in rows]
    left = tuple(name for name in names if name not in taken)
    return Log(tuple(record for record in records if record.values), taken, left)


@cache
def series_read() -> tuple[str, ...]:
    """Return the names of all series that rules read."""
    named = {name for rule in RULES for name in (*rule.needs, *rule.optional)} - set(NOT_SERIES)
    patterns = {"*/loss", "*/learning_rate", *(pattern for rule in RULES for pattern in rule.reads)}
    each = {pattern.replace("*", player) for pattern in patterns for player in PLAYERS}
    return tuple(sorted({name.replace("_", "/", 1) for name in named} | each))


def _check_series(columns: Iterable[str]) -> None:
    for series in columns:
        if series != STEP and series not in series_read():
            meant = suggestion(series, series_read()) or f" Rules read {', '.join(series_read())}."
            raise SettingError(
                f"diagnose: no rule reads a series {series}.{meant} {STEP} is the column that counts the steps."
            )


def _select(names: Iterable[str], columns: Mapping[str, str], path: Path) -> dict[str, str]:
    present = list(names)
    taken: dict[str, str] = {}
    for series, column in columns.items():
        if column not in present:
            raise RunError(
                f'{path} has no column "{column}".{suggestion(column, present)} It has: {", ".join(present[:12])}.'
            )
        taken[column] = series
    for name in present:
        meant = name if "/" in name and name.split("/")[0] in (*PLAYERS, "quality") else KNOWN.get(name.lower())
        if name not in taken and meant is not None and meant not in taken.values():
            taken[name] = meant
    return taken


def _check_scores(path: Path, column: str, series: str, values: Iterable[float]) -> None:
    """Check that scores are probabilities: some programs log logits or losses under names like D(x)."""
    outside = [value for value in values if math.isfinite(value) and not 0 <= value <= 1]
    if series in PROBABILITIES and outside:
        raise RunError(
            f'{path}: column "{column}" was read as {series}, a probability, but has the value {outside[0]:.4g}. If these are '
            f"logits, use --map {PROBABILITIES[series]}={column}; if they are losses, remove the column from the log."
        )


def _csv_rows(
    path: Path, mapped: Collection[str], clock: str | None
) -> tuple[list[str], list[tuple[int, dict[str, float]]]]:
    """Return the columns with numbers, and (step, {column: number}) for each row; without a column of steps, rows count."""
    _check_text(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            header = file.readline()
            file.seek(0)
            separator = max(SEPARATORS, key=header.count)
            reader = csv.DictReader(file, skipinitialspace=True, delimiter=separator)
            names = [str(name).strip() for name in reader.fieldnames or ()]
            rows = [{str(name).strip(): _number(text) for name, text in row.items()} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RunError(
            f"{path} is no CSV file: {error}. Give a text file whose first row has the names of the columns."
        ) from None
    if not rows:
        raise RunError(f"{path} has only one row, which is read as the names of the columns.")
    for column in (*mapped, *([clock] if clock else [])):
        if column not in names:
            raise RunError(
                f'{path} has no column "{column}".{suggestion(column, names)} It has: {", ".join(names[:12])}.'
            )
        if all(row.get(column) is None for row in rows):
            raise RunError(f'{path}: column "{column}" holds no number.')
    if clock is None:
        free = {name.lower(): name for name in names if name not in mapped}
        clock = next((free[name] for name in STEPS if name in free), None)
    read = []
    for number, row in enumerate(rows):
        at = row.get(clock) if clock is not None else None
        numbers = {name: value for name, value in row.items() if name != clock and value is not None}
        read.append((int(at) if at is not None and math.isfinite(at) else number, numbers))
    return [name for name in names if any(name in numbers for _, numbers in read)], read


def _check_text(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(65_536)
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error}.") from None
    if not start.strip():
        raise RunError(f"{path} is empty: there is nothing to diagnose yet.")
    if b"\0" in start:
        raise RunError(
            f"{path} is no CSV file: it is not text. Give a text file whose first row has the names of the columns."
        )


def _number(text: object) -> float | None:
    """Return the number in a cell ("nan" and "inf" are numbers), or None."""
    try:
        return float(str(text))
    except ValueError:
        return None


def _event_rows(path: Path) -> Iterator[tuple[int, dict[str, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import SCALARS, EventAccumulator

    rows: dict[int, dict[str, float]] = {}
    places = sorted({found.parent for found in _event_files(path)} if path.is_dir() else {path})
    if len(places) > 1:
        named = ", ".join(str(place.relative_to(path)) for place in places[:8])
        raise RunError(f"{path} has the events of {len(places)} runs ({named}): give the folder of one of them.")
    for place in places:
        events = EventAccumulator(str(place), size_guidance={SCALARS: 0})
        events.Reload()
        for tag in events.Tags()["scalars"]:
            for event in events.Scalars(tag):
                rows.setdefault(event.step, {})[tag] = event.value
    yield from sorted(rows.items())


def _event_files(path: Path) -> list[Path]:
    """Return TensorBoard's event files in a folder and all folders below it, or the file itself.

    Raises:
        RunError: there are more than `MOST_FOLDERS` folders, which no folder of logs has.
    """
    if path.is_file():
        return [path] if EVENTS in path.name else []
    found: list[Path] = []
    # os.walk follows no links and skips folders that cannot be read or vanish meanwhile.
    for number, (folder, _, names) in enumerate(os.walk(path)):
        if number >= MOST_FOLDERS:
            raise RunError(f"{path} has more than {MOST_FOLDERS:,} folders: give the folder of one log.")
        found += [Path(folder) / name for name in names if EVENTS in name]
    return found
