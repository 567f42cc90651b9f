"""The simplest baseline: every missing cell becomes its column's mean or most frequent category."""

from __future__ import annotations

import numpy as np

from saddlepoint.applications.impute.method import ImputationMethod, Mask, Matrix, typical_values


class Mean(ImputationMethod):
    """Fill with the mean of the observed numbers, or with the most frequent category."""

    def _fit(self, matrix: Matrix, targets: Mask, rng: np.random.Generator) -> None:
        self._values = typical_values(matrix, self.kinds)

    def _fill(self, matrix: Matrix, rng: np.random.Generator, draw: int) -> Matrix:
        return np.where(np.isnan(matrix), self._values, matrix)
