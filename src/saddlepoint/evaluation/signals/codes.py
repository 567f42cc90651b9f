"""Signals of a variational autoencoder's heads: KL a unit, ranges, outputs held at one end, codes against the prior."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.models.vae import VAE
from saddlepoint.objectives.divergence import kl_standard_normal_units

Signals = dict[str, Tensor]


def heads(model: VAE, x: Tensor) -> Signals:
    """Of examples x (N, *event) in the model's units."""
    with model.at_rest():
        mean, log_variance = model.player.heads(x)
    units = kl_standard_normal_units(mean, log_variance).mean(0)
    signals = {
        "vae/head_kl": units.sum(),
        "vae/kl_low": units.min(),
        "vae/kl_high": units.max(),
        "vae/code_spread": (mean.square() + log_variance.exp()).mean(),
    }
    for name, values in (("mean", mean), ("log_variance", log_variance)):
        signals[f"vae/{name}_low"] = values.min()
        signals[f"vae/{name}_high"] = values.max()
        signals[f"vae/{name}_ties"] = ties(values)
    return signals


def ties(values: Tensor) -> Tensor:
    """() share of values (N, D) that equal their smallest or their largest exactly, beyond the one that has to."""
    low, high = (values == values.min()).float().sum(), (values == values.max()).float().sum()
    return (torch.maximum(low, high) - 1).clamp_min(0.0) / values.numel()
