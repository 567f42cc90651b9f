"""Mistakes injected into variational autoencoders: a wrong KL term in the loss, or a ReLU on the heads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint import models
from saddlepoint.data.event import Event
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Variational, require
from saddlepoint.models.settings import ModelSettings
from saddlepoint.objectives.divergence import kl_standard_normal, kl_standard_normal_units
from saddlepoint.objectives.likelihood import log_likelihood
from saddlepoint.objectives.phase import Batch, Nets, Noise, Observations

KL = Callable[[Tensor, Tensor], Tensor]

# Mean and log-variance, (B, D) each -> the wrong KL term, (B,).
WRONG_KL: dict[str, KL] = {
    "sign flipped": lambda mean, log_variance: -kl_standard_normal(mean, log_variance),
    "variance term left out": lambda mean, log_variance: 0.5 * (mean.square() - log_variance - 1).sum(1),
    "log-variance taken for the variance": lambda mean, log_variance: (
        0.5 * (mean.square() + log_variance - torch.log(log_variance.abs() + 1e-8) - 1).sum(1)
    ),
    "deviation taken for the variance": lambda mean, log_variance: (
        0.5 * (mean.square() + (0.5 * log_variance).exp() - log_variance - 1).sum(1)
    ),
    "mean over units": lambda mean, log_variance: kl_standard_normal_units(mean, log_variance).mean(1),
    "sum over the batch": lambda mean, log_variance: kl_standard_normal(mean, log_variance).sum().expand(len(mean)),
    "not halved": lambda mean, log_variance: 2 * kl_standard_normal(mean, log_variance),
}
CLAMPS: dict[str, tuple[str, ...]] = {
    "ReLU on both heads": ("mean", "log_variance"),
    "ReLU on the mean": ("mean",),
    "ReLU on the log-variance": ("log_variance",),
}


class Clamped(nn.Module):
    """A head followed by a ReLU."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.head(x).relu()
        return result


def build_with_mistake(settings: ModelSettings, event: Event, seed: int, mistake: str) -> Model:
    """Build a model with an injected mistake. Its initial weights do not depend on the mistake.

    Args:
        settings: settings of a variational autoencoder.
        event: the type and shape of one example.
        seed: seed of the initial weights.
        mistake: a key of `WRONG_KL` or `CLAMPS`; "" for none.
    """
    model = models.build(settings, event, seed=seed)
    if mistake:
        player = require(model, Variational).player
        for head in CLAMPS.get(mistake, ()):
            setattr(player, head, Clamped(getattr(player, head)))
        if mistake in WRONG_KL:
            altered: Any = model
            altered._phases = (replace(model.phases[0], loss=_negative_bound(WRONG_KL[mistake])),)
    return model


def _negative_bound(kl: KL) -> Callable[[Nets, Batch, Noise], tuple[Tensor, Observations]]:
    """The negative evidence bound with `kl` as its KL term, which is also recorded."""

    def loss(nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
        output, mean, log_variance, log_std = nets["vae"](batch.x, noise.epsilon)
        reconstruction = -log_likelihood(batch.x, output, log_std)
        term = kl(mean, log_variance)
        observations = {"kl": term.detach(), "reconstruction": reconstruction.detach()}
        return reconstruction + noise.kl_weight * term, observations

    return loss
