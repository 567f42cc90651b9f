"""Numbers with decimal commas, in tables whose cells are separated by something else, as spreadsheets write them in much of Europe.

A comma may also mark thousands. Only the file as a whole tells: a comma that no group of three digits follows is a decimal one, and then
all commas in numbers of the file are.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from saddlepoint.data.tabular.cells import NUMBER_MARKS

if TYPE_CHECKING:
    import pandas as pd

WITH_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
WHOLE = re.compile(r"[+-]?\d+")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")  # what a number with one comma may be beside a decimal number


def with_points(frame: pd.DataFrame, without: Collection[int]) -> tuple[pd.DataFrame, tuple[int, ...]]:
    """The cells with decimal points in place of decimal commas.

    Args:
        frame: texts; its columns are counted from 0.
        without: columns that are no numbers.

    Returns:
        The frame, and the columns that were changed; none where a comma may mark thousands, or where a column has points too.
    """
    found: list[int] = []
    certain = False
    for column in range(len(frame.columns)):
        if column in without or not frame.iloc[:, column].str.contains(",", regex=False).any():
            continue
        values = [value for value in frame.iloc[:, column].str.strip().unique() if value.lower() not in NUMBER_MARKS]
        commas = [value for value in values if WITH_COMMA.fullmatch(value)]
        if all(WITH_COMMA.fullmatch(value) or WHOLE.fullmatch(value) for value in values):
            found.append(column)
            certain = certain or not all(map(THOUSANDS.fullmatch, commas))
    if not certain:
        return frame, ()
    changed = frame.copy()
    for column in found:
        changed[column] = frame.iloc[:, column].str.replace(",", ".", regex=False)
    return changed, tuple(found)
