"""A Gaussian mixture fitted by EM to rows with missing cells, whose conditional distribution is drawn from.

Categories enter as indicators; a drawn category has the probabilities of their conditional expectation. With one component and
chains on bootstrap samples this is Amelia's method.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.impute.design import Design
from saddlepoint.applications.impute.method import ImputationMethod, Mask, Matrix, draw_categories

Vector = npt.NDArray[np.float64]

PRIOR = 0.01  # weight of independent columns in a covariance, relative to the rows
MOST_ROWS, LEAST_ROWS, MOST_CELLS = 5_000, 1_000, 200_000  # of a fit: fewer rows where there are many inputs
TOLERANCE = 1e-3  # nats a row


@dataclass
class Components:
    """A Gaussian mixture.

    Attributes:
        weights: (K,) sum to one.
        means: (K, F).
        covariances: (K, F, F).
    """

    weights: npt.NDArray[np.float64]
    means: Matrix
    covariances: npt.NDArray[np.float64]

    @property
    def parameters(self) -> int:
        """Number of free parameters."""
        k, f = self.means.shape
        return int(k - 1 + k * f + k * f * (f + 1) // 2)


@dataclass
class Posterior:
    """A component's conditional distribution of rows with one pattern of missing inputs.

    Attributes:
        log_density: (n,) of the observed inputs.
        means: (n, M) of the missing inputs.
        covariance: (M, M) of the missing inputs.
    """

    log_density: npt.NDArray[np.float64]
    means: Matrix
    covariance: Matrix


class Mixture(ImputationMethod):
    """Draws of the conditional distribution of a Gaussian mixture.

    Args:
        components: most components; the Bayesian information criterion chooses among 1, 2, 4, ...
        steps: most steps of EM.
        chains: number of fits, each on a bootstrap sample; a single one is on the rows themselves.

    References:
        Supervised learning from incomplete data via an EM approach (Ghahramani, Jordan, 1994),
        https://proceedings.neurips.cc/paper/1993/hash/f2201f5191c4e92cc5af043eebfd0946-Abstract.html.
        Amelia II: A Program for Missing Data (Honaker, King, Blackwell, 2011), https://doi.org/10.18637/jss.v045.i07.
    """

    draws = True

    def __init__(self, components: int = 8, steps: int = 50, chains: int = 1) -> None:
        self.components, self.steps, self.chains = components, steps, chains

    def _fit(self, matrix: Matrix, targets: Mask, rng: np.random.Generator) -> None:
        self._design = Design(matrix, self.kinds, drop_first=True)
        inputs = self._design.encode(matrix)
        # Of all rows, since a sample of few may lack a column altogether.
        mean, variance = np.nanmean(inputs, 0), np.nanvar(inputs, 0) + 1e-6
        most = min(MOST_ROWS, max(LEAST_ROWS, MOST_CELLS // inputs.shape[1]))
        if len(inputs) > most:
            inputs = inputs[rng.choice(len(inputs), most, replace=False)]
        # The number of components is chosen on fewer rows, and the chosen mixture fitted on from there to all.
        few = inputs[:LEAST_ROWS]
        best, best_score, k = None, np.inf, 1
        while k <= self.components and (k == 1 or len(few) >= 5 * k * inputs.shape[1]):
            self._say(f"{k} components", 0.5 * k / self.components)
            found, log_likelihood = _em(_first(few, k, mean, variance, rng), few, variance, self.steps)
            score = found.parameters * np.log(len(few)) - 2 * log_likelihood
            if score >= best_score:
                break
            best, best_score, k = found, score, 2 * k
        assert best is not None
        steps = max(5, self.steps // 5)
        if len(few) < len(inputs):
            best, _ = _em(best, inputs, variance, steps)
        self._fits = [best]
        if self.chains > 1:
            self._fits = []
            for chain in range(self.chains):
                self._say(f"fit {chain + 1} of {self.chains}", 0.5 + 0.5 * chain / self.chains)
                sample = rng.integers(len(inputs), size=len(inputs))
                self._fits.append(_em(best, inputs[sample], variance, steps)[0])

    def _guess(self, matrix: Matrix, rng: np.random.Generator) -> Matrix:
        """The conditional expectation, and the category that is most likely by that of its indicator."""
        inputs = self._design.encode(matrix)
        return self._design.decode(np.mean([_expect(fit, inputs) for fit in self._fits], 0))

    def _fill(self, matrix: Matrix, rng: np.random.Generator, draw: int) -> Matrix:
        drawn = _draw(self._fits[draw % len(self._fits)], self._design.encode(matrix), rng)
        filled = self._design.decode(drawn)
        for column in range(len(self.kinds)):
            rows = np.flatnonzero(np.isnan(matrix[:, column]))
            if self._design.is_indicated(column) and len(rows):
                filled[rows, column] = draw_categories(self._design.probabilities(drawn[rows], column), rng)
        return filled


def _first(inputs: Matrix, k: int, mean: Vector, variance: Vector, rng: np.random.Generator) -> Components:
    """Components around random rows, all with the variances of the columns; a single one has their means."""
    means = mean[None]
    if k > 1:
        chosen = inputs[rng.choice(len(inputs), k, replace=False)]
        means = np.where(np.isnan(chosen), mean, chosen)
    return Components(np.full(k, 1 / k), means, np.repeat(np.diag(variance)[None], k, 0))


def _patterns(inputs: Matrix) -> list[tuple[npt.NDArray[np.int64], Mask]]:
    """The rows of every pattern of missing inputs, and the pattern (F,), True where it is observed."""
    observed, which = np.unique(~np.isnan(inputs), axis=0, return_inverse=True)
    order = np.argsort(which.reshape(-1), kind="stable")
    ends = np.cumsum(np.bincount(which.reshape(-1), minlength=len(observed)))
    return list(zip(np.split(order, ends[:-1]), observed, strict=True))


def _posterior(model: Components, component: int, rows: Matrix, observed: Mask) -> Posterior:
    mean, covariance = model.means[component], model.covariances[component]
    within = np.linalg.cholesky(covariance[np.ix_(observed, observed)])
    across = covariance[np.ix_(~observed, observed)]
    both = np.linalg.solve(within, np.concatenate([(rows[:, observed] - mean[observed]).T, across.T], 1))
    white, gain = both[:, : len(rows)], both[:, len(rows) :]
    log_density = -0.5 * (white**2).sum(0) - np.log(np.diag(within)).sum() - 0.5 * observed.sum() * np.log(2 * np.pi)
    return Posterior(
        log_density, mean[~observed] + white.T @ gain, covariance[np.ix_(~observed, ~observed)] - gain.T @ gain
    )


def _responsibilities(model: Components, posteriors: list[Posterior]) -> tuple[Matrix, npt.NDArray[np.float64]]:
    """Return (n, K) shares of the components, and (n,) log densities of the observed inputs."""
    joint = np.stack([one.log_density for one in posteriors], 1) + np.log(np.maximum(model.weights, 1e-300))
    highest = joint.max(1, keepdims=True)
    total = highest[:, 0] + np.log(np.exp(joint - highest).sum(1))
    return np.exp(joint - total[:, None]), total


def _em(model: Components, inputs: Matrix, variance: Vector, steps: int) -> tuple[Components, float]:
    """Fit by EM; returns the mixture and the log likelihood of the observed inputs before its last step."""
    patterns = _patterns(inputs)
    n, f = inputs.shape
    k = len(model.weights)
    before, total = -np.inf, -np.inf
    for _ in range(steps):
        counts, sums, squares = np.zeros(k), np.zeros((k, f)), np.zeros((k, f, f))
        total = 0.0
        for rows, observed in patterns:
            block = inputs[rows]
            posteriors = [_posterior(model, component, block, observed) for component in range(k)]
            shares, log_density = _responsibilities(model, posteriors)
            total += float(log_density.sum())
            for component, one in enumerate(posteriors):
                share = shares[:, component]
                block[:, ~observed] = one.means
                counts[component] += share.sum()
                sums[component] += share @ block
                squares[component] += (share[:, None] * block).T @ block
                squares[component][np.ix_(~observed, ~observed)] += share.sum() * one.covariance
        safe = np.maximum(counts, 1e-9)
        means = sums / safe[:, None]
        scatter = squares - safe[:, None, None] * means[:, :, None] * means[:, None, :]
        prior = PRIOR * n / k
        covariances = (scatter + prior * np.diag(variance)) / (safe + prior)[:, None, None]
        model = Components(counts / n, means, covariances)
        if total - before < TOLERANCE * n:
            break
        before = total
    return model, total


def _expect(model: Components, inputs: Matrix) -> Matrix:
    """Complete inputs (N, F) by the conditional expectation."""
    filled = inputs.copy()
    for rows, observed in _patterns(inputs):
        posteriors = [_posterior(model, component, inputs[rows], observed) for component in range(len(model.weights))]
        shares, _ = _responsibilities(model, posteriors)
        means = np.stack([one.means for one in posteriors])
        filled[np.ix_(rows, ~observed)] = np.einsum("nk,knm->nm", shares, means)
    return filled


def _draw(model: Components, inputs: Matrix, rng: np.random.Generator) -> Matrix:
    """Complete inputs (N, F) by a draw from the conditional distribution."""
    import torch

    from saddlepoint.applications.impute.network import torch_generator
    from saddlepoint.models.classical.normal import complete_mixture

    known = ~np.isnan(inputs)
    x, mask, weights, means, covariances = map(
        torch.from_numpy, (np.where(known, inputs, 0.0), known, model.weights, model.means, model.covariances)
    )
    return complete_mixture(x, mask, weights.log(), means, covariances, torch_generator(rng)).numpy()
