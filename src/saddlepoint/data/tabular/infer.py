"""Infer the schema of a table: of what kind each column is, with the reason.

Types decide first (truth values, dates, categories), then the values. What the values cannot tell is not guessed: whole numbers stay
numbers although they may be codes, and categories written as text are unordered unless they are numbered. The owner of the table
corrects this in the schema.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlepoint.data.tabular.dates import find_format, parse_dates, to_iso
from saddlepoint.data.tabular.reading import KEY
from saddlepoint.data.tabular.schema import Column, Schema
from saddlepoint.errors import DataError, SettingError, printable, shortened
from saddlepoint.settings import LARGEST_FLOAT, check_text

if TYPE_CHECKING:
    import pandas as pd

FEW = 20  # values from which on "all are different" says anything
MOST_DECIMALS = 10
MOSTLY_DIFFERENT = 0.95  # from this share of different texts on, a column is text rather than categories
WORDS = 3  # words a cell from which on half of that share suffices
ID_NAME = re.compile(
    r"(id|idx|index|key|uuid|guid|row|rownames|unnamed.*|column_1)|.*[_ .](id|key|uuid)", re.IGNORECASE
)
ID_CAMEL = re.compile(r".*[a-z]I[Dd]")
PAIRS = ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"})
# "1. < HS Grad", "2) low", "1st", "18-24" and "65+" are numbered categories.
NUMBERED = re.compile(r"(\d+)([.):]\s+\S.*|(st|nd|rd|th)\b.*|\s?[-–]\s?\d+|\+)")
UNIT = re.compile(r".*[(\[]([^)\]]{1,12})[)\]]|.*_(mm|cm|km|kg|mg|ms|usd|eur|pct|percent)", re.IGNORECASE)


def infer_schema(frame: pd.DataFrame) -> Schema:
    """The schema of a frame that `reading.read_frame` returned, with the reason for each column's kind.

    Args:
        frame: the rows.

    Raises:
        DataError: a column holds infinity or values that are no single numbers or texts.
    """
    written = frame.attrs.get(KEY, {})
    marks, formats, commas = (written.get(part, {}) for part in ("marks", "formats", "commas"))
    columns = [_column(frame[name], str(name), tuple(marks.get(name, ())), formats.get(name)) for name in frame.columns]
    return Schema(columns=tuple(_with_commas(column) if column.name in commas else column for column in columns))


def _column(values: pd.Series[Any], name: str, marks: tuple[str, ...], form: str | None) -> Column:
    given = values.dropna()
    missing = 1 - len(given) / len(values)
    facts: dict[str, Any] = {"dtype": str(values.dtype), "missing": missing, "marks": marks}
    facts |= _find_kind(given, name, len(given) < len(values))
    if form is not None and facts["kind"] in ("continuous", "integer"):
        facts["format"] = form
    if marks:
        facts["reason"] += "; read as missing: " + ", ".join(mark or "(empty)" for mark in marks)
    try:
        return Column(name=name, **facts)
    except SettingError as error:
        raise DataError(f"column {name}: {str(error).removeprefix('Column: ')}") from None


def _with_commas(column: Column) -> Column:
    return column.model_copy(update={"reason": f"{column.reason}; decimal commas, which written rows have as points"})


def _find_kind(given: pd.Series[Any], name: str, has_missing: bool) -> dict[str, Any]:
    """The kind of a column with the values `given`, its range or categories, and the reason."""
    import pandas as pd

    kind_of = given.dtype
    if isinstance(kind_of, pd.CategoricalDtype):
        return _of_categories(given, name)
    if not len(given):
        return {"kind": "constant", "reason": "every cell is missing"}
    if str(kind_of) == "object":
        _check_objects(given, name)
    _check_finite(given, name)
    unique = given.unique()
    if len(unique) == 1 and not has_missing:
        value = _constant(given, name)
        if not isinstance(value, str) or _is_category(value):
            return {"kind": "constant", "value": value, "reason": "every cell has the same value"}
    if pd.api.types.is_bool_dtype(kind_of):
        return {"kind": "boolean", "categories": (False, True), "reason": f"the type {kind_of}"}
    if _is_date(kind_of):
        low, high = to_iso(given.min()), to_iso(given.max())
        return {"kind": "datetime", "low": low, "high": high, "reason": f"the type {kind_of}"}
    if pd.api.types.is_timedelta64_dtype(kind_of):
        whole = given.to_numpy().astype(np.int64)
        unit = str(kind_of).partition("[")[2].rstrip("]")
        ends = {"low": int(whole.min()), "high": int(whole.max())}
        return {"kind": "integer", **ends, "unit": unit, "reason": f"the type {kind_of}"}
    if pd.api.types.is_numeric_dtype(kind_of):
        return _of_numbers(given, name, has_missing)
    if str(kind_of) != "object" and not pd.api.types.is_string_dtype(kind_of):
        raise DataError(
            f"column {name}: cells of the type {kind_of} are not read; turn them into numbers, dates or texts."
        )
    return _of_texts(given, [str(value) for value in unique], name)


def _constant(given: pd.Series[Any], name: str) -> bool | int | float | str:
    """The value of a column of equal cells: of dates in ISO format, of durations the count of their unit."""
    import pandas as pd

    if _is_date(given.dtype):
        return to_iso(given.iloc[0])
    if pd.api.types.is_timedelta64_dtype(given.dtype):
        return int(given.to_numpy().astype(np.int64)[0])
    return scalar(given.unique()[0], name)


def _of_categories(given: pd.Series[Any], name: str) -> dict[str, Any]:
    dtype: Any = given.dtype
    categories = tuple(scalar(value, name) for value in dtype.categories)
    kind = "ordered" if dtype.ordered else "category"
    if not categories:
        return {"kind": "constant", "reason": "every cell is missing"}
    return {
        "kind": kind,
        "categories": categories,
        "reason": f"the type category, {'' if dtype.ordered else 'not '}ordered",
    }


def _of_numbers(given: pd.Series[Any], name: str, has_missing: bool) -> dict[str, Any]:
    import pandas as pd

    found = UNIT.fullmatch(name)
    unit = next(filter(None, found.groups())) if found else None
    if pd.api.types.is_complex_dtype(given.dtype):
        raise DataError(f"column {name}: complex numbers; give their parts as two columns.")
    if pd.api.types.is_integer_dtype(given.dtype):
        low, high = int(given.min()), int(given.max())
        if set(given.unique().tolist()) == {0, 1}:
            return {"kind": "boolean", "categories": (0, 1), "reason": "the whole numbers 0 and 1"}
        if not has_missing and (reason := _identifies(given, name)):
            return {"kind": "identifier", "low": low, "high": high, "reason": reason}
        return {"kind": "integer", "low": low, "high": high, "unit": unit, "reason": "whole numbers"}
    numbers = given.to_numpy(dtype=np.float64)
    ends = {"low": float(numbers.min()), "high": float(numbers.max()), "unit": unit}
    decimals = count_decimals(numbers, single="32" in str(given.dtype))
    if decimals == 0:
        return {"kind": "integer", **ends, "decimals": 0, "reason": "numbers that are all whole"}
    digits = "" if decimals is None else f" with at most {decimals} decimal{'s' * (decimals != 1)}"
    return {"kind": "continuous", **ends, "decimals": decimals, "reason": f"numbers{digits}"}


def _of_texts(given: pd.Series[Any], unique: list[str], name: str) -> dict[str, Any]:
    form = find_format(unique)
    if form is not None:
        dates = parse_dates(unique, form)
        low, high = to_iso(dates.min()), to_iso(dates.max())
        return {"kind": "datetime", "format": form, "low": low, "high": high, "reason": f"all are dates written {form}"}
    share, words = len(unique) / len(given), float(np.mean([len(value.split()) for value in unique[:1_000]]))
    if share == 1 and len(given) >= FEW and all(" " not in value for value in unique):
        return {"kind": "identifier", "reason": "every cell is different, and none has a space"}
    if len(given) >= FEW and share >= (MOSTLY_DIFFERENT if words < WORDS else MOSTLY_DIFFERENT / 2):
        return {"kind": "text", "reason": f"{len(unique):,} different texts in {len(given):,} cells; left out"}
    if not all(map(_is_category, unique)):
        return {"kind": "text", "reason": "texts with control characters or of more than 10,000 characters; left out"}
    if {value.lower() for value in unique} in PAIRS and len(unique) == 2:
        false, true = sorted(unique, key=lambda value: value.lower() in ("true", "yes", "y", "t"))
        return {"kind": "boolean", "categories": (false, true), "reason": f"only {false} and {true}"}
    numbers = [NUMBERED.fullmatch(value.strip()) for value in unique]
    order = {value: int(match[1]) for value, match in zip(unique, numbers, strict=True) if match}
    if len(order) == len(unique) > 2 and len(set(order.values())) == len(order):
        return {
            "kind": "ordered",
            "categories": tuple(sorted(unique, key=order.__getitem__)),
            "reason": "the categories are numbered",
        }
    return {"kind": "category", "categories": tuple(sorted(unique)), "reason": f"{len(unique):,} different texts"}


def _identifies(given: pd.Series[Any], name: str) -> str:
    """Why whole numbers are identifiers; empty where they are not."""
    if len(given) < FEW or not given.is_unique:
        return ""
    if ID_NAME.fullmatch(name) or ID_CAMEL.fullmatch(name):
        return "whole numbers that are all different, and the name"
    steps = np.diff(given.to_numpy(dtype=np.int64))
    return "whole numbers that count the rows" if (steps == 1).all() else ""


def count_decimals(numbers: np.typing.NDArray[np.float64], *, single: bool = False) -> int | None:
    """The least number of decimals that give all numbers (N,) exactly; None where there are more than ten.

    Args:
        numbers: float64 without NaN.
        single: whether they came from float32, to whose precision the decimals hold.
    """
    given = numbers.astype(np.float32) if single else numbers
    for decimals in range(MOST_DECIMALS + 1):
        rounded = np.round(numbers, decimals)
        if np.array_equal(rounded.astype(given.dtype), given):
            return decimals
    return None


def scalar(value: Any, name: str) -> bool | int | float | str:
    """The Python value of one cell; raises DataError where it is no truth value, number or text."""
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, bool | int | float | str):
        return plain
    raise DataError(
        f"column {name}: holds {printable(shortened(repr(value)))}, a {type(value).__name__}; cells are numbers, truth values, dates or texts."
    )


def _check_finite(given: pd.Series[Any], name: str) -> None:
    """Refuse infinity, and numbers that float32, in which models compute, cannot hold."""
    import pandas as pd

    if not pd.api.types.is_float_dtype(given.dtype):
        return
    numbers = given.to_numpy(dtype=np.float64)
    for wrong, what, remedy in (
        (~np.isfinite(numbers), "infinity", "leave the cell empty or remove the row"),
        (np.abs(numbers) > LARGEST_FLOAT, "", "give the column in a larger unit, or as its logarithm"),
    ):
        if wrong.any():
            place = int(np.flatnonzero(wrong)[0])
            row = int(given.index[place]) + 1
            said = what or f"{numbers[place]:g}, beyond the {LARGEST_FLOAT:g} that float32 can compute with,"
            raise DataError(f"column {name}: {said} in row {row:,}; {remedy}.")


def _check_objects(given: pd.Series[Any], name: str) -> None:
    for position, value in enumerate(given):
        if not isinstance(value, str):
            raise DataError(
                f"column {name}, row {given.index[position] + 1:,}: {printable(shortened(repr(value)))} is a "
                f"{type(value).__name__} in a column of objects; give texts alone, or a column of one type."
            )


def _is_date(dtype: Any) -> bool:
    import pandas as pd

    return pd.api.types.is_datetime64_any_dtype(dtype) or str(dtype).startswith(("date32", "date64", "timestamp"))


def _is_category(value: str) -> bool:
    try:
        check_text(value)
    except ValueError:
        return False
    return True
