"""A mixture of Gaussians, fitted by expectation maximisation with scikit-learn: one iteration a training step."""

from __future__ import annotations

import math
import warnings
from typing import Any, ClassVar

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.errors import DataError, SettingError
from saddlepoint.models.classical.distribution import Completing
from saddlepoint.models.classical.normal import (
    complete_mixture,
    component_log_prob,
    draw_components,
    mixture_log_prob,
)
from saddlepoint.models.classical.settings import ClassicalSettings
from saddlepoint.models.draws import draw_index

SKLEARN = {"full": "full", "diagonal": "diag", "spherical": "spherical"}
FEWEST = 2.0  # expected examples of a component, below which it describes nothing


class Mixture(Completing):
    """p(x) = sum_k w_k N(x; mean_k, covariance_k + reg_covar I).

    The first step begins with the clusters of k-means. Before it, all components are standard normal.

    References:
        Maximum Likelihood from Incomplete Data via the EM Algorithm (Arthur Dempster, Nan Laird, Donald Rubin, 1977),
            https://doi.org/10.1111/j.2517-6161.1977.tb01600.x
    """

    state_names: ClassVar[tuple[str, ...]] = ("weights", "means", "covariances", "examples")
    iterative: ClassVar[bool] = True

    def __init__(self, settings: ClassicalSettings, event: Event, shape: tuple[int, ...]) -> None:
        super().__init__(settings, event, shape)
        count, size = settings.components, math.prod(shape)
        self.weights = torch.full((count,), 1 / count, dtype=torch.float64)
        self.means = torch.zeros(count, size, dtype=torch.float64)
        self.covariances = torch.ones(count, size, dtype=torch.float64)
        if settings.covariance == "full":
            self.covariances = torch.eye(size, dtype=torch.float64).repeat(count, 1, 1)
        self.examples = torch.zeros((), dtype=torch.float64)  # of the batch that the parameters were fitted to

    def begin(self, x: Tensor, y: Tensor | None, seed: int) -> None:
        if self.begun:
            return
        if len(x) < self.fewest:
            raise self.too_few(len(x))
        self._fit(self._estimator(max_iter=0, random_state=seed), x)

    @property
    def fewest(self) -> int:
        return self.settings.components

    def too_few(self, examples: int, of: str = "") -> DataError:
        return DataError(
            f"model.components: {self.settings.components} Gaussians cannot be fitted to {examples:,} example{'s' * (examples != 1)}{of}; ask "
            "for fewer, give more data, or raise training.batch_size."
        )

    def learn(self, x: Tensor, y: Tensor | None) -> None:
        if len(x) < self.settings.components:  # of a class with few examples in this batch
            return
        fit = self._estimator(max_iter=1, warm_start=True)
        fit.weights_, fit.means_ = self.weights.numpy(), self.means.numpy()
        covariances = self.covariances[:, 0] if self.settings.covariance == "spherical" else self.covariances
        fit.covariances_, fit.precisions_cholesky_ = covariances.numpy(), _inverse_factor(covariances).numpy()
        fit.converged_, fit.lower_bound_ = False, -math.inf
        self._fit(fit, x)

    def _estimator(self, **arguments: Any) -> Any:
        from sklearn.mixture import GaussianMixture

        settings = self.settings
        form = SKLEARN[settings.covariance]
        return GaussianMixture(
            settings.components, covariance_type=form, reg_covar=settings.reg_covar, tol=0.0, **arguments
        )

    def _fit(self, fit: Any, x: Tensor) -> None:
        from sklearn.exceptions import ConvergenceWarning

        try:
            with warnings.catch_warnings():
                # One iteration is not meant to converge, and k-means may find fewer distinct examples than components.
                warnings.simplefilter("ignore", ConvergenceWarning)
                fit.fit(x.flatten(1).numpy())
        except ValueError as error:
            if "ill-defined empirical covariance" not in str(error):
                raise
            raise SettingError(
                f"model.reg_covar: a component has no variance in some direction, and {self.settings.reg_covar:g} is too little to "
                "make up for it: raise it, or ask for fewer model.components."
            ) from None
        self.weights, self.means = torch.from_numpy(fit.weights_), torch.from_numpy(fit.means_)
        covariances = torch.from_numpy(fit.covariances_)
        if self.settings.covariance == "spherical":
            covariances = covariances[:, None].repeat(1, self.means.shape[1])
        self.covariances = covariances
        self.examples = torch.tensor(float(len(x)), dtype=torch.float64)

    @property
    def _log_weights(self) -> Tensor:
        return self.weights.log()

    def log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return mixture_log_prob(x.flatten(1), self._log_weights, self.means, self.covariances)

    def known_log_prob(self, x: Tensor, known: Tensor, y: Tensor | None = None) -> Tensor:
        return mixture_log_prob(x.flatten(1), self._log_weights, self.means, self.covariances, known.flatten(1))

    def responsibilities(self, x: Tensor) -> Tensor:
        """Return the probabilities of the components given examples, (N, *shape) -> (N, K)."""
        return (component_log_prob(x.flatten(1), self.means, self.covariances) + self._log_weights).softmax(1)

    def sample(self, n: int, y: Tensor | None, generator: torch.Generator | None) -> Tensor:
        component = draw_index(self.weights.expand(n, -1), generator)
        return draw_components(component, self.means, self.covariances, generator).view(n, *self.shape)

    def complete(
        self, x: Tensor, known: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        drawn = complete_mixture(
            x.flatten(1), known.flatten(1), self._log_weights, self.means, self.covariances, generator
        )
        return drawn.view(x.shape)

    def observations(self) -> dict[str, Tensor]:
        """Return the expected examples of the smallest component, the number of components that are degenerate, and the number that are in use.

        A component is degenerate if it has fewer than two expected examples, or if more of its variance comes from `reg_covar` than
        from the data. Those in use are counted by the exponential of the entropy of the weights.
        """
        count = self.weights * self.examples
        variances = self.covariances if self.covariances.ndim == 2 else self.covariances.diagonal(dim1=1, dim2=2)
        degenerate = (count < FEWEST) | (variances.mean(1) < 2 * self.settings.reg_covar)
        return {
            "smallest_component": count.min(),
            "degenerate_components": degenerate.sum(),
            "components_in_use": torch.special.entr(self.weights).sum().exp(),
        }


def _inverse_factor(covariances: Tensor) -> Tensor:
    """The factor P of the precision P P^T in scikit-learn's form: 1 / std, or the inverse of the Cholesky factor, transposed."""
    if covariances.ndim < 3:
        return 1 / covariances.sqrt()
    factors = torch.linalg.cholesky(covariances)
    identity = torch.eye(factors.shape[-1], dtype=factors.dtype)
    inverse = torch.linalg.solve_triangular(factors, identity.expand_as(factors), upper=False)
    factor: Tensor = inverse.transpose(1, 2).contiguous()
    return factor
