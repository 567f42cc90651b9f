"""Which column of a log holds which series: as the user's map says, under the column's own name, or by a guess."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache

from saddlepoint.diagnosis.declaration import NOT_SERIES
from saddlepoint.diagnosis.log_rules import LOG_RULES
from saddlepoint.diagnosis.logs.meanings import MEANINGS
from saddlepoint.diagnosis.logs.names import UNNAMED, Reading, assign, families_of
from saddlepoint.diagnosis.logs.table import Row, Table
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.errors import RunError, SettingError, suggestion

PROBABILITIES = {"d/real_score": "d/real_logit", "d/fake_score": "d/fake_logit"}  # and the series of the logit
STEP = "step"  # in a map: the column that counts the steps
PLAYERS = ("d", "g", "vae", "ae", "vq", "ar", "flow", "em", "dm", "model")
PARTS = ("d/real_loss", "d/fake_loss")  # whose sum is the discriminator's loss
USUAL = ("d/loss", "g/loss", "d/real_score", "d/fake_score", "vae/reconstruction", "vae/kl", "model/loss")


@cache
def series_read() -> tuple[str, ...]:
    """Return the names of all series that rules read."""
    rules = (*RULES, *(problem.rule for problem in LOG_RULES.values()))
    named = {name for rule in rules for name in (*rule.needs, *rule.optional)} - set(NOT_SERIES)
    patterns = {"*/loss", "*/learning_rate", *(pattern for rule in rules for pattern in rule.reads)}
    each = {pattern.replace("*", player) for pattern in patterns for player in PLAYERS}
    return tuple(sorted({name.replace("_", "/", 1) for name in named} | each | set(MEANINGS)))


def check_series(columns: Iterable[str]) -> None:
    """Check that rules read the series that a map names.

    Raises:
        SettingError: no rule reads one of them.
    """
    for series in columns:
        if series != STEP and series not in series_read():
            meant = (
                suggestion(series, series_read())
                or f" Most logs have {', '.join(USUAL)} (docs/logs.md and docs/diagnosis.md list all)."
            )
            raise SettingError(
                f"diagnose: no rule reads a series {series}.{meant} {STEP} is the column that counts the steps."
            )


def check_columns(where: str, table: Table, columns: Iterable[str]) -> None:
    """Check that a log has the columns that a map names.

    Raises:
        RunError: one of them is missing, or has no number.
    """
    present = table.columns or table.names
    for column in columns:
        if column not in present:
            raise RunError(
                f'{where} has no column "{column}".{suggestion(column, present)} It has: {", ".join(present[:12])}.'
            )
        if column not in table.names:
            raise RunError(f'{where}: column "{column}" holds no number.')


def read_columns(
    where: str, names: Sequence[str], rows: Sequence[Row], given: Mapping[str, str], families: Collection[str]
) -> tuple[list[Reading], tuple[str, ...]]:
    """Return how columns are read: as the map says, under their own name where it is that of a series, else by a guess.

    Args:
        where: what messages call the log.
        names: of the columns.
        rows: the numbers of each row by column.
        given: the map, columns by series.
        families: what was trained, where it is known.

    Returns:
        The readings, and what should be known about them, one sentence each.

    Raises:
        RunError: a column cannot be the series that the map says.
    """
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
