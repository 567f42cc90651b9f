"""Proper draws by chained Bayesian regressions: of normal values, or of observed values by predictive mean matching."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from saddlepoint.applications.impute.chained import Chained, Column, Conditional
from saddlepoint.applications.impute.design import MOST_INDICATORS
from saddlepoint.applications.impute.method import Matrix, draw_categories
from saddlepoint.applications.impute.methods.leaves import LeafDraw

RIDGE = 1e-5  # relative to the mean square of the inputs, as in mice: enough for collinear columns
DONORS = 5
LOGISTIC_STEPS = 40


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

    def fit(self, inputs: Matrix, values: Column, rng: np.random.Generator) -> None:
        """Fit to a bootstrap sample, by Newton's method on the bound of the Hessian that does not depend on the probabilities.

        References:
            Multinomial logistic regression algorithm (Böhning, 1992), https://doi.org/10.1007/BF00048682.
        """
        sample = rng.integers(len(values), size=len(values))
        x, codes = _with_constant(inputs[sample]), values[sample].astype(np.int64)
        present = np.unique(codes)
        self._present, k = present, len(present)
        self._weights = np.zeros((x.shape[1], k))
        if k == 1:
            return
        indicators = (codes[:, None] == present).astype(np.float64)
        # A normal prior of variance 1 on the standardised coefficients; next to none on the constant.
        penalty = np.ones(x.shape[1])
        penalty[-1] = 1e-3
        hessian = 0.5 * x.T @ x + np.diag(penalty)
        inverse = np.linalg.inv(hessian)
        # The fixed bound makes each step cheap and none of them overshoots; more steps than Newton's own are needed.
        for _ in range(LOGISTIC_STEPS):
            gradient = x.T @ (indicators - softmax(x @ self._weights, axis=1)) - penalty[:, None] * self._weights
            step = inverse @ gradient
            self._weights += step
            if np.abs(step).max() < 1e-3:
                break

    def predict(self, inputs: Matrix, rng: np.random.Generator) -> Column:
        """Draw a category for each row."""
        drawn = draw_categories(softmax(_with_constant(inputs) @ self._weights, axis=1), rng)
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


def _with_constant(inputs: Matrix) -> Matrix:
    return np.concatenate([inputs, np.ones((len(inputs), 1))], 1)
