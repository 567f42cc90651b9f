"""Series of the outputs of an encoder: KL of each unit, ranges, clamped outputs, and the spread of codes."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.models.capabilities import Conditional, HasLatentPosterior, HasLearntPrior, has
from saddlepoint.objectives.divergence import kl_standard_normal_units

Signals = dict[str, Tensor]


def head_series(model: HasLatentPosterior, x: Tensor, labels: Tensor | None = None) -> Signals:
    """Series of the mean and log-variance heads, in the present mode of the networks.

    Args:
        model: with an encoder. Series that compare codes with a standard normal prior are left out for one with a learnt prior.
        x: (N, *event) examples in the model's units.
        labels: (N,) int64, which the encoder of a conditional model takes.
    """
    player = model.encoder_player
    inputs = (x, labels) if labels is not None and has(model, Conditional) else (x,)
    mean, log_variance = model.infer(*inputs)
    own = is_first_occurrence(x)
    return series_of_heads(player, mean, log_variance, own, normal_prior=not has(model, HasLearntPrior))


def series_of_heads(
    player: str, mean: Tensor, log_variance: Tensor, own: Tensor, *, normal_prior: bool = True
) -> Signals:
    """Series of the outputs of an encoder.

    Args:
        player: whose name begins the names of the series.
        mean: (N, D).
        log_variance: (N, D).
        own: (N,) bool, False for an example that is equal to an earlier one.
        normal_prior: whether codes are compared with a standard normal prior.
    """
    signals: Signals = {}
    if normal_prior:
        units = kl_standard_normal_units(mean, log_variance).mean(0)
        signals = {
            f"{player}/head_kl": units.sum(),
            f"{player}/kl_low": units.min(),
            f"{player}/kl_high": units.max(),
            f"{player}/code_spread": (mean.square() + log_variance.exp()).mean(),
        }
    for name, values in (("mean", mean), ("log_variance", log_variance)):
        signals[f"{player}/{name}_low"] = values.min()
        signals[f"{player}/{name}_high"] = values.max()
        signals[f"{player}/{name}_ties"] = tie_share(values[own])
    return signals


def is_first_occurrence(x: Tensor) -> Tensor:
    """(N, *event) -> (N,) bool, False for an example that is equal to an earlier one."""
    _, which = torch.unique(x.flatten(1), dim=0, return_inverse=True)
    repeats: Tensor = (which[:, None] == which).tril(-1).any(1)
    return ~repeats


def tie_share(values: Tensor) -> Tensor:
    """Share of a head's outputs that are equal to the smallest or to the largest one, without that one itself.

    Units with constant outputs are ignored: they occur behind a dead encoder or in a head that is initialised with 0.

    Args:
        values: (N, D) outputs for examples that are all different (see `is_first_occurrence`).

    Returns:
        () in [0, 1].
    """
    varies = (values != values[:1]).any(0)
    lowest, highest = values.where(varies, torch.inf).min(), values.where(varies, -torch.inf).max()
    low, high = (((values == end) & varies).float().sum() for end in (lowest, highest))
    return (torch.maximum(low, high) - 1).clamp_min(0.0) / values.numel()
