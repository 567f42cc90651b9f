"""A discriminator with accessible features, which can be compared between examples before it decides."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from saddlepoint.networks.evaluating import evaluating
from saddlepoint.networks.initialisation import glorot_
from saddlepoint.networks.minibatch import MinibatchDiscrimination


class FeatureDiscriminator(nn.Module):
    """A network (B, *inputs) -> (B,) logits through (B, F) features, the flattened output of `body`.

    Args:
        body: any network from examples of shape `inputs` to features.
        kernels: of minibatch discrimination between the features and the decision; 0 has none.
    """

    def __init__(self, body: nn.Module, inputs: Sequence[int], kernels: int = 0) -> None:
        super().__init__()
        self.body = body
        with evaluating(body):
            width = body(torch.zeros(2, *inputs)).flatten(1).shape[1]
        self.comparison = MinibatchDiscrimination(width, kernels) if kernels else nn.Identity()
        self.decision = nn.Linear(width + kernels, 1)
        glorot_(self.decision)

    def forward(self, x: Tensor, features: bool = False) -> Tensor:
        """(B, *inputs) -> (B,) logits, or with `features` the (B, F) features themselves."""
        found: Tensor = self.body(x).flatten(1)
        if features:
            return found
        logits: Tensor = self.decision(self.comparison(found))
        return logits.reshape(x.shape[0])
