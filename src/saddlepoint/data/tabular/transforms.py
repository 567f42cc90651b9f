"""How one column becomes numbers: the contract of all transforms, which one suits a column, and transforms as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from saddlepoint.data.tabular.categories import Intervals, OneHot
from saddlepoint.data.tabular.levels import BinLevels, CategoryLevels, ValueLevels, fit_levels
from saddlepoint.data.tabular.missing import ScoresWithIndicator
from saddlepoint.data.tabular.numbers import Scores
from saddlepoint.data.tabular.schema import Column
from saddlepoint.data.tabular.values import Mask, Numbers

Encoding = Literal["scores", "copula", "levels"]
HEAVY = 0.05  # share of rows from which on a number stands for itself alone, and is not mixed with its neighbours
MOST_CATEGORIES = 30  # that are encoded one-hot


class Transform(Protocol):
    """What encodes one column: its values and which are missing as `width` numbers, and back."""

    @property
    def width(self) -> int:
        """How many numbers encode a cell."""
        ...

    @property
    def kind(self) -> str:
        """What the numbers are: "score", "one-hot" or "levels"."""
        ...

    def encode(self, values: Numbers, missing: Mask, rng: np.random.Generator) -> npt.NDArray[np.float64]:
        """Numbers (N, width) of values (N,), of which some are missing."""
        ...

    def decode(self, x: npt.NDArray[np.float64], rng: np.random.Generator) -> tuple[Numbers, Mask]:
        """Values (N,) of numbers (N, width), and which are missing."""
        ...

    def to_json(self) -> dict[str, Any]:
        """The fitted values as JSON."""
        ...


Cell = tuple[int, float, float]
OUTMOST = 9.0  # normal score beyond which no number lies
MOST_CELLS = 1_000  # of a column; more categories than these are told apart by their neighbours alone


def cells_of(transform: Transform) -> list[Cell]:
    """The regions of a transform's numbers that stand for one value each, as (number, low, high).

    They are the intervals of categories, of missing cells and of values that many rows share; one-hot codes and levels have none.
    """
    if isinstance(transform, ScoresWithIndicator):
        numbers, indicator = cells_of(transform.scores), cells_of(transform.indicator)
        return numbers + [(1, low, high) for _, low, high in indicator]
    if isinstance(transform, Intervals):
        ends = np.concatenate([[0.0], transform.stop])
        ranks = np.stack([ends[:-1], ends[1:]], axis=1)
    elif isinstance(transform, Scores):
        is_heavy = transform.stop - transform.start >= HEAVY
        ranks = np.stack([transform.start, transform.stop], axis=1)[is_heavy]
        if transform.missing:
            ranks = np.concatenate([[[0.0, transform.missing]], ranks])
    else:
        return []
    if len(ranks) > MOST_CELLS:
        return []
    edges = np.clip(ndtri(ranks), -OUTMOST, OUTMOST)
    return [(0, float(low), float(high)) for low, high in edges if low < high]


TRANSFORMS: Mapping[str, Any] = {
    transform.__name__: transform
    for transform in (OneHot, Intervals, Scores, ScoresWithIndicator, CategoryLevels, ValueLevels, BinLevels)
}


def fit_transform(column: Column, encoding: Encoding, values: Numbers, missing: Mask) -> Transform:
    """The transform that an encoding has for a column, fitted to its values (N,), of which some are missing."""
    count, has_missing = len(column.categories), column.has_missing
    if encoding == "levels":
        if column.has_categories:
            return CategoryLevels(count, has_missing)
        return fit_levels(values, missing, has_missing)
    if column.has_categories:
        if encoding == "scores" and column.kind == "category" and 2 < count <= MOST_CATEGORIES:
            return OneHot(count, has_missing)
        return Intervals.fit(values, missing, count, has_missing)
    if encoding == "scores" and has_missing:
        return ScoresWithIndicator.fit(values, missing)
    return Scores.fit(values, missing, keep_missing=True)


def transform_to_json(transform: Transform) -> dict[str, Any]:
    """The name and the fitted values of a transform as JSON."""
    return {"transform": type(transform).__name__, **transform.to_json()}


def transform_from_json(content: Mapping[str, Any]) -> Transform:
    """The transform that `transform_to_json` wrote; raises KeyError, TypeError or ValueError where it is damaged."""
    transform: Transform = TRANSFORMS[content["transform"]].from_json(content)
    return transform
