"""Use networks with slightly different weights."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch import nn

PERTURBATION = 0.1  # standard deviation of the noise that is added to weights


@contextlib.contextmanager
def perturbed(*networks: nn.Module) -> Iterator[None]:
    """Within the block, noise is added to all weights; they are restored afterwards.

    A network whose last layer is initialised to 0 has the same output for every input until it is trained. With other weights,
    its output shows what it depends on. The noise is the same in every call.
    """
    weights = [weight for network in networks for weight in network.parameters() if weight.is_floating_point()]
    before = [weight.detach().clone() for weight in weights]
    generator = torch.Generator().manual_seed(0)
    try:
        with torch.no_grad():
            for weight in weights:
                noise = torch.randn(weight.shape, generator=generator)
                weight.add_(PERTURBATION * noise.to(weight))
        yield
    finally:
        with torch.no_grad():
            for weight, value in zip(weights, before, strict=True):
                weight.copy_(value)
