"""Constraints that hold in every row: "start <= end", "rooms + halls = total", "0 <= discount <= 100".

A constraint is linear in columns of numbers or dates. Rows that a model drew are moved to the nearest row that meets it, in units of
each column's range, then rounded as the columns are. A row that still violates one (a sum beyond its column's range, or
constraints that exclude each other) is rejected. A row with a missing cell in a constraint meets it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from saddlepoint.data.tabular.schema import NUMBERS, Column, Schema
from saddlepoint.data.tabular.values import Mask, date_number, from_arrays, to_arrays
from saddlepoint.errors import SettingError, shortened, suggestion

if TYPE_CHECKING:
    import pandas as pd

PASSES = 20  # over all constraints, of which one can undo another
TOLERANCE = 1e-9  # relative: sums of decimal fractions are rounded
_RELATION = re.compile(r"(<=|>=|==|<|>|=)")
_TERM = re.compile(r"\s*([+-]?)\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?)\s*\*\s*)?(`[^`]+`|[^\s+*<>=-][^\s+*<>=]*)\s*")
_DATE = re.compile(r"\d{4}-\d\d-\d\d\S*")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Constraint:
    """sum of weight * column, in a relation to a bound.

    Attributes:
        text: as it was written.
        weights: of the columns by name.
        relation: "<=", "<" or "=".
        bound: the right side.
        result: name of the column that is set where rounding leaves a rest: the one alone on its side, else the last.
    """

    text: str
    weights: Mapping[str, float]
    relation: str
    bound: float
    result: str

    def excess(self, values: Mapping[str, Floats]) -> Floats:
        """By how much the sums (N,) exceed the bound; NaN where a cell is missing."""
        return np.asarray(sum(weight * values[name] for name, weight in self.weights.items()) - self.bound)

    def violated(self, values: Mapping[str, Floats]) -> Mask:
        """Which rows (N,) violate the constraint."""
        excess = self.excess(values)
        size = sum(abs(weight) * np.abs(values[name]) for name, weight in self.weights.items()) + abs(self.bound)
        slack = TOLERANCE * np.asarray(size)
        with np.errstate(invalid="ignore"):
            if self.relation == "=":
                return np.asarray(np.abs(excess) > slack)
            return np.asarray(excess > slack) if self.relation == "<=" else np.asarray(excess >= 0)


class Constraints:
    """The constraints of a schema.

    Args:
        texts: each a relation of sums of columns; names with spaces or signs are put in backticks.
        schema: of the table.

    Raises:
        SettingError: one cannot be read, or has columns that do not exist or are no numbers or dates.
    """

    def __init__(self, texts: Sequence[str], schema: Schema) -> None:
        self.constraints = tuple(one for text in texts for one in _parse(text, schema))
        names = {name for constraint in self.constraints for name in constraint.weights}
        self.columns = tuple(column for column in schema.columns if column.name in names)

    def holds(self, frame: pd.DataFrame) -> Mask:
        """Which rows of a frame meet all constraints."""
        values = self._values(frame)
        met = np.ones(len(frame), dtype=bool)
        for constraint in self.constraints:
            met &= ~constraint.violated(values)
        return met

    def violations(self, frame: pd.DataFrame) -> dict[str, float]:
        """The share of rows of a frame that violate each constraint, by its text."""
        values = self._values(frame)
        return {one.text: float(one.violated(values).mean()) for one in self.constraints}

    def enforce(self, frame: pd.DataFrame) -> tuple[pd.DataFrame, Mask]:
        """Move rows so that they meet all constraints.

        Returns:
            A frame with all rows, of which those that already met the constraints are unchanged, and which rows now meet them.
        """
        met = self.holds(frame)
        if met.all():
            return frame, met
        arrays = {column.name: to_arrays(frame[column.name], column) for column in self.columns}
        values = self._values(frame)
        for _ in range(PASSES):
            for constraint in self.constraints:
                self._project(constraint, values)
            if not any(constraint.violated(values).any() for constraint in self.constraints):
                break
        moved = frame.copy()
        for column in self.columns:
            whole, missing = arrays[column.name]
            new = np.nan_to_num(values[column.name])
            new = np.rint(new).astype(np.int64) if np.issubdtype(whole.dtype, np.integer) else new
            moved[column.name] = from_arrays(np.where(met, whole, new), missing, column).to_numpy()
            moved[column.name] = moved[column.name].astype(frame[column.name].dtype)
        return moved, self.holds(moved)

    def _project(self, constraint: Constraint, values: dict[str, Floats]) -> None:
        """Move the violating rows of `values` to the nearest point of one constraint, and onto the columns' grids."""
        columns = {column.name: column for column in self.columns if column.name in constraint.weights}
        rows = constraint.violated(values)
        if not rows.any():
            return
        excess = constraint.excess(values)[rows]
        # The nearest point with columns measured in units of their ranges: each moves by its weight times its range squared.
        pull = {name: weight * _spread(columns[name]) ** 2 for name, weight in constraint.weights.items()}
        total = sum(constraint.weights[name] * pull[name] for name in pull)
        for name, share in pull.items():
            values[name][rows] = _on_grid(values[name][rows] - excess * share / total, columns[name])
        # What rounding left goes into one column, rounded so that inequalities hold.
        rows = constraint.violated(values)
        column, weight = columns[constraint.result], constraint.weights[constraint.result]
        target = values[column.name][rows] - constraint.excess(values)[rows] / weight
        if constraint.relation == "=":
            values[column.name][rows] = _on_grid(target, column)
            return
        step, direction = _step(column), -np.sign(weight)
        rounded = np.floor(target / step + TOLERANCE) if direction < 0 else np.ceil(target / step - TOLERANCE)
        rounded = rounded + direction * (constraint.relation == "<")
        values[column.name][rows] = np.clip(rounded * step, *_ends(column))

    def _values(self, frame: pd.DataFrame) -> dict[str, Floats]:
        values = {}
        for column in self.columns:
            numbers, missing = to_arrays(frame[column.name], column)
            values[column.name] = np.where(missing, np.nan, numbers.astype(np.float64))
        return values


