"""One Gaussian, fitted by the moments of the training examples."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.models.classical.distribution import Completing
from saddlepoint.models.classical.moments import Moments
from saddlepoint.models.classical.normal import (
    complete_components,
    component_log_prob,
    draw_components,
)
from saddlepoint.models.classical.settings import ClassicalSettings


class Gaussian(Completing):
    """N(mean, covariance + reg_covar I) with the mean and covariance of the examples; standard normal before it has seen any."""

    state_names: ClassVar[tuple[str, ...]] = ("count", "mean", "scatter")

    def __init__(self, settings: ClassicalSettings, event: Event, shape: tuple[int, ...]) -> None:
        super().__init__(settings, event, shape)
        size = math.prod(shape)
        self._full = settings.covariance == "full"
        self.count, self.mean, self.scatter = Moments.empty(size, full=self._full)

    def learn(self, x: Tensor, y: Tensor | None) -> None:
        moments = Moments(self.count, self.mean, self.scatter).include(x.flatten(1))
        self.count, self.mean, self.scatter = moments

    @property
    def covariance(self) -> Tensor:
        """(D, D), or (D,) for a diagonal one."""
        if not self.count:
            return torch.eye(len(self.mean)).double() if self._full else torch.ones_like(self.mean)
        covariance = self.scatter / self.count
        if self._full:
            return covariance + self.settings.reg_covar * torch.eye(len(self.mean))
        if self.settings.covariance == "spherical":
            covariance = covariance.mean().expand_as(covariance)
        return covariance + self.settings.reg_covar

    def log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return component_log_prob(x.flatten(1), self.mean[None], self.covariance[None])[:, 0]

    def known_log_prob(self, x: Tensor, known: Tensor, y: Tensor | None = None) -> Tensor:
        return component_log_prob(x.flatten(1), self.mean[None], self.covariance[None], known.flatten(1))[:, 0]

    def sample(self, n: int, y: Tensor | None, generator: torch.Generator | None) -> Tensor:
        first = torch.zeros(n, dtype=torch.int64)
        drawn = draw_components(first, self.mean[None], self.covariance[None], generator)
        return drawn.view(n, *self.shape)

    def complete(
        self, x: Tensor, known: Tensor, y: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        first = torch.zeros(len(x), dtype=torch.int64)
        drawn = complete_components(
            x.flatten(1), known.flatten(1), first, self.mean[None], self.covariance[None], generator
        )
        return drawn.view(x.shape)
