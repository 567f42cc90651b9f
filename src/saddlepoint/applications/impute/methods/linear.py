"""Proper draws by chained Bayesian regressions: of normal values, or of observed values by predictive mean matching."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.impute.chained import Chained, Column, Conditional
from saddlepoint.applications.impute.design import MOST_INDICATORS
from saddlepoint.applications.impute.method import Matrix, draw_categories
from saddlepoint.applications.impute.methods.leaves import LeafDraw

RIDGE = 1e-5  # relative to the mean square of the inputs, as in mice: enough for collinear columns
DONORS = 5
LOGISTIC_STEPS, FURTHER_STEPS = 40, 12  # of the first fit, and of one that goes on from the round before
LOGISTIC_TOLERANCE = 3e-3  # of standardised coefficients


class BayesianRegression:
    """A linear regression whose coefficients and variance are one draw from their posterior.

        s^2 = RSS / chi^2(n - p),    b = b_hat + s (X'X)^(-1/2) z

    Args:
        matching: return observed values whose fitted mean is near the drawn mean, instead of normal values.

    References:
        Multiple Imputation for Nonresponse in Surveys (Rubin, 1987), https://doi.org/10.1002/9780470316696.
        Flexible Imputation of Missing Data, sections 3.2 and 3.4 (van Buuren, 2018), https://stefvanbuuren.name/fimd/.
    """

    def __init__(self, matching: bool) -> None:
        self.matching = matching

    def fit(self, inputs: Matrix, values: Column, rng: np.random.Generator) -> None:
        """Draw the parameters."""
        x = _with_constant(inputs)
        n, p = x.shape
        # Centred, so that the ridge does not shrink numbers that are far from zero, such as years.
        given, self._centre = values, float(values.mean())
        values = values - self._centre
        squares = x.T @ x
        squares[np.diag_indices(p)] += RIDGE * np.trace(squares) / p
        lower = np.linalg.cholesky(squares)
        self._mean = np.linalg.solve(lower.T, np.linalg.solve(lower, x.T @ values))
        residual = float(((values - x @ self._mean) ** 2).sum())
        self._scale = np.sqrt(residual / rng.chisquare(max(n - p, 1)))
        self._drawn = self._mean + self._scale * np.linalg.solve(lower.T, rng.standard_normal(p))
        if self.matching:
            fitted = x @ self._mean
            order = np.argsort(fitted, kind="stable")
            self._fitted, self._donors = fitted[order], given[order]

    def predict(self, inputs: Matrix, rng: np.random.Generator) -> Column:
        """Draw a value for each row."""
        mean = _with_constant(inputs) @ self._drawn
        if not self.matching:
            drawn: Column = self._centre + mean + self._scale * rng.standard_normal(len(mean))
            return drawn
        donors = min(DONORS, len(self._donors))
        # The nearest donors lie in a window around the place where the mean would be inserted into the sorted fitted means.
        place = np.searchsorted(self._fitted, mean)[:, None] + np.arange(-donors, donors)
        inside = (place >= 0) & (place < len(self._fitted))
        place = np.clip(place, 0, len(self._fitted) - 1)
        distance = np.where(inside, np.abs(self._fitted[place] - mean[:, None]), np.inf)
        nearest = np.argsort(distance, axis=1, kind="stable")[:, :donors]
        chosen = np.take_along_axis(place, nearest, 1)[np.arange(len(mean)), rng.integers(donors, size=len(mean))]
        matched: Column = self._donors[chosen]
        return matched


class LogisticDraw:
    """A multinomial logistic regression on a bootstrap sample, whose predicted probabilities are drawn from.

    Args:
        categories: of the column.
    """

    def __init__(self, categories: int) -> None:
        self.categories = categories
        self._present: npt.NDArray[np.int64] | None = None
        self._weights: npt.NDArray[np.float32] = np.zeros((0, 0), np.float32)

    def fit(self, inputs: Matrix, values: Column, rng: np.random.Generator) -> None:
        """Fit to a bootstrap sample, by Newton's method on the bound of the Hessian that does not depend on the probabilities.

        References:
            Multinomial logistic regression algorithm (Böhning, 1992), https://doi.org/10.1007/BF00048682.
        """
        sample = rng.integers(len(values), size=len(values))
        # Half the precision is twice as fast, and far more exact than the bootstrap sample is.
        x, codes = _with_constant(inputs[sample]).astype(np.float32), values[sample].astype(np.int64)
        present = np.unique(codes)
        start = None if self._present is None or not np.array_equal(present, self._present) else self._weights
        self._present, k = present, len(present)
        # The coefficients of the round before are a start from which few steps are left.
        weights = np.zeros((x.shape[1], k), np.float32) if start is None else start
        if k > 1:
            indicators = (codes[:, None] == present).astype(np.float32)
            # A normal prior of variance 1 on the standardised coefficients; next to none on the constant.
            penalty = np.ones((x.shape[1], 1), np.float32)
            penalty[-1] = 1e-3
            hessian = 0.5 * (x.T @ x).astype(np.float64) + np.diag(penalty[:, 0])
            inverse = np.linalg.inv(hessian).astype(np.float32)
            # The fixed bound makes each step cheap, and none of them overshoots; more steps than Newton's own are needed.
            for _ in range(LOGISTIC_STEPS if start is None else FURTHER_STEPS):
                step = inverse @ (x.T @ (indicators - _softmax(x @ weights)) - penalty * weights)
                weights = weights + step
                if np.abs(step).max() < LOGISTIC_TOLERANCE:
                    break
        self._weights = weights

    def predict(self, inputs: Matrix, rng: np.random.Generator) -> Column:
        """Draw a category for each row."""
        assert self._present is not None
        drawn = draw_categories(_softmax(_with_constant(inputs) @ self._weights.astype(np.float64)), rng)
        return self._present[drawn.astype(np.int64)].astype(np.float64)


class _Linear(Chained):
    """Chained regressions; columns of very many categories are drawn from the leaves of trees."""

    draws = True
    matching = False

    def __init__(self, rounds: int = 5, chains: int = 1) -> None:
        super().__init__(rounds, chains)

    def conditional(self, kind: int) -> Conditional:
        """Make a regression."""
        if kind > MOST_INDICATORS:
            return LeafDraw(kind)
        return LogisticDraw(kind) if kind else BayesianRegression(self.matching)


class Normal(_Linear):
    """Draws of chained Bayesian linear regressions; best on few rows and on columns that are roughly normal.

    Args:
        rounds: of each chain.
        chains: number of chains, each with its own parameters.

    References:
        Flexible Imputation of Missing Data, algorithm 3.1 (van Buuren, 2018), https://stefvanbuuren.name/fimd/.
    """


class Matching(_Linear):
    """Predictive mean matching: every filled value has been observed, so ranges, gaps and decimals stay as they are.

    Args:
        rounds: of each chain.
        chains: number of chains, each with its own parameters.

    References:
        Missing-Data Adjustments in Large Surveys (Little, 1988), https://doi.org/10.1080/07350015.1988.10509663.
    """

    matching = True


def _softmax(logits: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(n, K) logits, which are overwritten, -> (n, K) probabilities."""
    logits -= logits.max(1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(1, keepdims=True)
    return logits


def _with_constant(inputs: Matrix) -> Matrix:
    return np.concatenate([inputs, np.ones((len(inputs), 1))], 1)
