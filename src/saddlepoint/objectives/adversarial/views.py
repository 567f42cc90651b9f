"""Views: what the discriminator sees of an example, real or generated. Each is differentiable in the example.

References:
    Towards Principled Methods for Training Generative Adversarial Networks (Arjovsky, Bottou, 2017),
        https://arxiv.org/abs/1701.04862 (instance noise)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor


class View(Protocol):
    """One link of the chain before the discriminator."""

    def draw(self, n: int, event: Sequence[int], strength: float, generator: torch.Generator) -> Tensor:
        """Random numbers for n examples of this shape, on the generator's device; strength: above 0."""

    def __call__(self, x: Tensor, noise: Tensor) -> Tensor:
        """The view of x (B, *event), given what `draw` made -> (B, *event)."""


class InstanceNoise:
    """Gaussian noise on everything the discriminator sees, so that real and generated examples overlap.

    The strength is the standard deviation in the model's units.
    """

    def draw(self, n: int, event: Sequence[int], strength: float, generator: torch.Generator) -> Tensor:
        """Normal numbers of this standard deviation, (n, *event)."""
        return strength * torch.randn(n, *event, generator=generator, device=generator.device)

    def __call__(self, x: Tensor, noise: Tensor) -> Tensor:
        return x + noise


INSTANCE_NOISE = InstanceNoise()
