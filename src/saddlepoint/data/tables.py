"""Text tables: what their columns hold, and advice on how to convert them to an array for training.

Such files are not read as data unless they are said to be time series, because only their owner knows which columns are numbers,
class names or dates.
"""

from __future__ import annotations

import csv
import gzip
import itertools
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from saddlepoint.data.tabular.cells import NUMBER_MARKS
from saddlepoint.errors import DataError, printable, shortened

ROWS, MOST_CHARACTERS = 1_000, 1 << 20  # read at most
NAMED = 5  # columns named in a message
ENDINGS = (".csv", ".tsv", ".txt")
DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Column:
    """One column: its position from 0, its name (where the first line has names), and what its cells are."""

    position: int
    name: str
    is_number: bool
    has_gaps: bool

    def __str__(self) -> str:
        return self.name or f"{self.position + 1} (counted from 1)"


def table_suffix(path: Path) -> str:
    """The ending that says how a text table is written, ".csv" of "x.csv.gz" too; empty where the file is no such table."""
    endings = [ending.lower() for ending in path.suffixes]
    if endings[-1:] == [".gz"]:
        del endings[-1]
    return endings[-1] if endings and endings[-1] in ENDINGS else ""


def open_text(path: Path) -> IO[str]:
    """The text of a file that may be packed with gzip, with its own line ends."""
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    return opened(path, "rt", encoding="utf-8-sig", newline="")


def find_delimiter(line: str, path: Path) -> str | None:
    """What separates the cells of the first line of a table at `path`; None, which is any white space, only of ".txt"."""
    suffix = table_suffix(path)
    most = "\t" if suffix == ".tsv" else max(DELIMITERS, key=line.count)
    return None if suffix == ".txt" and most not in line else most


def how_to_load(path: Path) -> str:
    """What to do with the table at `path`, as the end of a sentence; empty where nothing can be said of it."""
    try:
        rows, delimiter, quoted = _read(path)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, zlib.error):
        return ""
    if not rows or not rows[0]:
        return ""
    columns, header = _columns(rows)
    text = [column for column in columns if not column.is_number]
    gaps = [column for column in columns if column.is_number and column.has_gaps]
    whole = [column for column in columns if column.is_number and not column.has_gaps]
    if not whole:
        return (
            f": no column of it holds numbers alone ({_column_list(text or gaps)}); turn its columns into numbers first"
        )
    said = ""
    if text:
        hold, them = ("holds", "it") if len(text) == 1 else ("hold", "them")
        said += f"; {_column_list(text)} {hold} text: leave {them} out, or turn {them} into numbers first (names of classes can be "
        said += "given as labels)"
    if gaps:
        have, them = ("has", "it") if len(gaps) == 1 else ("have", "them")
        said += f"; {_column_list(gaps)} {have} missing values: fill them first, or leave {them} out"
    cells = "".join(itertools.chain.from_iterable(rows))
    options = "" if delimiter is None else f", delimiter={delimiter!r}"
    options += ", skiprows=1" if header else ""
    if quoted:
        options += ", quotechar='\"'"
    if "#" in cells:
        options += ", comments=None"
    if len(whole) < len(columns):
        options += f", usecols=({', '.join(str(column.position) for column in whole)},)"
    stem = Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem
    return f": numpy.save('{stem}.npy', numpy.loadtxt('{path.name}'{options})){said}"


def read_numbers(path: Path) -> npt.NDArray[Any]:
    """The numbers (rows, columns) of a table whose every column holds numbers alone, below names or without.

    Raises:
        DataError: it cannot be read, or holds anything else.
    """
    unread = f"{path}: cannot be read as a table of numbers"
    try:
        rows, delimiter, _ = _read(path)
        if not rows or not rows[0]:
            raise DataError(f"{path}: the table is empty; give one with a row for each step.")
        columns, header = _columns(rows)
        bad = [column for column in columns if not column.is_number or column.has_gaps]
        if bad:
            raise DataError(
                f"{path}: a time series has numbers alone, and there is text or a gap in {_column_list(bad)}; leave such columns out, "
                "or fill the gaps."
            )
        with path.open(encoding="utf-8-sig") as file:
            return np.loadtxt(file, delimiter=delimiter, skiprows=int(header), quotechar='"', comments=None, ndmin=2)
    except UnicodeDecodeError:
        raise DataError(f"{unread} (it is not UTF-8 text); save it as UTF-8.") from None
    except OSError as error:
        raise DataError(f"{unread} ({error.strerror}); check the file.") from None
    except (EOFError, csv.Error, zlib.error, ValueError) as error:
        raise DataError(
            f"{unread} ({printable(shortened(str(error)))}); every row must have the same numbers of cells."
        ) from None


def has_header(rows: list[list[str]]) -> bool:
    """Whether the first of these rows of cells holds the names of the columns."""
    return _columns(rows)[1]


def _read(path: Path) -> tuple[list[list[str]], str | None, bool]:
    """The first rows of the file, what separates its cells, and whether some are in quotes."""
    with open_text(path) as file:
        text = file.read(MOST_CHARACTERS)
    lines = text.splitlines(keepends=True)
    if len(text) == MOST_CHARACTERS:
        lines = lines[:-1]  # cut anywhere
    lines = lines[:ROWS]
    delimiter = find_delimiter(lines[0] if lines else "", path)
    if delimiter is None:
        return [line.split() for line in lines if line.strip()], None, False
    return [row for row in csv.reader(lines, delimiter=delimiter) if row], delimiter, any('"' in line for line in lines)


def _columns(rows: list[list[str]]) -> tuple[list[Column], bool]:
    """The columns, and whether the first row holds their names: no cell of it is a number, or those below say so."""
    body = rows[1:] or rows
    width = max(map(len, rows))
    cells = [[row[n].strip() if n < len(row) else "" for row in body] for n in range(width)]
    given = [[cell for cell in column if cell.lower() not in NUMBER_MARKS] for column in cells]
    numbers = [bool(column) and all(map(_is_number, column)) for column in given]
    first = [cell.strip() for cell in rows[0]] + [""] * width
    header = any(first[n] and not _is_number(first[n]) for n in range(width) if numbers[n]) or (
        not any(numbers) and len(rows) > 1
    )
    names = first if header else [""] * width
    return [Column(n, names[n], numbers[n], len(given[n]) < len(cells[n])) for n in range(width)], header


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # which Python's numbers may have and numpy's may not


def _column_list(columns: list[Column]) -> str:
    named = ", ".join(str(column) for column in columns[:NAMED])
    more = f" and {len(columns) - NAMED:,} more" if len(columns) > NAMED else ""
    return f"column{'s' if len(columns) > 1 else ''} {named}{more}"
