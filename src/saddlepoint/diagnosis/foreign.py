"""Logs that others wrote: a CSV file or TensorBoard's event files, read as records of ours by a map of names.

A column is taken as the series that the map says; without one, as the series whose name it has, or that it is known to
stand for in widely used training scripts. What is left over is named, never guessed at.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from saddlepoint.errors import RunError, suggestion
from saddlepoint.records import Record

# Names that scripts give to these series, in lower case; only what cannot mean anything else.
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
PROBABILITIES = {"d/real_score": "d/real_logit", "d/fake_score": "d/fake_logit"}  # and what they may be instead
STEPS = ("step", "_step", "global_step", "iteration", "iter", "epoch")
EVENTS = "events.out.tfevents"


@dataclass(frozen=True)
class Log:
    """records: what was read, by step. taken: series by column. left: columns that stand for no series."""

    records: tuple[Record, ...]
    taken: Mapping[str, str]
    left: tuple[str, ...]


def read_log(path: Path, columns: Mapping[str, str] | None = None) -> Log:
    """The log at `path`: a CSV file, or a folder (or file) of TensorBoard events.

    columns: {series: column}, as `{"d/loss": "loss_D"}`.

    Raises:
        RunError: there is no log, no such column, nothing in it is a series, a column cannot be the series that it was
            taken for, or a folder holds the events of several runs.
    """
    if path.is_file() and not path.name.startswith(EVENTS):
        rows = list(_csv_rows(path))
    elif path.exists() and any(EVENTS in found.name for found in ([path] if path.is_file() else path.rglob("*"))):
        rows = list(_event_rows(path))
    else:
        raise RunError(
            f"{path} is no log: give a run's folder, a CSV file with a row a step, or a folder of TensorBoard's events."
        )
    names = dict.fromkeys(name for _, row in rows for name in row)
    taken = _taken(names, columns or {}, path)
    if not taken:
        raise RunError(
            f"{path}: no column is known as a series ({', '.join(list(names)[:12]) or 'there are none'}): say which is which, "
            "such as --map d/loss=COLUMN,g/loss=COLUMN (the series are in docs/diagnosis.md)."
        )
    for column, series in taken.items():
        _check_scores(path, column, series, [row[column] for _, row in rows if column in row])
    records = [Record(step, 0.0, {taken[n]: v for n, v in row.items() if n in taken}) for step, row in rows]
    left = tuple(name for name in names if name not in taken)
    return Log(tuple(record for record in records if record.values), taken, left)


def _taken(names: Iterable[str], columns: Mapping[str, str], path: Path) -> dict[str, str]:
    present = list(names)
    taken: dict[str, str] = {}
    for series, column in columns.items():
        if column not in present:
            raise RunError(
                f'{path} has no column "{column}".{suggestion(column, present)} It has: {", ".join(present[:12])}.'
            )
        taken[column] = series
    for name in present:
        meant = (
            name
            if "/" in name and name.split("/")[0] in ("d", "g", "vae", "ae", "quality")
            else KNOWN.get(name.lower())
        )
        if name not in taken and meant is not None and meant not in taken.values():
            taken[name] = meant
    return taken


def _check_scores(path: Path, column: str, series: str, values: Iterable[float]) -> None:
    """Logits and losses go under names like D(x) too; read as probabilities they would be judged wrongly."""
    outside = [value for value in values if math.isfinite(value) and not 0 <= value <= 1]
    if series in PROBABILITIES and outside:
        raise RunError(
            f'{path}: column "{column}" was read as {series}, a probability, but holds {outside[0]:.4g}: where these are logits, '
            f"say --map {PROBABILITIES[series]}={column}; where they are losses, take the column out of the log."
        )


def _csv_rows(path: Path) -> Iterator[tuple[int, dict[str, float]]]:
    """(step, {column: number}) a row; the step is its number where no column says it."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            named = {str(name).strip().lower(): name for name in reader.fieldnames or ()}
            clock = next((named[name] for name in STEPS if name in named), None)
            for number, row in enumerate(reader):
                numbers = {
                    str(n).strip(): v for n, text in row.items() if n != clock and (v := _number(text)) is not None
                }
                at = _number(row[clock]) if clock is not None else float(number)
                yield int(at) if at is not None and math.isfinite(at) else number, numbers
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RunError(f"{path} cannot be read as CSV: {error}. Give a text file with a row of names first.") from None


def _number(text: object) -> float | None:
    """What a cell says; None where that is no number. "nan" and "inf" are."""
    try:
        return float(str(text))
    except ValueError:
        return None


def _event_rows(path: Path) -> Iterator[tuple[int, dict[str, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import SCALARS, EventAccumulator

    rows: dict[int, dict[str, float]] = {}
    places = sorted({found.parent for found in path.rglob(f"*{EVENTS}*")} if path.is_dir() else {path})
    if len(places) > 1:
        named = ", ".join(str(place.relative_to(path)) for place in places[:8])
        raise RunError(f"{path} holds the events of {len(places)} runs ({named}): give the folder of one of them.")
    for place in places:
        events = EventAccumulator(str(place), size_guidance={SCALARS: 0})
        events.Reload()
        for tag in events.Tags()["scalars"]:
            for event in events.Scalars(tag):
                rows.setdefault(event.step, {})[tag] = event.value
    yield from sorted(rows.items())
