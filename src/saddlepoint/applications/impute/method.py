"""What every method does: it is fitted once to a matrix with missing cells, and completes that matrix or new rows.

A method sees numbers alone: a matrix (N, D) in float64 with NaN where a cell is missing, and the kind of every column. So it knows
nothing of names, types and dates.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from saddlepoint.errors import DataError
from saddlepoint.progress.protocol import Report
from saddlepoint.records.finished_parts import Keep

Matrix = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Kinds = tuple[int, ...]
"""For every column the number of its categories, coded 0 to K - 1; 0 for a column of numbers."""


GUESSED = 20  # draws whose centre is a best guess


class ImputationMethod(ABC):
    """Base of all methods.

    Attributes:
        draws: whether `complete` draws values, so that draws differ from each other.
        kinds: those of the fitted matrix.
    """

    draws: ClassVar[bool] = False
    kinds: Kinds

    _report: Report | None = None

    def fit(
        self,
        matrix: Matrix,
        kinds: Sequence[int],
        rng: np.random.Generator,
        targets: Mask | None = None,
        report: Report | None = None,
    ) -> Self:
        """Learn from the observed cells.

        Args:
            matrix: (N, D), NaN where a cell is missing; every column has an observed cell.
            kinds: number of categories of every column, 0 for numbers.
            rng: for all random decisions.
            targets: (D,) columns of which new rows may lack values beyond those with missing cells in `matrix`; None for all.
            report: receives the progress.

        Raises:
            DataError: a column has no observed cell.
        """
        wanted = self._prepare(matrix, kinds, targets)
        self._report = report
        try:
            self._fit(np.array(matrix, dtype=np.float64), wanted, rng)
        finally:
            self._report = None
        return self

    def _prepare(self, matrix: Matrix, kinds: Sequence[int], targets: Mask | None) -> Mask:
        """Note what bounds guesses, and return (D,) the columns of which rows may lack values."""
        empty = np.flatnonzero(np.isnan(matrix).all(0))
        if len(empty):
            raise DataError(f"impute: column {empty[0]} has no observed value, so nothing can be learnt about it.")
        self.kinds = tuple(kinds)
        self._low, self._high = np.nanmin(matrix, 0), np.nanmax(matrix, 0)
        missing = np.isnan(matrix).any(0)
        return np.ones(len(self.kinds), dtype=bool) if targets is None else np.asarray(targets, dtype=bool) | missing

    def _say(self, what: str, done: float) -> None:
        """Report what is being done, and the share of the fit that is done."""
        if self._report is not None:
            self._report(what, done)

    def complete(self, matrix: Matrix, rng: np.random.Generator, draws: int = 1) -> npt.NDArray[np.float64]:
        """Fill in the missing cells.

        Args:
            matrix: (N, D) the fitted matrix or new rows.
            rng: for all random decisions.
            draws: number of completed matrices; those of a method that does not draw are equal.

        Returns:
            (draws, N, D) without NaN; observed cells are unchanged.

        Raises:
            DataError: a filled cell is not finite, as when a network diverged.
        """
        matrix = np.asarray(matrix, dtype=np.float64)
        if not self.draws:
            return np.repeat(self.guess(matrix, rng)[None], draws, axis=0)
        completed = np.empty((draws, *matrix.shape))
        # A generator of its own for each draw, so that a draw does not depend on those before it.
        for draw, own in enumerate(rng.spawn(draws)):
            completed[draw] = self._complete_by(partial(self._fill, rng=own, draw=draw), matrix)
        return completed

    def fit_and_complete(
        self,
        matrix: Matrix,
        kinds: Sequence[int],
        rngs: tuple[np.random.Generator, np.random.Generator],
        draws: int,
        targets: Mask | None = None,
        keep: Keep | None = None,
        report: Report | None = None,
    ) -> npt.NDArray[np.float64]:
        """As `fit` and then `complete` of the same matrix; parts that are finished are kept, and taken from there.

        Args:
            matrix: (N, D) with NaN in missing cells.
            kinds: of its columns.
            rngs: for the fit, and for filling.
            draws: number of completed matrices.
            targets: as in `fit`.
            keep: stores finished parts; None for nothing.
            report: receives the progress.

        Returns:
            (draws, N, D).
        """
        missing = np.isnan(matrix)
        values = None if keep is None else keep.read("filled")
        if values is None:
            self.fit(matrix, kinds, rngs[0], targets, report)
            values = self.complete(matrix, rngs[1], draws)[:, missing]
            if keep is not None:
                keep.write("filled", values)
        completed = np.repeat(np.asarray(matrix, dtype=np.float64)[None], draws, axis=0)
        completed[:, missing] = values
        return completed

    def guess(self, matrix: Matrix, rng: np.random.Generator) -> Matrix:
        """Fill in the missing cells with the best guess; of a method that draws, the conditional expectation or the centre of draws.

        Args:
            matrix: (N, D) the fitted matrix or new rows.
            rng: for all random decisions.

        Returns:
            (N, D) without NaN; observed cells are unchanged.

        Raises:
            DataError: a filled cell is not finite, as when a network diverged.
        """
        return self._complete_by(partial(self._guess, rng=rng), np.asarray(matrix, dtype=np.float64))

    def _complete_by(self, fill: Callable[[Matrix], Matrix], matrix: Matrix) -> Matrix:
        """Return a copy of a matrix (N, D) with missing cells from `fill`, which is called with the incomplete rows, if there are any."""
        completed = matrix.copy()
        rows = np.flatnonzero(np.isnan(matrix).any(1))
        if len(rows):
            completed[rows] = self._merge(matrix[rows], fill(matrix[rows]))
        return completed

    def _merge(self, rows: Matrix, filled: Matrix) -> Matrix:
        """Return rows (n, D) with their missing cells from `filled` (n, D)."""
        missing = np.isnan(rows)
        # A column with a single observed value has no other, whatever a draw adds to it.
        filled = np.where(self._low == self._high, self._low, filled)
        if not np.isfinite(filled[missing]).all():
            raise DataError(f"impute: {type(self).__name__} gave values that are not finite; use another method.")
        return np.where(missing, filled, rows)

    def _guess(self, matrix: Matrix, rng: np.random.Generator) -> Matrix:
        """Return rows (n, D) with best guesses in their missing cells; each row lacks at least one cell."""
        if not self.draws:
            return np.clip(self._fill(matrix, rng, 0), self._low, self._high)
        return centre(np.stack([self._fill(matrix, rng, draw) for draw in range(GUESSED)]), self.kinds)

    @abstractmethod
    def _fit(self, matrix: Matrix, targets: Mask, rng: np.random.Generator) -> None:
        """Learn from a matrix (N, D) whose missing cells are NaN."""

    @abstractmethod
    def _fill(self, matrix: Matrix, rng: np.random.Generator, draw: int) -> Matrix:
        """Return rows (n, D) with values in their missing cells; each row lacks at least one cell. `matrix` stays as it is."""


def centre(drawn: npt.NDArray[np.float64], kinds: Kinds) -> npt.NDArray[np.float64]:
    """(m, N, D) -> (N, D): the mean of the draws of each number, and the most frequent category."""
    centred = drawn.mean(0)
    for column, kind in enumerate(kinds):
        if kind:
            counts = np.stack([(drawn[:, :, column] == code).sum(0) for code in range(kind)])
            centred[:, column] = counts.argmax(0)
    # A mean of equal numbers can differ from them in its last bit.
    centre_of: Matrix = np.where((drawn == drawn[0]).all(0), drawn[0], centred)
    return centre_of


def typical_values(matrix: Matrix, kinds: Kinds) -> npt.NDArray[np.float64]:
    """Return (D,) the mean of the observed numbers of each column, or the most frequent category."""
    values = np.empty(len(kinds))
    for column, kind in enumerate(kinds):
        observed = matrix[~np.isnan(matrix[:, column]), column]
        values[column] = np.bincount(observed.astype(np.int64)).argmax() if kind else observed.mean()
    return values


def draw_categories(probabilities: Matrix, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Draw one category a row from probabilities (N, K) that need not be normalised; returns codes (N,)."""
    cumulative = probabilities.cumsum(1)
    points = rng.random(len(probabilities))[:, None] * cumulative[:, -1:]
    codes = np.minimum((points >= cumulative).sum(1), probabilities.shape[1] - 1)
    return np.asarray(codes, dtype=np.float64)
