"""The toy autoregressive model, which can sample from a class."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from saddlepoint.data.event import Event
from saddlepoint.models.base import Model
from saddlepoint.objectives.phase import Batch, Nets, Noise, Observations, Phase
from tests.models.toys.autoregressive.settings import AutoregressiveSettings


class Network(nn.Module):
    """(B, D) -> mean of every number given those before it, (B, D), and log standard deviations (D,)."""

    def __init__(self, size: int, std: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(size, size))
        self.bias = nn.Parameter(torch.zeros(size))
        self.log_std = nn.Parameter(torch.full((size,), math.log(std)))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x @ self.weight.tril(-1).T + self.bias, self.log_std


class Autoregressive(Model):
    """p(x) = prod_i N(x_i; w_i x_<i + b_i, s_i)."""

    family = "autoregressive"
    averaged = ("ar",)
    log_prob_kind: Literal["exact", "lower bound"] = "exact"
    classes = 3

    def __init__(self, settings: AutoregressiveSettings, event: Event, modules: Mapping[str, nn.Module]) -> None:
        size = math.prod(event.shape)
        super().__init__(event, event.scaling("standard"), {"ar": Network(size, settings.start_std)}, {"ar": "network"})

    @property
    def phases(self) -> tuple[Phase, ...]:
        return (Phase("ar", self.loss),)

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> Noise:
        return {}

    def loss(self, nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
        return -self._log_prob(nets["ar"], batch.x.flatten(1)), {}

    @staticmethod
    def _log_prob(network: nn.Module, x: Tensor) -> Tensor:
        mean, log_std = network(x)
        return torch.distributions.Normal(mean, log_std.exp()).log_prob(x).sum(1)

    def log_prob(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            return self._log_prob(self.players["ar"], self.model_units(x).flatten(1)) + self.scaling.log_abs_det

    def _sample(self, n: int, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        size = math.prod(self.event.shape)
        noise = torch.randn(n, size, generator=generator)
        x = torch.zeros(n, size)
        with torch.no_grad():
            for i in range(size):
                mean, log_std = self.players["ar"](x)
                x[:, i] = mean[:, i] + log_std[i].exp() * noise[:, i]
        return self.scaling.to_data(x.view(n, *self.event.shape))
