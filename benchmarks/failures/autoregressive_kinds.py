"""Failures that are injected into autoregressive models: predictions that see themselves, and too few examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from failures.kind import Kind


def leaky_output(model: Any, strength: float) -> None:
    """Let the last layer of a MADE read hidden units of its own degree, which depend on the number itself: the mask of a hidden layer."""
    network = model.player.body
    units = torch.tensor(network.degrees[-1])
    numbers = torch.arange(network.numbers).repeat_interleave(network.outputs) + 1
    network.output.mask.copy_(numbers[:, None] >= units[None, :])


def leaky_convolution(model: Any, strength: float) -> None:
    """Let the first layer of a PixelCNN read its own pixel: type B in the place of type A."""
    first = model.player.body.first
    first.mask[:, :, -1, first.side] = 1


def _few(strength: float) -> Mapping[str, Any]:
    return {"data.limit": round(strength)}


_FAST = {"training.batch_size": 32, "training.optimiser.learning_rate": 3e-3}
AUTOREGRESSIVE_KINDS = (
    Kind("leaky-made-digits", "made-digits", "AR501", model=leaky_output, seeds=6),
    Kind("leaky-pixelcnn-digits", "pixelcnn-digits", "AR501", model=leaky_convolution, seeds=6),
    Kind("few-made-digits", "made-digits", "AR502", (60, 150), _few, _FAST, seeds=8),
    Kind("few-nade-digits", "nade-digits", "AR502", (60, 150), _few, _FAST, seeds=6),
)
