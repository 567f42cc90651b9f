"""Numbers that can be missing as two columns: the number, and a score of whether it is missing.

The number of a missing cell is drawn from the observed ones, so that its distribution stays standard normal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from saddlepoint.data.tabular.categories import Intervals
from saddlepoint.data.tabular.numbers import Array, Scores
from saddlepoint.data.tabular.values import Mask, Numbers


@dataclass(frozen=True)
class ScoresWithIndicator:
    """Normal scores of numbers, and beside them a score whose upper part says that the cell is missing."""

    scores: Scores
    indicator: Intervals
    width: int = 2
    kind: ClassVar[str] = "score"

    @classmethod
    def fit(cls, values: Numbers, missing: Mask) -> ScoresWithIndicator:
        """Fit both to numbers (N,) of which some are missing."""
        scores = Scores.fit(values, missing, keep_missing=False)
        indicator = Intervals.fit(missing.astype(np.int64), np.zeros_like(missing), 2, has_missing=False)
        return cls(scores, indicator)

    def encode(self, values: Numbers, missing: Mask, rng: np.random.Generator) -> Array:
        """Scores (N, 2) of numbers (N,)."""
        number = self.scores.encode(values, missing, rng)
        return np.hstack([number, self.indicator.encode(missing.astype(np.int64), np.zeros_like(missing), rng)])

    def decode(self, x: Array, rng: np.random.Generator) -> tuple[Numbers, Mask]:
        """Numbers (N,) of scores (N, 2), and which are missing."""
        values, _ = self.scores.decode(x[:, :1], rng)
        return values, self.indicator.decode(x[:, 1:], rng)[0] == 1

    def to_json(self) -> dict[str, Any]:
        """The fitted values as JSON."""
        return {"scores": self.scores.to_json(), "indicator": self.indicator.to_json()}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> ScoresWithIndicator:
        """The transform that `to_json` wrote."""
        return cls(Scores.from_json(content["scores"]), Intervals.from_json(content["indicator"]))
