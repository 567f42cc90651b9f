"""The toy Gaussian: its moments are tensors of the model, not parameters of a network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from saddlepoint.data.event import Event
from saddlepoint.models.base import Model
from saddlepoint.objectives.phase import Batch, Nets, Noise, Observations, Phase
from tests.models.toys.gaussian.settings import GaussianSettings


class Gaussian(Model):
    """N(mean, covariance) with moments averaged over batches."""

    family = "gaussian"
    log_prob_kind: Literal["exact", "lower bound"] = "exact"
    selection_metric = ("em/held_out_log_prob", 1)

    def __init__(self, settings: GaussianSettings, event: Event, modules: Mapping[str, nn.Module]) -> None:
        super().__init__(event, event.scaling("none"), {}, {"em": "gaussian"})
        self.settings = settings
        size = math.prod(event.shape)
        self.mean, self.covariance = torch.zeros(size), torch.eye(size)

    @property
    def phases(self) -> tuple[Phase, ...]:
        return (Phase("em", self.update, gradient=False),)

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> Noise:
        return {}

    def update(self, nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
        assert not torch.is_grad_enabled()
        x = batch.x.flatten(1)
        loss = -self._log_prob(x)
        rate = self.settings.forgetting
        self.mean = torch.lerp(self.mean, x.mean(0), rate)
        self.covariance = torch.lerp(self.covariance, torch.cov((x - self.mean).T, correction=0), rate)
        return loss, {"trace": self.covariance.trace()}

    def _distribution(self) -> torch.distributions.MultivariateNormal:
        return torch.distributions.MultivariateNormal(self.mean, self.covariance + 1e-6 * torch.eye(len(self.mean)))

    def _log_prob(self, x: Tensor) -> Tensor:
        return self._distribution().log_prob(x)

    def log_prob(self, x: Tensor) -> Tensor:
        return self._log_prob(self.model_units(x).flatten(1)) + self.scaling.log_abs_det

    def held_out_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        return {"em/held_out_log_prob": self.log_prob(x)}

    def training_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        return {"em/train_log_prob": self.log_prob(x)}

    def _sample(self, n: int, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        z = torch.randn(n, len(self.mean), generator=generator)
        samples = self.mean + z @ self._distribution().scale_tril.T
        return self.scaling.to_data(samples.view(n, *self.event.shape))

    def extra_state(self) -> dict[str, Tensor]:
        return {"mean": self.mean, "covariance": self.covariance}

    def load_extra_state(self, state: Mapping[str, Tensor]) -> None:
        self.mean, self.covariance = state["mean"], state["covariance"]
