"""The user's discriminator as one number for each example, whatever shape it takes and gives."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.models.watched.functions import first_of, first_tensor

CLOSEST = 1e-6  # of a probability to 0 and 1: float32 has no numbers much closer to 1


class Critic(nn.Module):
    """A discriminator that takes examples in the data's shape and returns logits.

    Attributes:
        network: the user's.
        takes: shape of one example as the network takes it, if it differs from the data's; None until it is known.
        sigmoid: whether the network ends with a sigmoid whose output the loss takes as a probability.
    """

    def __init__(self, network: nn.Module) -> None:
        """Wrap a network; it is not changed.

        Args:
            network: (B, ...) -> scores with B as the first axis.
        """
        super().__init__()
        self.network = network
        self.takes: tuple[int, ...] | None = None
        self.sigmoid = False

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits.

        Args:
            x: (B, *event).

        Returns:
            (B,); the mean of each example's scores if the network gives several.
        """
        given = x if self.takes is None else x.reshape(len(x), *self.takes)
        return self.logits_of(self.network(given), keep_graph=True)

    def logits_of(self, output: Any, *, keep_graph: bool = False) -> Tensor:
        """Convert an output of the network.

        Args:
            output: what it returned; of several tensors the first one counts.
            keep_graph: whether the result can be differentiated.

        Returns:
            (B,) logits.
        """
        scores = (first_of(output) if keep_graph else first_tensor(output)).float()
        if self.sigmoid:
            scores = torch.logit(scores.clamp(CLOSEST, 1 - CLOSEST))
        return scores.reshape(-1) if scores.numel() == len(scores) else scores.reshape(len(scores), -1).mean(1)
