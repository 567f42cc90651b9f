"""scikit-learn's IterativeImputer: ridge regressions of every column on all others, in turn."""

from __future__ import annotations

import warnings

import numpy as np

from saddlepoint.applications.impute.design import Design
from saddlepoint.applications.impute.method import ImputationMethod, Mask, Matrix


class Iterative(ImputationMethod):
    """Chained Bayesian ridge regressions on numbers and on indicators of categories.

    Args:
        rounds: most rounds over all columns.

    References:
        mice: Multivariate Imputation by Chained Equations in R (van Buuren, Groothuis-Oudshoorn, 2011),
        https://doi.org/10.18637/jss.v045.i03.
    """

    def __init__(self, rounds: int = 10) -> None:
        self.rounds = rounds

    def _fit(self, matrix: Matrix, targets: Mask, rng: np.random.Generator) -> None:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.experimental import enable_iterative_imputer  # noqa: F401
        from sklearn.impute import IterativeImputer

        self._design = Design(matrix, self.kinds, drop_first=True)
        self._imputer = IterativeImputer(
            max_iter=self.rounds, random_state=int(rng.integers(2**31)), keep_empty_features=True
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._imputer.fit(self._design.encode(matrix))

    def _fill(self, matrix: Matrix, rng: np.random.Generator, draw: int) -> Matrix:
        return self._design.decode(self._imputer.transform(self._design.encode(matrix)))
