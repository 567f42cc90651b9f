"""What one score compares: rows of a generator, real rows, and what is known of their columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from saddlepoint.data.tabular.schema import Schema
from saddlepoint.evaluation.scorecard.score import Better, Estimate
from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.evaluation.tables.cells import Floats, column_values

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Comparison:
    """Rows of a generator, and the real rows that they are compared with.

    Attributes:
        rows: of the generator.
        train: real rows that it was fitted to.
        test: other real rows, which are not among `rows` either.
        schema: of all of them.
        is_held_out: whether the generator has not seen `test`.
        target: column to predict, or None.
        seed: of choices of rows, folds and classifiers.
    """

    rows: pd.DataFrame
    train: pd.DataFrame
    test: pd.DataFrame
    schema: Schema
    is_held_out: bool
    target: str | None = None
    seed: int = 0

    def at_most(self, most: int, *, of_test: int | None = None) -> Comparison:
        """Equally many rows of the generator and of the test part, at most `most`, chosen at random.

        No more rows are taken than there are training rows, which stand for the best generator: many scores depend on the number of rows.

        Args:
            most: rows.
            of_test: rows of the test part; None takes as many as of the generator.
        """
        rng = np.random.default_rng(self.seed)
        n = min(len(self.rows), len(self.train), len(self.test) if of_test is None else len(self.rows), most)
        m = min(len(self.test), n if of_test is None else of_test)
        return replace(self, rows=choose_rows(self.rows, n, rng), test=choose_rows(self.test, m, rng))

    def values(self, frame: pd.DataFrame) -> Floats:
        """The learnt columns (N, C) of a frame as numbers, NaN where they are missing (see `cells.column_values`)."""
        return np.stack([column_values(frame, column) for column in self.schema.learnt], 1)


@dataclass(frozen=True)
class Measurement:
    """What a metric found.

    Attributes:
        estimate: the score with its interval.
        parts: scores of columns or pairs, the worst first.
    """

    estimate: Estimate
    parts: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class TableMetric:
    """One score of rows.

    Attributes:
        title: its name.
        better: which direction is better.
        meaning: one sentence on what it says.
        measure: computes it.
        reason: why it cannot be measured, or None; some scores need a target or held-out rows.
        ideal: of a perfect generator, where it is known.
        needs_outsiders: whether the rows of the baseline "real" must not be training rows.
    """

    title: str
    better: Better
    meaning: str
    measure: Callable[[Comparison], Measurement]
    reason: Callable[[Comparison], str | None] = lambda _: None
    ideal: float | None = None
    needs_outsiders: bool = False


def choose_rows(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """n rows of a frame, chosen at random without replacement, in their order."""
    if n >= len(frame):
        return frame
    return frame.iloc[np.sort(rng.permutation(len(frame))[:n])].reset_index(drop=True)


def as_estimate(interval: Interval) -> Estimate:
    """An interval as an estimate."""
    return Estimate(interval.value, interval.low, interval.high)