def _parse(text: str, schema: Schema) -> list[Constraint]:
    """One constraint for each relation in the text: "0 <= x <= 9" is two."""
    parts = _RELATION.split(text)
    if len(parts) < 3 or not all(part.strip() for part in parts):
        raise SettingError(
            f'constraint "{shortened(text)}": write a relation of columns, such as start <= end or a + b = c.'
        )
    sides = [_sum(part, text, schema) for part in parts[::2]]
    return [_constraint(text, sides[n], relation, sides[n + 1]) for n, relation in enumerate(parts[1::2])]


def _constraint(text: str, left: dict[str, float], relation: str, right: dict[str, float]) -> Constraint:
    if relation in (">", ">="):
        left, right, relation = right, left, relation.replace(">", "<")
    weights = {name: left.get(name, 0.0) - right.get(name, 0.0) for name in (*left, *right) if name}
    weights = {name: weight for name, weight in weights.items() if weight}
    if not weights:
        raise SettingError(f'constraint "{text}": has no column in one of its relations; leave that out.')
    alone = [names[0] for side in (right, left) if len(names := [name for name in side if name]) == 1]
    result = next((name for name in alone if name in weights), list(weights)[-1])
    return Constraint(text, weights, relation.replace("==", "="), right.get("", 0.0) - left.get("", 0.0), result)


def _sum(part: str, text: str, schema: Schema) -> dict[str, float]:
    """Weights of columns by name in one side of a relation, and its constant under the empty name."""
    weights: dict[str, float] = {}
    position = 0
    part = part.strip()
    while position < len(part):
        match = _TERM.match(part, position)
        if match is None or (position and not match[1]):
            raise SettingError(
                f'constraint "{text}": {part[position:]!r} is no sum of columns and numbers; put names with spaces or signs in backticks.'
            )
        sign, factor, word = match.groups()
        name, value = _term(word.strip("`"), text, schema)
        weights[name] = weights.get(name, 0.0) + (-1.0 if sign == "-" else 1.0) * float(factor or 1) * value
        position = match.end()
    return weights


def _term(word: str, text: str, schema: Schema) -> tuple[str, float]:
    """(name of a column, 1), or ("", the number or date) of one term."""
    if word in schema.names:
        column = schema.column(word)
        if column.kind not in NUMBERS:
            raise SettingError(
                f'constraint "{text}": the column {word} is of the kind {column.kind}; constraints are on numbers and dates.'
            )
        return word, 1.0
    dates = [column for column in schema.columns if column.kind == "datetime" and column.name in text]
    try:
        return "", float(date_number(word, dates[0])) if dates and _DATE.fullmatch(word) else float(word)
    except ValueError:
        raise SettingError(
            f'constraint "{text}": there is no column {word!r}.{suggestion(word, schema.names)} Columns are {shortened(", ".join(schema.names))}.'
        ) from None


def _ends(column: Column) -> tuple[float, float]:
    if column.low is None or column.high is None:
        return -np.inf, np.inf
    if column.kind == "datetime":
        return float(date_number(str(column.low), column)), float(date_number(str(column.high), column))
    return float(column.low), float(column.high)


def _spread(column: Column) -> float:
    low, high = _ends(column)
    return high - low if 0 < high - low < np.inf else 1.0


def _step(column: Column) -> float:
    """The distance of neighbouring values of a column."""
    if column.kind == "datetime":
        return 86_400e6 if column.format is not None and "%H" not in column.format else 1.0
    if column.kind == "integer":
        return 1.0
    return 10.0**-column.decimals if column.decimals is not None else 2.0**-40


def _on_grid(values: Floats, column: Column) -> Floats:
    """Values (N,) rounded as the column is, and within its range."""
    if column.kind == "datetime" or column.decimals is not None or column.kind == "integer":
        step = _step(column)
        values = np.rint(values / step) * step
    return np.clip(values, *_ends(column))
