"""Columns of categories as numbers: one-hot with noise, or one normal score in which each category owns an interval.

A missing cell is one more category. With noise, a category is a region rather than a point, so that models of continuous values have
a density to learn; each region decodes to its category alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from saddlepoint.data.tabular.values import Mask, Numbers

NOISE = 0.25  # half the width of the noise of one-hot codes; below 0.5 the largest is always the category's
MARGIN = 0.02  # of an interval on both sides, which rounding to float32 must not leave
UNSEEN = 0.5  # count of a category that no fitted row has

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class OneHot:
    """One number for each category, about 1 for the cell's own and about 0 for the others.

    Attributes:
        count: of categories.
        has_missing: whether missing cells have a position of their own, the last.
    """

    count: int
    has_missing: bool
    kind: ClassVar[str] = "one-hot"

    @property
    def width(self) -> int:
        """How many numbers encode a cell."""
        return self.count + self.has_missing

    def encode(self, values: Numbers, missing: Mask, rng: np.random.Generator) -> Array:
        """Codes (N, width) of positions of categories (N,)."""
        x = rng.uniform(-NOISE, NOISE, (len(values), self.width))
        x[np.arange(len(values)), np.where(missing, self.count, values)] += 1.0
        return x

    def decode(self, x: Array, rng: np.random.Generator) -> tuple[Numbers, Mask]:
        """Positions (N,) of the largest numbers of (N, width), and which cells are missing."""
        codes = x.argmax(axis=1)
        return np.where(codes < self.count, codes, 0), codes == self.count

    def to_json(self) -> dict[str, Any]:
        """The fitted values as JSON."""
        return {"count": self.count, "has_missing": self.has_missing}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> OneHot:
        """The codes that `to_json` wrote."""
        return cls(int(content["count"]), bool(content["has_missing"]))


@dataclass(frozen=True)
class Intervals:
    """One normal score; each category owns an interval of ranks as wide as its share, and a value is uniform inside.

    A number of categories of any size takes one column. Similar categories should be neighbours (see `order_by_association`), because
    the errors of a model mix neighbours.

    Attributes:
        order: (K,) positions of categories in the order of their intervals; K counts missing cells as a category where they can be.
        stop: (K,) upper ends of the intervals in that order.
        count: of categories without the missing one.
    """

    order: npt.NDArray[np.int64]
    stop: Array
    count: int
    width: int = 1
    kind: ClassVar[str] = "score"

    @classmethod
    def fit(
        cls, values: Numbers, missing: Mask, count: int, has_missing: bool, order: npt.NDArray[np.int64] | None = None
    ) -> Intervals:
        """Fit the intervals to positions of categories (N,).

        Args:
            values: positions of categories.
            missing: which cells are missing.
            count: of categories, whether cells have them or not.
            has_missing: whether missing cells own an interval, the first.
            order: of the categories without the missing one; None keeps theirs.
        """
        codes = np.where(missing, count, values)
        counts = np.bincount(codes, minlength=count + has_missing).astype(np.float64)
        order = np.arange(count) if order is None else order
        if has_missing:
            order = np.concatenate([[count], order])
        shares = np.maximum(counts, UNSEEN)[order]
        return cls(order, np.cumsum(shares / shares.sum()), count)

    def encode(self, values: Numbers, missing: Mask, rng: np.random.Generator) -> Array:
        """Scores (N, 1) of positions of categories (N,)."""
        place = np.argsort(self.order)[np.where(missing, self.count, values)]
        start = np.concatenate([[0.0], self.stop[:-1]])
        inside = MARGIN + (1 - 2 * MARGIN) * rng.random(len(values))
        ranks = start[place] + (self.stop[place] - start[place]) * inside
        return np.asarray(ndtri(ranks))[:, None]

    def decode(self, x: Array, rng: np.random.Generator) -> tuple[Numbers, Mask]:
        """Positions of categories (N,) of scores (N, 1), and which cells are missing."""
        place = np.minimum(np.searchsorted(self.stop, ndtr(x[:, 0])), len(self.order) - 1)
        codes = self.order[place]
        return np.where(codes < self.count, codes, 0), codes == self.count

    def to_json(self) -> dict[str, Any]:
        """The fitted values as JSON."""
        return {"order": self.order.tolist(), "stop": self.stop.tolist(), "count": self.count}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Intervals:
        """The intervals that `to_json` wrote."""
        return cls(np.array(content["order"], np.int64), np.array(content["stop"], np.float64), int(content["count"]))


def order_by_association(codes: Numbers, count: int, features: Array) -> npt.NDArray[np.int64]:
    """An order of categories in which those with similar rows are neighbours.

    Categories are ordered by their mean in the features, projected on the direction in which the means differ most (the first axis
    of a correspondence analysis). Means of rare categories are shrunk to the mean of all.

    Args:
        codes: (N,) positions of categories, -1 where a cell is missing.
        count: K, of categories.
        features: (N, D) numbers of about one scale that describe the other columns.

    Returns:
        (K,) positions of the categories in their new order.

    References:
        Target Encoding for High-Cardinality Categorical Attributes (Daniele Micci-Barreca, 2001), https://doi.org/10.1145/507533.507538.
    """
    given = codes >= 0
    if not features.shape[1] or not given.any():
        return np.arange(count)
    centred = features[given] - features[given].mean(axis=0)
    sizes = np.bincount(codes[given], minlength=count).astype(np.float64)
    sums = np.stack([np.bincount(codes[given], weights=column, minlength=count) for column in centred.T], axis=1)
    means = sums / (sizes + 10.0)[:, None]
    weighted = means * np.sqrt(sizes)[:, None]
    direction = np.linalg.eigh(weighted.T @ weighted)[1][:, -1]
    # The sign of an eigenvector is arbitrary.
    direction *= np.sign(direction[np.abs(direction).argmax()])
    return np.argsort(means @ direction, kind="stable")
