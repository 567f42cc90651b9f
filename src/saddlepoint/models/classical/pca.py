"""Principal components as a distribution: a Gaussian whose covariance is of low rank, plus noise."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.models.classical.distribution import Completing, refuse
from saddlepoint.models.classical.moments import Moments
from saddlepoint.models.classical.normal import LOG_2PI, complete_components, component_log_prob
from saddlepoint.models.classical.settings import ClassicalSettings
from saddlepoint.models.draws import draw_normal


class PCA(Completing):
    """z ~ N(0, I), x = W z + mean + noise, with noise of one variance; W and the variance maximise the likelihood.

    With the eigenvectors U and the largest eigenvalues L of the covariance, W = U (L - variance)^(1/2), and the variance is the mean of
    the other eigenvalues. Before it has seen any examples, W is 0 and the variance 1.

    References:
        Probabilistic Principal Component Analysis (Michael Tipping, Christopher Bishop, 1999),
            https://doi.org/10.1111/1467-9868.00196
    """

    state_names: ClassVar[tuple[str, ...]] = ("count", "mean", "scatter", "weights", "noise_variance")

    def __init__(self, settings: ClassicalSettings, event: Event, shape: tuple[int, ...]) -> None:
        super().__init__(settings, event, shape)
        size = math.prod(shape)
        if settings.latent >= size:
            raise refuse(
                settings,
                f"with model.latent {settings.latent} needs examples of more than {settings.latent} numbers, and these have {size}: "
                "lower model.latent.",
            )
        self.count, self.mean, self.scatter = Moments.empty(size)
        self.weights = torch.zeros(size, settings.latent, dtype=torch.float64)
        self.noise_variance = torch.ones((), dtype=torch.float64)

    def learn(self, x: Tensor, y: Tensor | None) -> None:
        moments = Moments(self.count, self.mean, self.scatter).include(x.flatten(1))
        self.count, self.mean, self.scatter = moments
        if not self.count:
            return
        count = self.settings.latent
        values, vectors = torch.linalg.eigh(self.scatter / self.count)
        self.noise_variance = values[:-count].mean().clamp_min(max(self.settings.reg_covar, 1e-12))
        values, vectors = values[-count:].flip(0), vectors[:, -count:].flip(1)
        # The sign of an eigenvector is arbitrary: its largest number is positive.
        largest = vectors.gather(0, vectors.abs().argmax(0, keepdim=True))
        self.weights = vectors * largest.sign() * (values - self.noise_variance).clamp_min(0).sqrt()

    @property
    def _precision(self) -> Tensor:
        """M = W^T W + variance I, (latent, latent): the precision of z given x is M / variance."""
        identity = torch.eye(self.weights.shape[1], dtype=torch.float64)
        return self.weights.T @ self.weights + self.noise_variance * identity

    @property
    def covariance(self) -> Tensor:
        """(D, D)."""
        identity = torch.eye(len(self.mean), dtype=torch.float64)
        return self.weights @ self.weights.T + self.noise_variance * identity

    def log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        difference = x.flatten(1) - self.mean
        inner, precision = difference @ self.weights, self._precision
        explained = (inner * torch.linalg.solve(precision, inner.T).T).sum(1)
        squared = (difference.square().sum(1) - explained) / self.noise_variance
        size, latent = self.weights.shape
        log_det = (size - latent) * self.noise_variance.log() + torch.linalg.slogdet(precision).logabsdet
        log_prob: Tensor = -0.5 * (squared + log_det + size * LOG_2PI)
        return log_prob

    def encode(self, x: Tensor) -> Tensor:
        """Return the means of p(z | x), (N, *shape) -> (N, latent)."""
        inner = (x.flatten(1) - self.mean) @ self.weights
        codes: Tensor = torch.linalg.solve(self._precision, inner.T).T
        return codes

    def decode(self, z: Tensor) -> Tensor:
        """Return the means of p(x | z), (N, latent) -> (N, *shape)."""
        return (z @ self.weights.T + self.mean).view(len(z), *self.shape)

    def known_log_prob(self, x: Tensor, known: Tensor, y: Tensor | None = None) -> Tensor:
        return component_log_prob(x.flatten(1), self.mean[None], self.covariance[None], known.flatten(1))[:, 0]

    def sample(self, n: int, y: Tensor | None, generator: torch.Generator | None) -> Tensor:
        size, latent = self.weights.shape
        mean = self.decode(draw_normal((n, latent), generator))
        return mean + self.noise_variance.sqrt() * draw_normal((n, size), generator).view(mean.shape)

    def complete(
        self, x: Tensor, known: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        first = torch.zeros(len(x), dtype=torch.int64)
        drawn = complete_components(
            x.flatten(1), known.flatten(1), first, self.mean[None], self.covariance[None], generator
        )
        return drawn.view(x.shape)

    def observations(self) -> dict[str, Tensor]:
        """Return the standard deviation of the noise, in the model's units."""
        return {"noise_std": self.noise_variance.sqrt()}
