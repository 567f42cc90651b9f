"""How one column becomes numbers: the contract of all transforms, which one suits a column, and transforms as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from saddlepoint.data.tabular.categories import Intervals, OneHot
from saddlepoint.data.tabular.levels import BinLevels, CategoryLevels, ValueLevels, fit_levels
from saddlepoint.data.tabular.missing import ScoresWithIndicator
from saddlepoint.data.tabular.numbers import Scores
from saddlepoint.data.tabular.schema import Column
from saddlepoint.data.tabular.values import Mask, Numbers

Encoding = Literal["scores", "copula", "levels"]
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
