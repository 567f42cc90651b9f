"""Views: differentiable transformations of the discriminator's input, both of real and of generated examples.

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
    """A transformation of the discriminator's input.

    A view may have an attribute `state`, a `PartState`, which the discriminator's logits change; `draw` then gets the kept tensors
    by name as a further argument.
    """

    def draw(self, n: int, event: Sequence[int], strength: float, generator: torch.Generator) -> Tensor:
        """Draw the random numbers of a view.

        Args:
            n: number of examples.
            event: shape of an example.
            strength: above 0.
            generator: draws the numbers, on its device.
        """

    def __call__(self, x: Tensor, noise: Tensor) -> Tensor:
        """Transform examples.

        Args:
            x: (B, *event).
            noise: the result of `draw`.

        Returns:
            (B, *event).
        """


class InstanceNoise:
    """Gaussian noise on the discriminator's input, so that the distributions of real and generated examples overlap.

    The strength is the standard deviation in the model's units.
    """

    def draw(self, n: int, event: Sequence[int], strength: float, generator: torch.Generator) -> Tensor:
        """Draw normal numbers with standard deviation `strength`, (n, *event)."""
        return strength * torch.randn(n, *event, generator=generator, device=generator.device)

    def __call__(self, x: Tensor, noise: Tensor) -> Tensor:
        return x + noise


INSTANCE_NOISE = InstanceNoise()
