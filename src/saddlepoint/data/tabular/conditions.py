"""Conditions on rows, such as "age>60,sex=F": read, checked against the schema, and evaluated on a frame.

A condition that no row can meet is an error before anything is drawn: a category that does not exist, a number beyond the column's
range, or two conditions that exclude each other.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from saddlepoint.data.tabular.schema import Column, Schema
from saddlepoint.data.tabular.values import Mask, Numbers, date_number, to_arrays
from saddlepoint.errors import SettingError, shortened, suggestion

if TYPE_CHECKING:
    import pandas as pd

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    "==": operator.eq,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
MISSING = "missing"  # what a cell without a value is called in a condition
_PARTS = re.compile(r"""((?:[^,"']|"[^"]*"|'[^']*')+)""")
_SPLIT = re.compile(r"\s*(>=|<=|!=|==|=|>|<)\s*")
EXAMPLE = 'such as age>60,sex=F or class="1st|2nd"'


@dataclass(frozen=True)
class Condition:
    """One condition on one column.

    Attributes:
        column: which one.
        comparison: one of `COMPARISONS`.
        values: numbers, or positions of categories, as `values.to_arrays` returns them; several are alternatives of "=" and "!=".
        of_missing: whether the cell must be missing ("=") or given ("!=").
    """

    column: Column
    comparison: str
    values: tuple[float | int, ...]
    of_missing: bool = False

    def allows(self, values: Numbers, missing: Mask) -> Mask:
        """Which of these values (N,) meet the condition; a missing cell meets only a condition that asks for it."""
        negated = self.comparison == "!="
        if self.of_missing:
            return ~missing if negated else missing
        if len(self.values) > 1:
            found = np.isin(values, self.values)
            return np.asarray((~found if negated else found) & ~missing)
        return np.asarray(COMPARISONS[self.comparison](values, self.values[0]) & ~missing)


@dataclass(frozen=True)
class Conditions:
    """Conditions that a row must meet, all of them."""

    conditions: tuple[Condition, ...]

    @classmethod
    def parse(cls, text: str, schema: Schema) -> Conditions:
        """Read conditions separated by commas.

        Args:
            text: `COLUMN COMPARISON VALUE,...`; alternatives of "=" are separated by "|", names and values with commas are put in
                quotes, and `COLUMN=missing` asks for a missing cell.
            schema: of the table.

        Raises:
            SettingError: it cannot be read, names something that does not exist, or no row can meet it.
        """
        parts = [part.strip() for part in _PARTS.findall(text) if part.strip()]
        if not parts:
            raise SettingError(f"--condition {shortened(repr(text))}: there is no condition; write {EXAMPLE}.")
        conditions = cls(tuple(_parse_one(part, schema) for part in parts))
        for column in conditions.columns:
            conditions._check_possible(column)
        return conditions

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns with conditions, each once."""
        return tuple({condition.column.name: condition.column for condition in self.conditions}.values())

    def allows(self, column: Column, values: Numbers, missing: Mask) -> Mask:
        """Which of these values (N,) of one column meet all conditions on it."""
        met = np.ones(len(values), dtype=bool)
        for condition in self.conditions:
            if condition.column.name == column.name:
                met &= condition.allows(values, missing)
        return met

    def holds(self, frame: pd.DataFrame) -> Mask:
        """Which rows of a frame meet all conditions."""
        met = np.ones(len(frame), dtype=bool)
        for column in self.columns:
            met &= self.allows(column, *to_arrays(frame[column.name], column))
        return met

    def _check_possible(self, column: Column) -> None:
        """Raise SettingError where no value of the column meets the conditions: tried on all categories, or between all limits."""
        if column.has_categories:
            values: npt.NDArray[Any] = np.arange(len(column.categories))
        else:
            numbers = [value for one in self.conditions if one.column.name == column.name for value in one.values]
            ends = [_number(str(end), column) for end in (column.low, column.high) if end is not None]
            if len(ends) == 2:
                numbers = [min(max(number, ends[0]), ends[1]) for number in numbers] + ends
            points = np.unique(np.array(numbers or [0.0]))
            decimals = 0 if column.kind == "integer" else column.decimals
            if decimals is not None and column.kind != "datetime":  # between two values of the column there is no other
                steps = points * 10.0**decimals
                near = [np.floor(steps), np.ceil(steps), np.rint(steps)]
                points = np.unique(np.concatenate(near) / 10.0**decimals)
                between = np.concatenate([points - 10.0**-decimals, points + 10.0**-decimals])
                points, between = np.round(points, decimals), np.round(between, decimals)
            else:
                between = (points[1:] + points[:-1]) / 2
            values = np.concatenate([points, between])
            if len(ends) == 2:
                values = values[(values >= ends[0]) & (values <= ends[1])]
        nothing = np.zeros(len(values), dtype=bool)
        possible = self.allows(column, values, nothing).any()
        if column.has_missing:
            possible = possible or self.allows(column, values[:1], ~nothing[:1]).any()
        if not possible:
            known = (
                f"its categories are {shortened(', '.join(map(str, column.categories)))}"
                if column.has_categories
                else f"its values are {column.low} to {column.high}"
            )
            raise SettingError(f"--condition: no row can meet the conditions on the column {column.name}; {known}.")


def _parse_one(part: str, schema: Schema) -> Condition:
    name, comparison, value = _split(part, schema)
    if name not in schema.names:
        raise SettingError(
            f"--condition {part}: there is no column {name!r}.{suggestion(name, schema.names)} Columns are {shortened(', '.join(schema.names))}."
        )
    column = schema.column(name)
    if not column.is_learnt:
        raise SettingError(f"--condition {part}: {name} is {_said(column)}; conditions are on columns that are learnt.")
    if value == MISSING and value not in map(str, column.categories):
        if comparison not in ("=", "==", "!="):
            raise SettingError(
                f"--condition {part}: a missing cell has no order; write {name}=missing or {name}!=missing."
            )
        return Condition(column, comparison, (), of_missing=True)
    if column.kind == "category" and comparison not in ("=", "==", "!="):
        raise SettingError(
            f"--condition {part}: the categories of {name} have no order; use = or !=, or make its kind `ordered` in the schema."
        )
    texts = [value] if comparison not in ("=", "==", "!=") else [text.strip() for text in value.split("|")]
    of = _category if column.has_categories else _number
    try:
        return Condition(column, comparison, tuple(of(text, column) for text in texts))
    except ValueError as error:
        raise SettingError(f"--condition {part}: {error}.") from None


def _split(part: str, schema: Schema) -> tuple[str, str, str]:
    """Name, comparison and value; names of columns may have comparisons in them."""
    for name in sorted(schema.names, key=len, reverse=True):
        if part.startswith(name) and (match := _SPLIT.match(part, len(name))):
            return name, match[1], _bare(part[match.end() :])
    quoted = re.match(r"""(["'])(.*?)\1""", part)
    match = _SPLIT.search(part, quoted.end() if quoted else 0)
    if match is None:
        raise SettingError(f"--condition {part}: has no comparison; write COLUMN=VALUE, {EXAMPLE}.")
    return _bare(part[: match.start()]), match[1], _bare(part[match.end() :])


def _bare(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _category(text: str, column: Column) -> int:
    known = [str(category) for category in column.categories]
    if text in known:
        return known.index(text)
    if column.kind == "boolean" and text.lower() in ("false", "true"):
        return int(text.lower() == "true")
    raise ValueError(
        f"{column.name} has no category {text!r}.{suggestion(text, known)} Categories are {shortened(', '.join(known))}"
    )


def _number(text: str, column: Column) -> float | int:
    try:
        if column.kind == "datetime":
            return date_number(text, column)
        number = float(text)
        return int(number) if number.is_integer() else number
    except (ValueError, OverflowError):
        what = f"a date such as {column.low}" if column.kind == "datetime" else "a number"
        raise ValueError(f"{text!r} is not {what}, and {column.name} is {_said(column)}") from None


def _said(column: Column) -> str:
    return f"a column of the kind {column.kind}"
