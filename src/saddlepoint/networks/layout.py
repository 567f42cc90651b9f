"""The memory layout of weights."""

from __future__ import annotations

import torch
from torch import nn


def lay_out(network: nn.Module) -> None:
    """Convert a network with 2-D convolutions to the channels-last layout, which is faster."""
    if any(isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) for layer in network.modules()):
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
