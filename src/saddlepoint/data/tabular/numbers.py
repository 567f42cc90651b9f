"""Columns of numbers as normal scores: their ranks in the fitted rows, through the inverse normal distribution function.

The distribution of each column becomes standard normal whatever its form, skewed or multimodal. A value that many rows share, such as a
zero, owns an interval of ranks: it is spread uniformly over it, and anything within decodes to exactly that value. Between the
values that are stored (all distinct ones up to a limit) the scores are interpolated, so that new values can be drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from saddlepoint.data.tabular.values import Mask, Numbers

MOST_KNOTS = 4_096  # stored values of a column
POINT_MASS = 0.005  # share of rows from which on a value owns an interval
MARGIN = 0.002  # of an interval on both sides, which rounding to float32 must not leave
NEAR = 2e-6  # difference of scores within which a stored value is meant, as float32 rounds

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Normal scores of numbers; missing cells are below all of them, where the column has any.

    Attributes:
        knots: (M,) int64 or float64, the stored values in ascending order.
        start, stop: (M,) their intervals of ranks in [0, 1], of width 0 but for point masses.
        missing: share of ranks that missing cells own, from 0 on.
        step: int64 values are whole multiples of it from the first knot on.

    References:
        The Nonparanormal: Semiparametric Estimation of High Dimensional Undirected Graphs (Han Liu, John Lafferty, Larry Wasserman,
        2009), https://jmlr.org/papers/v10/liu09a.html.
    """

    knots: Numbers
    start: Array
    stop: Array
    missing: float = 0.0
    step: int = 1
    width: int = 1
    kind: ClassVar[str] = "score"

    @classmethod
    def fit(cls, values: Numbers, missing: Mask, *, keep_missing: bool) -> Scores:
        """Fit the scores of a column.

        Args:
            values: (N,) numbers.
            missing: (N,) which are missing.
            keep_missing: whether missing cells own ranks; otherwise they are not considered.
        """
        given = values[~missing]
        if not len(given):
            given = np.zeros(1, values.dtype)
        knots, counts = np.unique(given, return_counts=True)
        share = float(missing.mean()) if keep_missing and len(missing) else 0.0
        after = np.cumsum(counts) / counts.sum()
        before = np.concatenate([[0.0], after[:-1]])
        is_mass = (counts > 1) & (counts >= POINT_MASS * counts.sum())
        middle = (before + after) / 2
        start, stop = np.where(is_mass, before, middle), np.where(is_mass, after, middle)
        if len(knots) > MOST_KNOTS:
            chosen = np.rint(np.linspace(0, len(knots) - 1, MOST_KNOTS)).astype(np.int64)
            chosen = np.union1d(chosen, np.flatnonzero(is_mass))
            knots, start, stop = knots[chosen], start[chosen], stop[chosen]
        step = 1
        if np.issubdtype(given.dtype, np.integer) and len(knots) > 1:
            step = max(1, int(np.gcd.reduce(given - given.min())))
        # Missing cells own at most what leaves ranks to the others.
        share = min(share, 1 - 1 / (len(missing) + 1)) if share else 0.0
        return cls(knots, share + (1 - share) * start, share + (1 - share) * stop, share, step)

    def encode(self, values: Numbers, missing: Mask, rng: np.random.Generator) -> Array:
        """Scores (N, 1) of values (N,); missing ones are spread over their own ranks, or over all where they have none."""
        with np.errstate(invalid="ignore"):
            after = np.clip(np.searchsorted(self.knots, values), 0, len(self.knots) - 1)
        before = np.maximum(after - 1, 0)
        low, high = ndtri(self.stop[before]), ndtri(self.start[after])
        gap = (self.knots[after] - self.knots[before]).astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            part = (values - self.knots[before]).astype(np.float64) / gap
            scores = low + (high - low) * part
        on_knot = (self.knots[after] == values) | (values < self.knots[0]) | (values > self.knots[-1])
        inside = MARGIN + (1 - 2 * MARGIN) * rng.random(len(values))
        spread = self.start[after] + (self.stop[after] - self.start[after]) * inside
        scores = np.where(on_knot | ~np.isfinite(scores), ndtri(spread), scores)
        own = self.missing if self.missing else 1.0
        return np.asarray(np.where(missing, ndtri(own * inside), scores), np.float64)[:, None]

    def decode(self, x: Array, rng: np.random.Generator) -> tuple[Numbers, Mask]:
        """Values (N,) of scores (N, 1), and which are missing."""
        scores = x[:, 0]
        low, high = ndtri(self.start), ndtri(self.stop)
        after = np.clip(np.searchsorted(high, scores), 0, len(high) - 1)
        before = np.maximum(after - 1, 0)
        is_after = scores >= low[after] - NEAR
        is_before = scores <= high[before] + NEAR
        with np.errstate(invalid="ignore", divide="ignore"):
            part = np.clip((scores - high[before]) / (low[after] - high[before]), 0.0, 1.0)
            gap = (self.knots[after] - self.knots[before]).astype(np.float64)
            moved = np.nan_to_num(part * gap)
        if np.issubdtype(self.knots.dtype, np.integer):
            moved = (self.step * np.rint(moved / self.step)).astype(np.int64)
        values = np.where(
            is_after, self.knots[after], np.where(is_before, self.knots[before], self.knots[before] + moved)
        )
        return values, ndtr(scores) < self.missing

    def to_json(self) -> dict[str, Any]:
        """The fitted values as JSON."""
        ranks = {"start": self.start.tolist(), "stop": self.stop.tolist()}
        return {"knots": self.knots.tolist(), **ranks, "missing": self.missing, "step": self.step}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Scores:
        """The scores that `to_json` wrote."""
        start, stop = np.array(content["start"], np.float64), np.array(content["stop"], np.float64)
        return cls(stored_numbers(content["knots"]), start, stop, float(content["missing"]), int(content["step"]))


def stored_numbers(values: Sequence[int | float]) -> Numbers:
    """Numbers (N,) from a JSON list, int64 or float64 as they were written; raises ValueError where they are none."""
    numbers = np.array(values)
    if numbers.ndim != 1 or numbers.dtype not in (np.int64, np.float64):
        raise ValueError(f"stored values of shape {numbers.shape} {numbers.dtype}")
    return numbers
