"""Signals of a variational autoencoder's heads: KL a unit, ranges, outputs held at one end, codes against the prior."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.models.vae.model import VAE
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
    own = distinct(x)
    for name, values in (("mean", mean), ("log_variance", log_variance)):
        signals[f"vae/{name}_low"] = values.min()
        signals[f"vae/{name}_high"] = values.max()
        signals[f"vae/{name}_ties"] = ties(values[own])
    return signals


def distinct(x: Tensor) -> Tensor:
    """(N, *event) -> (N,) False for an example that is equal to one before it."""
    _, which = torch.unique(x.flatten(1), dim=0, return_inverse=True)
    repeats: Tensor = (which[:, None] == which).tril(-1).any(1)
    return ~repeats


def ties(values: Tensor) -> Tensor:
    """() share of a head's outputs (N, D) that equal their smallest or their largest exactly, beyond the one that has to.

    Of units whose outputs vary: the others say the same to all, as those behind an encoder that is dead, or of a head
    that starts at 0, and tell nothing of the head. values: of examples no two of which are equal (`distinct`).
    """
    varies = (values != values[:1]).any(0)
    lowest, highest = values.where(varies, torch.inf).min(), values.where(varies, -torch.inf).max()
    low, high = (((values == end) & varies).float().sum() for end in (lowest, highest))
    return (torch.maximum(low, high) - 1).clamp_min(0.0) / values.numel()
