"""Nearest neighbours: a missing cell becomes the weighted mean, or vote, of the most similar rows that have the cell."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.impute.design import Design
from saddlepoint.applications.impute.method import ImputationMethod, Mask, Matrix

BLOCK = 4_000_000  # distances at a time


class Neighbours(ImputationMethod):
    """k nearest neighbours on mixed columns with missing cells.

    Numbers are standardised, and two different categories are as far apart as two numbers of variance 1 on average (their squared
    distance is 2). The squared distance of two rows is the mean over the columns that both have.

    Args:
        neighbours: number of rows, at least 1.

    References:
        Missing value estimation methods for DNA microarrays (Troyanskaya, Cantor, Sherlock, Brown, Hastie, Tibshirani, Botstein,
        Altman, 2001), https://doi.org/10.1093/bioinformatics/17.6.520.
    """

    def __init__(self, neighbours: int = 5) -> None:
        self.neighbours = neighbours

    def _fit(self, matrix: Matrix, targets: Mask, rng: np.random.Generator) -> None:
        self._design = Design(matrix, self.kinds)
        self._donors = matrix
        self._inputs, self._known = self._points(matrix)

    def _points(self, matrix: Matrix) -> tuple[Matrix, Matrix]:
        """Rows (N, D) as points (N, F) with 0 in missing inputs, and which columns (N, D) are known, as 0 and 1."""
        return np.nan_to_num(self._design.encode(matrix)), (~np.isnan(matrix)).astype(np.float64)

    def _distances(self, inputs: Matrix, known: Matrix) -> Matrix:
        """(n, F) and (n, D) -> (n, N) mean squared distances to the donors; infinite where no column is shared."""
        widths = [part.stop - part.start for part in self._design.parts]
        ours, theirs = np.repeat(known, widths, axis=1), np.repeat(self._known, widths, axis=1)
        squared = inputs**2 @ theirs.T - 2 * inputs @ self._inputs.T + ours @ (self._inputs**2).T
        shared = known @ self._known.T
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(shared > 0, np.maximum(squared, 0) / shared, np.inf)

    def _fill(self, matrix: Matrix, rng: np.random.Generator, draw: int) -> Matrix:
        filled = matrix.copy()
        step = max(1, BLOCK // len(self._donors))
        for start in range(0, len(matrix), step):
            block = filled[start : start + step]
            distances = self._distances(*self._points(block))
            missing = np.isnan(block)
            for column in np.flatnonzero(missing.any(0)):
                rows = np.flatnonzero(missing[:, column])
                block[rows, column] = self._vote(distances[rows], int(column))
        return filled

    def _vote(self, distances: Matrix, column: int) -> npt.NDArray[np.float64]:
        """(n, N) distances -> (n,) values of a column: each donor weighs the inverse of its distance."""
        have = np.flatnonzero(self._known[:, column])
        distances = distances[:, have]
        k = min(self.neighbours, len(have))
        nearest = np.argpartition(distances, k - 1, axis=1)[:, :k]
        found = np.take_along_axis(distances, nearest, 1)
        # A row that shares no column with any donor weighs them all alike; equal rows weigh much, but finitely.
        found = np.where(np.isfinite(found), np.sqrt(found), 1e6)
        weights = 1 / (found + 1e-6)
        values = self._donors[have, column][nearest]
        if not self.kinds[column]:
            return np.asarray((weights * values).sum(1) / weights.sum(1))
        votes = np.stack([(weights * (values == code)).sum(1) for code in range(self.kinds[column])], 1)
        return np.asarray(votes.argmax(1), dtype=np.float64)
