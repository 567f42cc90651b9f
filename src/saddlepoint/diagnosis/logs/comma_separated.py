"""CSV files: one row a step, the first row has the names of the columns. Keras's CSVLogger and Lightning's CSVLogger write such files.

Cells may be separated by commas, semicolons, tabs, vertical bars or spaces, as NumPy and pandas print tables, and may be empty: Lightning
writes the numbers of training and of validation into different rows. A repeated header, as after a restart, is left out.
"""

from __future__ import annotations

import csv
import itertools
import re

from saddlepoint.diagnosis.logs.numbers import has_decimal_commas, number
from saddlepoint.diagnosis.logs.source import Source
from saddlepoint.diagnosis.logs.table import Table, distinct
from saddlepoint.errors import RunError

SEPARATORS = (",", ";", "\t", "|")
TRIED = 200  # rows by which a file is recognised
NUMERIC = 0.5  # share of the cells that must hold numbers


def read(source: Source) -> Table | None:
    """Read a CSV file.

    Args:
        source: of the log.

    Returns:
        Its numbers; None if it is no CSV file.

    Raises:
        RunError: it is a CSV file without rows or without names, or its quotes are damaged.
    """
    if source.is_folder:
        return None
    lines = [line for line in source.text.split("\n") if line.strip()]
    while len(lines) > 1 and _is_comment(*lines[:2]):
        del lines[0]
    if _has_spaces_between(lines):
        lines = ["\t".join(line.lstrip("# ").split()) for line in lines]
    header = lines[0].lstrip("# ") if lines else ""
    separator = max(SEPARATORS, key=header.count)
    comma = separator == ";" or (separator != "," and has_decimal_commas(source.text))
    if not _is_table(header, lines[1 : 1 + TRIED], separator, comma):
        return None
    if len(lines) == 1:
        raise RunError(f"{source.name} has only one row, which is read as the names of the columns.")
    try:
        cells = list(csv.reader([header, *lines[1:]], skipinitialspace=True, delimiter=separator))
    except csv.Error as error:
        raise RunError(
            f"{source.name} is no CSV file: {error}. Give a text file whose first row has the names of the columns."
        ) from None
    written = [name.strip() for name in cells[0]]
    if all(number(name) is not None for name in written if name):
        raise RunError(
            f"{source.name}: the first row holds numbers. Add a first row with the names of the columns, such as step,d_loss,g_loss."
        )
    if all(len(row) == len(written) + 1 for row in cells[1:4]):
        # An index without a name, as R and some loggers write it.
        written.insert(0, "step" if "step" not in written else "row")
    names, notes = distinct(written), []
    body = [row for row in cells[1:] if [cell.strip() for cell in row] != written]
    if len(body) < len(cells) - 1:
        notes.append("The header occurs again, as after a restart.")
    if body and len(body[-1]) < len(names) and not source.text.endswith("\n"):
        body.pop()
        notes.append("The last line is incomplete and was left out.")
    rows = [_row(names, row, comma) for row in body]
    return Table("CSV", tuple(rows), tuple(notes), columns=tuple(names))


def _row(names: list[str], cells: list[str], decimal_comma: bool) -> dict[str, float]:
    values = ((name, number(cell, decimal_comma=decimal_comma)) for name, cell in zip(names, cells, strict=False))
    return {name: value for name, value in values if value is not None}


def _is_table(header: str, rows: list[str], separator: str, decimal_comma: bool) -> bool:
    """Whether rows have about as many cells as the header, mostly with numbers or empty, unlike printed sentences."""
    columns = header.count(separator) + 1
    if columns == 1:
        return bool(rows) and number(header) is None and all(number(row) is not None for row in rows[:-1] or rows)
    if not rows:
        return ":" not in header and "=" not in header
    cells = list(itertools.chain.from_iterable(row.replace('"', "").split(separator) for row in rows))
    filled = [cell.strip() for cell in cells if cell.strip()]
    numeric = sum(number(cell, decimal_comma=decimal_comma) is not None for cell in filled)
    return not filled or numeric >= NUMERIC * len(filled)


def _is_comment(line: str, following: str) -> bool:
    """Whether a line is a comment above the names of the columns, or the hint about the separator that Excel reads."""
    if line.startswith("sep="):
        return True
    has_names = any(number(cell) is None for cell in re.split(r"[,;|\s]+", following) if cell)
    separators = [one for one in SEPARATORS if one in line]
    return line.startswith("#") and has_names and all(line.count(one) != following.count(one) for one in separators)


def _has_spaces_between(lines: list[str]) -> bool:
    """Whether lines are rows of numbers between spaces, below as many names."""
    if len(lines) < 2 or any(separator in lines[0] for separator in SEPARATORS):
        return False
    names, rows = lines[0].lstrip("# ").split(), [line.split() for line in lines[1 : 1 + TRIED]]
    if len(names) < 2 or any(number(name) is not None for name in names):
        return False
    return all(
        len(row) in (len(names), len(names) + 1) and all(number(cell) is not None for cell in row) for row in rows
    )
