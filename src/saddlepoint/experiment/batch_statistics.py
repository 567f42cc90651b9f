"""Check before training that batches are large enough for batch normalisation.

BatchNorm divides by the standard deviation of a batch, which is undefined for a single value in each channel.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.errors import SettingError
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Judges, has
from saddlepoint.networks.layers import batch_norm_layers


def check_batch_statistics(model: Model, x: Tensor) -> None:
    """Check that every BatchNorm layer can normalise a training batch.

    The model is run only if a network gets a single row; with two rows every layer has at least two values in each channel.

    Args:
        model: the model before training.
        x: (B, *event) a training batch in the data's units.

    Raises:
        SettingError: a BatchNorm layer would see one value in each channel.
    """
    packing = model.packing if has(model, Judges) else 1
    layers = batch_norm_layers(*model.players.values())
    if not layers or len(x) // packing > 1:
        return
    single: list[nn.Module] = []

    def record(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        if inputs and isinstance(inputs[0], Tensor) and inputs[0].numel() == inputs[0].shape[1]:
            single.append(layer)

    hooks = [layer.register_forward_pre_hook(record) for layer in layers]
    try:
        _run(model, model.model_units(x))
    finally:
        for hook in hooks:
            hook.remove()
    for name, player in model.players.items():
        if single and single[0] in set(player.modules()):
            raise SettingError(
                f"training.batch_size: {len(x)} is too small for the {model.roles[name]}: its BatchNorm layers would get one "
                f"value in each channel, which has no standard deviation. Set training.batch_size to at least {2 * packing} "
                "(16 or more is usual), or use networks without BatchNorm."
            )


def _run(model: Model, x: Tensor) -> None:
    """Run the players on a batch x (B, *event) in the model's units, in evaluation mode."""
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), model.at_rest():
        model.run_players(x, torch.Generator(model.device).manual_seed(0))
