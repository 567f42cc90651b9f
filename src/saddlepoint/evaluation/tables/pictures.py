"""What pictures of a comparison show: the columns of both tables as numbers, the least similar first, and the strongest pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from saddlepoint.data.tabular.schema import Column, Schema
from saddlepoint.evaluation.tables.cells import Floats, column_values
from saddlepoint.evaluation.tables.comparison import choose_rows
from saddlepoint.evaluation.tables.metrics.trends import pair_similarities, pair_strengths

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 5_000
MOST_COLUMNS = 40  # of which pairs are considered
DAYS = {"us": 86_400e6, "ns": 86_400e9}


@dataclass(frozen=True)
class PictureColumn:
    """One column of real and of generated rows.

    Attributes:
        name: of the column.
        real, generated: (N,), (M,) numbers, days since 1970, or positions among the categories; NaN where missing.
        categories: names; empty for numbers.
        is_date: whether the numbers are days.
    """

    name: str
    real: Floats
    generated: Floats
    categories: tuple[str, ...]
    is_date: bool


@dataclass(frozen=True)
class PicturePair:
    """Two columns that depend on each other.

    Attributes:
        first, second: positions among the columns.
        strength: of the dependence in real rows, from 0 to 1.
        similarity: of the dependence in generated rows, as of the score of pair trends.
    """

    first: int
    second: int
    strength: float
    similarity: float


def picture_columns(
    real: pd.DataFrame, generated: pd.DataFrame, schema: Schema, seed: int = 0
) -> tuple[PictureColumn, ...]:
    """The learnt columns that both tables have, of at most 5,000 rows of each."""
    rng = np.random.default_rng(seed)
    frames = [choose_rows(frame, MOST_ROWS, rng) for frame in (real, generated)]
    found = []
    for column in schema.learnt:
        if all(column.name in frame.columns for frame in frames):
            first, second = (_scaled(column_values(frame, column), column) for frame in frames)
            categories = tuple(map(str, column.categories)) if column.has_categories else ()
            found.append(PictureColumn(column.name, first, second, categories, column.kind == "datetime"))
    return tuple(found)


def strongest_pairs(columns: tuple[PictureColumn, ...], most: int = 6) -> tuple[PicturePair, ...]:
    """The pairs of columns that depend most on each other in real rows, the strongest first."""
    some = columns[:MOST_COLUMNS]
    if len(some) < 2:
        return ()
    kinds = np.array([len(column.categories) + 2 if column.categories else 0 for column in some])
    x, y = (np.stack([getattr(column, side) for column in some], 1) for side in ("generated", "real"))
    pairs = [(first, second) for second in range(len(some)) for first in range(second)]
    strengths = pair_strengths(y, kinds, pairs)
    order = np.argsort(-strengths, kind="stable")[:most]
    chosen = [pairs[place] for place in order]
    similarities = pair_similarities(x, y, kinds, chosen)
    return tuple(
        PicturePair(first, second, float(strengths[place]), float(similarity))
        for (first, second), place, similarity in zip(chosen, order, similarities, strict=True)
    )


def _scaled(values: Floats, column: Column) -> Floats:
    return values / DAYS["ns" if "[ns" in column.dtype else "us"] if column.kind == "datetime" else values
