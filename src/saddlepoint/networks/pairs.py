"""Features of pairs of an example and a code."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from saddlepoint.networks.evaluating import evaluating
from saddlepoint.networks.mlp import MLP


class PairFeatures(nn.Module):
    """(B, numbers of an example + latent) -> (B, hidden[-1]): features of the example, joined with the code, in a perceptron.

    Args:
        body: from examples (B, *event) to features of any shape.
        event: shape of an example.
        latent: numbers in a code.
        hidden: widths of the perceptron's layers, at least one.
    """

    def __init__(self, body: nn.Module, event: Sequence[int], latent: int, hidden: Sequence[int]) -> None:
        super().__init__()
        self.body, self.event, self.size = body, tuple(event), math.prod(event)
        with evaluating(body):
            width = body(torch.zeros(2, *event)).flatten(1).shape[1]
        self.joint = MLP((width + latent,), None, hidden, "leaky_relu")

    def forward(self, pairs: Tensor) -> Tensor:
        """(B, numbers of an example + latent) -> (B, hidden[-1])."""
        features = self.body(pairs[:, : self.size].reshape(pairs.shape[0], *self.event)).flatten(1)
        joint: Tensor = self.joint(torch.cat([features, pairs[:, self.size :].to(features.dtype)], 1))
        return joint
