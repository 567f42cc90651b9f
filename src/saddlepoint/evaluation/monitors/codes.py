"""Series of a posterior's heads: KL a unit, ranges, outputs held at one end, codes against the prior."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.models.capabilities import HasLatentPosterior
from saddlepoint.objectives.divergence import kl_standard_normal_units

Signals = dict[str, Tensor]


def head_series(model: HasLatentPosterior, x: Tensor) -> Signals:
    """Series of the heads for examples x (N, *event) in the model's units, in the networks' present mode."""
    player = model.encoder_player
    mean, log_variance = model.infer(x)
    units = kl_standard_normal_units(mean, log_variance).mean(0)
    signals = {
        f"{player}/head_kl": units.sum(),
        f"{player}/kl_low": units.min(),
        f"{player}/kl_high": units.max(),
        f"{player}/code_spread": (mean.square() + log_variance.exp()).mean(),
    }
    own = is_first_occurrence(x)
    for name, values in (("mean", mean), ("log_variance", log_variance)):
        signals[f"{player}/{name}_low"] = values.min()
        signals[f"{player}/{name}_high"] = values.max()
        signals[f"{player}/{name}_ties"] = tie_share(values[own])
    return signals


def is_first_occurrence(x: Tensor) -> Tensor:
    """(N, *event) -> (N,) False for an example that is equal to one before it."""
    _, which = torch.unique(x.flatten(1), dim=0, return_inverse=True)
    repeats: Tensor = (which[:, None] == which).tril(-1).any(1)
    return ~repeats


def tie_share(values: Tensor) -> Tensor:
    """() share of a head's outputs (N, D) that equal their smallest or their largest exactly, beyond the one that has to.

    Of units whose outputs vary: the others say the same to all, as those behind an encoder that is dead, or of a head
    that starts at 0, and tell nothing of the head. values: of examples no two of which are equal (`is_first_occurrence`).
    """
    varies = (values != values[:1]).any(0)
    lowest, highest = values.where(varies, torch.inf).min(), values.where(varies, -torch.inf).max()
    low, high = (((values == end) & varies).float().sum() for end in (lowest, highest))
    return (torch.maximum(low, high) - 1).clamp_min(0.0) / values.numel()
