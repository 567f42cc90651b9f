"""A moving average of a player's weights, from which samples are drawn.

The players of a game circle around its solution; their average lies nearer to it. B. Polyak and A. Juditsky,
"Acceleration of stochastic approximation by averaging", 1992, https://doi.org/10.1137/0330046; for adversarial games
Y. Yazici et al., "The Unusual Effectiveness of Averaging in GAN Training", 2019, https://arxiv.org/abs/1806.04498.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from saddlepoint.models.copying import copy_network


def effective_decay(decay: float, updates: int) -> float:
    """The decay of the update after `updates` earlier ones: min(decay, (1 + t) / (10 + t)).

    Early on the average is short, so that the random first weights are soon forgotten. TensorFlow,
    `tf.train.ExponentialMovingAverage` with `num_updates`,
    https://www.tensorflow.org/api_docs/python/tf/train/ExponentialMovingAverage.
    """
    return min(decay, (1 + updates) / (10 + updates))


class MovingAverage:
    """The average of one player: a copy of it, in evaluation mode.

    Parameters are averaged; buffers (BatchNorm's statistics, themselves averages) are copied.
    """

    def __init__(self, player: nn.Module, decay: float) -> None:
        self.decay = decay
        self.module = copy_network(player).eval().requires_grad_(False)
        self._averages: list[Tensor] = list(self.module.parameters())
        self._sources: list[Tensor] = list(player.parameters())
        self._buffers = list(zip(self.module.buffers(), player.buffers(), strict=True))

    @torch.no_grad()
    def update(self, updates: int) -> None:
        """Move towards the player's present weights; `updates` counts the earlier calls of the whole run."""
        torch._foreach_lerp_(self._averages, self._sources, 1.0 - effective_decay(self.decay, updates))
        for copied, source in self._buffers:
            copied.copy_(source)
