"""Cells of text files become typed columns: which are missing, and whether the others are numbers, truth values or text.

All decisions follow from the whole column. A column whose cells are numbers but for a few is an error of the file, because a number
that is read as text would silently turn a measurement into a category.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from saddlepoint.data.tabular.schema import Column

MARKS = frozenset(("", "?", "na", "n/a", "#n/a", "nan", "nat", "null"))  # of any column, in lower case
NUMBER_MARKS = MARKS | {"none", "-", "--", "."}  # of columns of numbers; as text they can be categories
MIXED = 0.95  # from this share of numbers on, a cell that is none is an error
FEW = 20  # cells from which on that share says anything
WHOLE = re.compile(r"[+-]?(0|[1-9]\d{0,18})")  # no leading zeros: "01234" is a code
NUMBER = re.compile(r"[+-]?(?!0\d)(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity)", re.IGNORECASE)
COMMAS = re.compile(
    r"[+-]?(\d+,\d+|\d{1,3}(,\d{3})+(\.\d+)?)"
)  # "52,13" or "1,234.5": which of both a comma is, only the owner knows
LONG = re.compile(r"[+-]?\d{19,}")
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Cells:
    """A typed column of a text file.

    Attributes:
        values: the column.
        marks: cells that were read as missing, the most frequent first.
        format: how its numbers are written: "%.2f" where all have two decimals, "%g" where whole ones have no point.
        mixed: positions of cells that are no numbers among many that are.
        commas: positions of numbers that are written with commas, in a column of numbers alone.
    """

    values: pd.Series[Any]
    marks: tuple[str, ...] = ()
    format: str | None = None
    mixed: tuple[int, ...] = ()
    commas: tuple[int, ...] = ()


def read_cells(text: pd.Series[Any], column: Column | None = None) -> Cells:
    """Find the type of a column of text cells.

    Args:
        text: (N,) texts, without missing ones.
        column: what the schema says of the column; None decides by the cells.
    """

    stripped = text.str.strip()
    unique = [str(value) for value in stripped.unique()]
    if column is not None and column.marks:
        marks = {value for value in unique if value in column.marks}
    else:
        marks = {value for value in unique if value.lower() in MARKS}
        rest = [value for value in unique if value.lower() not in NUMBER_MARKS]
        if rest and all(map(NUMBER.fullmatch, rest)):
            marks = set(unique) - set(rest)
    missing = stripped.isin(list(marks)).to_numpy(dtype=bool)
    counts = stripped[missing].value_counts()
    named = tuple(str(mark) for mark in counts.index)
    is_text = column is not None and column.dtype in ("str", "object", "string", "category")
    given = [value for value in unique if value not in marks]
    expects = column is not None and not is_text and column.kind in ("continuous", "integer")
    # Float64 would merge whole numbers of more than 63 bits that differ: they are codes, unless the schema says that they are numbers.
    is_text = is_text or (not expects and _are_long_codes(given))
    if not is_text and given and all(map(NUMBER.fullmatch, given)):
        values, form = _numbers(stripped, missing, given)
        return Cells(values, named, form)
    if not is_text and given and set(given) <= {"True", "False"}:
        truth: pd.Series[Any] = (stripped == "True").astype("boolean" if missing.any() else "bool")
        return Cells(truth.mask(missing) if missing.any() else truth, named)
    may_be_text = is_text or (column is not None and not expects and column.kind != "datetime")
    mixed = () if may_be_text else _not_numbers(stripped, missing, given, certain=expects)
    commas = () if may_be_text else _with_commas(stripped, missing, given)
    return Cells(text.mask(missing) if missing.any() else text, named, None, mixed, commas)


def _are_long_codes(given: list[str]) -> bool:
    """Whether all cells are whole numbers, some of them beyond int64."""
    return any(LONG.fullmatch(value) and abs(int(value)) > LARGEST for value in given) and all(
        value.lstrip("+-").isdecimal() for value in given
    )


def _numbers(cells: pd.Series[Any], missing: Any, given: list[str]) -> tuple[pd.Series[Any], str | None]:
    import pandas as pd

    texts = cells.to_numpy(dtype=object)
    if all(map(WHOLE.fullmatch, given)) and all(abs(int(value)) <= LARGEST for value in given):
        whole = np.zeros(len(texts), dtype=np.int64)
        whole[~missing] = texts[~missing].astype(np.int64)
        series = pd.Series(whole, index=cells.index, name=cells.name)
        return (series.astype("Int64").mask(missing) if missing.any() else series), None
    numbers = np.full(len(texts), np.nan)
    numbers[~missing] = texts[~missing].astype(np.float64)  # as Python reads them, to the last bit
    digits = {len(value.partition(".")[2]) for value in given}
    plain = all("." in value and value.lstrip("+-").replace(".", "").isdigit() for value in given)
    fixed = plain and len(digits) == 1 and (places := digits.pop()) > 1
    padded = fixed and any(value.endswith("0") for value in given)
    form = f"%.{places}f" if padded else "%g" if any(map(WHOLE.fullmatch, given)) else None
    return pd.Series(numbers, index=cells.index, name=cells.name), form


def _not_numbers(cells: pd.Series[Any], missing: Any, given: list[str], *, certain: bool) -> tuple[int, ...]:
    """Positions of cells that are no numbers, where nearly all are (or the schema says so: `certain`)."""
    others = {value for value in given if not NUMBER.fullmatch(value)}
    if not others:
        return ()
    wrong = cells.isin(list(others)).to_numpy(dtype=bool) & ~missing
    filled = int((~missing).sum())
    if certain or (filled >= FEW and wrong.sum() <= (1 - MIXED) * filled):
        return tuple(int(position) for position in np.flatnonzero(wrong))
    return ()


def _with_commas(cells: pd.Series[Any], missing: Any, given: list[str]) -> tuple[int, ...]:
    """Positions of numbers with commas, where all cells are numbers but for these."""
    if not given or not all(COMMAS.fullmatch(value) or NUMBER.fullmatch(value) for value in given):
        return ()
    found = cells.str.contains(",", regex=False).to_numpy(dtype=bool) & ~missing
    return tuple(int(position) for position in np.flatnonzero(found))
