"""The network of a diffusion model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError
from saddlepoint.models.diffusion.settings import DenoiserSettings
from saddlepoint.networks.denoiser_mlp import DenoiserMLP
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.networks.unet import UNet


def denoiser(settings: DenoiserSettings, event: Event, classes: int, modules: Mapping[str, Any]) -> nn.Module:
    """Return the network: the user's own if there is one, otherwise the network that the settings define.

    Args:
        settings: of the network.
        event: what one example is.
        classes: number of classes; 0 without labels.
        modules: the user's own modules by role.

    Raises:
        SettingError: the network does not fit the examples.
    """
    if "denoiser" in modules:
        return _checked(modules["denoiser"], event, classes)
    name = settings.network
    if name == "auto":
        name = "unet" if event.kind == "image" else "mlp"
    if name == "mlp":
        return DenoiserMLP(event.shape, settings.hidden, classes)
    try:
        return UNet(event.shape, settings.width, classes, settings.blocks, settings.patch, settings.attention)
    except SettingError as error:
        raise SettingError(f"model.denoiser: {error}") from error


def _checked(network: Any, event: Event, classes: int) -> nn.Module:
    """The user's own network, after a pass with two examples."""
    if not isinstance(network, nn.Module):
        raise SettingError(f"modules: the denoiser is a {type(network).__name__}; give a torch.nn.Module.")
    like = next(network.parameters(), torch.empty(0))
    arguments = [like.new_zeros(2, *event.shape), like.new_zeros(2), *([like.new_zeros(2, classes)] if classes else [])]
    with evaluating(network):
        result = network(*arguments)
    if tuple(result.shape) != (2, *event.shape):
        raise SettingError(
            f"modules: the denoiser maps examples of shape {event.shape} to {tuple(result.shape[1:])}, and {event.shape} is needed: "
            "change its last layer."
        )
    return network
