"""Rows of mixed columns as vectors of numbers, for classifiers and for distances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from saddlepoint.data.tabular.schema import Column, Schema
from saddlepoint.errors import DataError
from saddlepoint.evaluation.tables.cells import Floats, column_values

if TYPE_CHECKING:
    import pandas as pd

Scale = Literal["deviation", "range"]
MOST_INDICATORS = 30  # categories of a column with an indicator of their own; rarer ones share one


@dataclass(frozen=True)
class _Part:
    """One column's inputs: a scaled number, or indicators of `codes`; then an indicator of what is none of these.

    Attributes:
        column: of the table.
        centre, scale: of a number.
        fill: what a missing number becomes.
        codes: (K,) positions of the frequent categories.
        rest: whether there is an indicator of other categories (of columns of categories).
        missing: whether there is an indicator of missing cells.
    """

    column: Column
    centre: float
    scale: float
    fill: float
    codes: npt.NDArray[np.float64]
    rest: bool
    missing: bool


class TableFeatures:
    """Rows as vectors (N, F), fitted to the rows of one frame or of several together.

    Numbers and dates are centred and scaled; a missing one becomes the mean of the others, with an indicator beside it. The 30 most
    frequent categories of a column have an indicator each, and all others, also those that the fitted rows lack, one in common.

    Where distances to two sets of rows are compared, fit to both: categories that only one set has are otherwise all equal in the other,
    which makes that set's rows seem near.

    Args:
        frame: the rows that give means, scales and categories; of several frames, all of theirs.
        schema: of the table. Constants, identifiers and text are left out.
        scale: "deviation" (mean 0, standard deviation 1) or "range" (smallest 0, largest 1).
        indicator: height of the indicators of categories; 0.5 makes the L1 distance of two categories 1.
        without: names of columns to leave out, such as the target.

    Raises:
        DataError: no column is left, or the frame lacks one.
    """

    def __init__(
        self,
        frame: pd.DataFrame | Sequence[pd.DataFrame],
        schema: Schema,
        *,
        scale: Scale = "deviation",
        indicator: float = 1.0,
        without: Sequence[str] = (),
    ) -> None:
        columns = [column for column in schema.learnt if column.name not in without]
        if not columns:
            raise DataError("the table has no column to compare: give one with numbers, dates or categories.")
        self._indicator = indicator
        frames = frame if isinstance(frame, Sequence) else (frame,)
        self._parts = [
            _fit(np.concatenate([column_values(some, column) for some in frames]), column, scale) for column in columns
        ]
        width = sum(_width(part) for part in self._parts)
        if not width:
            raise DataError("every column of the table is constant or empty; give a table whose rows differ.")
        self.width = width

    def encode(self, frame: pd.DataFrame) -> Floats:
        """The rows of a frame as vectors (N, width); raises DataError where it lacks a column."""
        return np.concatenate([self._encode(column_values(frame, part.column), part) for part in self._parts], 1)

    def _encode(self, values: Floats, part: _Part) -> Floats:
        absent = np.isnan(values)
        inputs: list[Floats] = []
        if not part.column.has_categories:
            filled = np.where(absent, part.fill, values)
            inputs.append(((filled - part.centre) / part.scale)[:, None])
        else:
            hits = values[:, None] == part.codes
            inputs.append(hits * self._indicator)
            if part.rest:
                inputs.append((~hits.any(1) & ~absent)[:, None] * self._indicator)
        if part.missing:
            inputs.append(absent[:, None] * (self._indicator if part.column.has_categories else 1.0))
        return np.concatenate(inputs, 1)


def _width(part: _Part) -> int:
    number = not part.column.has_categories
    return number + len(part.codes) + part.rest + part.missing


def _fit(values: Floats, column: Column, scale: Scale) -> _Part:
    absent = np.isnan(values)
    given = values[~absent]
    # A cell may be missing in other rows only, which an indicator of zeros in the fitted rows does not disturb.
    missing = bool(absent.any()) or column.has_missing
    if column.has_categories:
        codes, counts = np.unique(given, return_counts=True)
        frequent = np.sort(codes[np.argsort(-counts, kind="stable")[:MOST_INDICATORS]])
        return _Part(column, 0.0, 1.0, 0.0, frequent, True, missing)
    if not len(given):
        return _Part(column, 0.0, 1.0, 0.0, np.empty(0), False, missing)
    mean = float(given.mean())
    centre = mean if scale == "deviation" else float(given.min())
    spread = float(given.std()) if scale == "deviation" else float(np.ptp(given))
    # Equal numbers can have a tiny spread by rounding.
    usable = spread > 1e-12 * float(np.abs(given).max())
    return _Part(column, centre, spread if usable else 1.0, mean, np.empty(0), False, missing)
