"""Checks of a text file that name the line: its cells are counted before it is read, because a file that mixes separators has no table."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

from saddlepoint.data.tables import DELIMITERS
from saddlepoint.errors import DataError


def check_rows(rows: Any, path: Path, delimiter: str) -> list[list[str]]:
    """The first rows; raises DataError at the first that has another number of cells than the first row."""
    beginning: list[list[str]] = []
    end = 0  # line at which the row before ended
    try:
        for row in rows:
            end = rows.line_num
            if not row:
                continue
            if beginning and len(row) != len(beginning[0]):
                if len(row) == 1 and (other := _other_separator(row[0], len(beginning[0]), delimiter)):
                    raise DataError(
                        f"{path}: the cells of line {rows.line_num} are separated by {other!r}, and those of the first row by {delimiter!r}; "
                        "separate all rows in the same way."
                    )
                raise DataError(
                    f"{path}: line {rows.line_num} has {len(row)} cell{'s' * (len(row) != 1)}, and the first row has {len(beginning[0])}; "
                    "every row must have the same number (put cells with separators in quotes)."
                )
            if len(beginning) < 1_000:
                beginning.append(row)
    except csv.Error as error:
        if "end of data" in str(error):
            said = f"line {end + 1}: a quote opens in this row and is never closed; close it, or write a quote in a cell as two"
        elif "field limit" in str(error):
            said = f"line {end + 1}: a cell has more than {csv.field_size_limit():,} characters; shorten it, or leave the column out"
        else:
            said = f"line {rows.line_num} cannot be read ({error}); correct it"
        raise DataError(f"{path}: {said}.") from None
    if not beginning:
        raise DataError(f"{path}: is empty; give a table with at least one row.")
    return beginning


def _other_separator(line: str, cells: int, delimiter: str) -> str | None:
    """What splits a line into this many cells, if it is another separator than the table's."""
    return next((mark for mark in DELIMITERS if mark != delimiter and line.count(mark) == cells - 1), None)


def undecodable_line(path: Path) -> int:
    """The first line, counted from 1, that is not UTF-8; 1 if there is none."""
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    with opened(path, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1
