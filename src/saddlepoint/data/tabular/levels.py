"""Columns as levels 0 to 255, for models that predict one symbol after another.

A category is its position; more than 256 of them take two levels, the higher digit first. Numbers with few values are positions among
these, others lie in bins of equal shares of the rows, and decode to a uniform rank within the bin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import ndtr, ndtri

from saddlepoint.data.tabular.numbers import Array, Scores, stored_numbers
from saddlepoint.data.tabular.values import Mask, Numbers

LEVELS = 256


@dataclass(frozen=True)
class CategoryLevels:
    """Positions of categories as one level, or two where there are more than 256; a missing cell is the last position.

    Attributes:
        count: of categories without the missing one.
    """

    count: int
    has_missing: bool
    kind: ClassVar[str] = "levels"

    @property
    def width(self) -> int:
        """How many levels encode a cell."""
        return 1 if self.count + self.has_missing <= LEVELS else 2

    def encode(self, values: Numbers, missing: Mask, rng: np.random.Generator) -> Array:
        """Levels (N, width) of positions of categories (N,)."""
        codes = np.where(missing, self.count, values)
        digits = codes[:, None] if self.width == 1 else np.stack([codes // LEVELS, codes % LEVELS], axis=1)
        return digits.astype(np.float64)

    def decode(self, x: Array, rng: np.random.Generator) -> tuple[Numbers, Mask]:
        """Positions (N,) of levels (N, width), and which cells are missing; beyond the last one is the last."""
        digits = np.clip(np.rint(x), 0, LEVELS - 1).astype(np.int64)
        codes = digits[:, 0] if self.width == 1 else digits[:, 0] * LEVELS + digits[:, 1]
        codes = np.minimum(codes, self.count + self.has_missing - 1)
        return np.where(codes < self.count, codes, 0), codes == self.count

    def to_json(self) -> dict[str, Any]:
        """The fitted values as JSON."""
        return {"count": self.count, "has_missing": self.has_missing}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> CategoryLevels:
        """The levels that `to_json` wrote."""
        return cls(int(content["count"]), bool(content["has_missing"]))


@dataclass(frozen=True)
class ValueLevels:
    """Numbers with few distinct values: the level is the position among them.

    Attributes:
        values: (K,) the distinct values in ascending order.
    """

    values: Numbers
    has_missing: bool
    width: int = 1
    kind: ClassVar[str] = "levels"

    def encode(self, values: Numbers, missing: Mask, rng: np.random.Generator) -> Array:
        """Levels (N, 1) of numbers (N,); one that is not among the values is the next one."""
        place = np.minimum(np.searchsorted(self.values, values), len(self.values) - 1)
        return np.where(missing, len(self.values), place).astype(np.float64)[:, None]

    def decode(self, x: Array, rng: np.random.Generator) -> tuple[Numbers, Mask]:
        """Numbers (N,) of levels (N, 1), and which cells are missing."""
        last = len(self.values) - 1
        place = np.clip(np.rint(x[:, 0]), 0, last + self.has_missing).astype(np.int64)
        return self.values[np.minimum(place, last)], place > last

    def to_json(self) -> dict[str, Any]:
        """The fitted values as JSON."""
        return {"values": self.values.tolist(), "has_missing": self.has_missing}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> ValueLevels:
        """The levels that `to_json` wrote."""
        return cls(stored_numbers(content["values"]), bool(content["has_missing"]))


@dataclass(frozen=True)
class BinLevels:
    """Numbers in bins of equal shares of the rows; a missing cell has the last level."""

    scores: Scores
    has_missing: bool
    width: int = 1
    kind: ClassVar[str] = "levels"

    @property
    def bins(self) -> int:
        """How many bins there are."""
        return LEVELS - self.has_missing

    def encode(self, values: Numbers, missing: Mask, rng: np.random.Generator) -> Array:
        """Levels (N, 1) of numbers (N,)."""
        ranks = ndtr(self.scores.encode(values, missing, rng)[:, 0])
        level = np.minimum(np.floor(ranks * self.bins), self.bins - 1)
        return np.where(missing, self.bins, level)[:, None]

    def decode(self, x: Array, rng: np.random.Generator) -> tuple[Numbers, Mask]:
        """Numbers (N,) at a random rank within the bins of levels (N, 1), and which cells are missing."""
        level = np.clip(np.rint(x[:, 0]), 0, LEVELS - 1)
        ranks = (np.minimum(level, self.bins - 1) + rng.random(len(level))) / self.bins
        values, _ = self.scores.decode(ndtri(ranks)[:, None], rng)
        return values, level >= self.bins

    def to_json(self) -> dict[str, Any]:
        """The fitted values as JSON."""
        return {"scores": self.scores.to_json(), "has_missing": self.has_missing}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> BinLevels:
        """The levels that `to_json` wrote."""
        return cls(Scores.from_json(content["scores"]), bool(content["has_missing"]))


def fit_levels(values: Numbers, missing: Mask, has_missing: bool) -> ValueLevels | BinLevels:
    """The levels of numbers (N,): their own values where these are few, else bins."""
    distinct = np.unique(values[~missing])
    if 0 < len(distinct) <= LEVELS - has_missing:
        return ValueLevels(distinct, has_missing)
    return BinLevels(Scores.fit(values, missing, keep_missing=False), has_missing)
