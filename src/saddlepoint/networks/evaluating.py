"""Use a network without training it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import nn


@contextlib.contextmanager
def evaluating(*networks: nn.Module) -> Iterator[None]:
    """Within the block: no gradients, and evaluation mode (BatchNorm's running statistics, no dropout).

    The mode of every layer is restored afterwards.
    """
    modes = [(layer, layer.training) for network in networks for layer in network.modules()]
    try:
        if any(mode for _, mode in modes):
            for network in networks:
                network.eval()
        with torch.no_grad():
            yield
    finally:
        for layer, mode in modes:
            if layer.training != mode:  # to set it takes small networks as long as to use them
                layer.training = mode
