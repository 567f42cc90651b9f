"""Batch normalisation divides by the deviation of a batch, which one value a channel does not have: refused before training."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from saddlepoint.errors import SettingError
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Judges, has


def check_batch_statistics(model: Model, x: Tensor) -> None:
    """Look for a layer that cannot normalise a batch like examples x (B, *event), in the data's units.

    Only batches that are one row for some network are tried: with two rows every layer has two values a channel.

    Raises:
        SettingError: a BatchNorm layer would see one value a channel.
    """
    packing = model.packing if has(model, Judges) else 1
    layers = [layer for player in model.players.values() for layer in player.modules() if isinstance(layer, _BatchNorm)]
    if not layers or len(x) // packing > 1:
        return
    single: list[nn.Module] = []

    def see(layer: nn.Module, given: tuple[Any, ...]) -> None:
        if given and isinstance(given[0], Tensor) and given[0].numel() == given[0].shape[1]:
            single.append(layer)

    hooks = [layer.register_forward_pre_hook(see) for layer in layers]
    try:
        _pass(model, model.model_units(x))
    finally:
        for hook in hooks:
            hook.remove()
    for name, player in model.players.items():
        if single and single[0] in set(player.modules()):
            more = 2 * packing
            raise SettingError(
                f"training.batch_size: {len(x)} is too small for the {model.roles[name]}, whose BatchNorm layers would see one "
                f"value a channel and have nothing to divide by: set training.batch_size to {more} at the least (16 or more is "
                "usual), or take networks without BatchNorm."
            )


def _pass(model: Model, x: Tensor) -> None:
    """Run the players on a batch x (B, *event) in the model's units, in evaluation mode."""
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), model.at_rest():
        model.run_players(x, torch.Generator(model.device).manual_seed(0))
