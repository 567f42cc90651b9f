"""A moving average of a player's weights, from which samples are drawn.

The players of a game circle around its solution, and their average is nearer to it.

References:
    Acceleration of Stochastic Approximation by Averaging (Boris Polyak, Anatoli Juditsky, 1992),
    https://doi.org/10.1137/0330046
    The Unusual Effectiveness of Averaging in GAN Training (Yasin Yazici et al., 2019), https://arxiv.org/abs/1806.04498
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from saddlepoint.models.copying import copy_network


def effective_decay(decay: float, updates: int) -> float:
    """Return the decay of update t: min(decay, (1 + t) / (10 + t)).

    The average is short at first, so that the random initial weights are soon forgotten, as in TensorFlow's
    `tf.train.ExponentialMovingAverage` with `num_updates`.

    Args:
        decay: the decay after many updates, in [0, 1).
        updates: t, the number of earlier updates.
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
        """Update the average with the player's current weights.

        Args:
            updates: the number of earlier updates in the whole run.
        """
        torch._foreach_lerp_(self._averages, self._sources, 1.0 - effective_decay(self.decay, updates))
        for copied, source in self._buffers:
            copied.copy_(source)
