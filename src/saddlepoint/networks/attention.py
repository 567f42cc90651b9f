"""Self-attention between the places of a sound, an image or a volume.

The output of a convolution depends on a small neighbourhood. With attention it depends on all places, so that distant parts of an
example can fit together.

References:
    Self-Attention Generative Adversarial Networks (Zhang, Goodfellow, Metaxas, Odena, 2019),
        https://arxiv.org/abs/1805.08318
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from saddlepoint.errors import SettingError
from saddlepoint.networks.initialisation import glorot_

REDUCTION = 8  # the paper's k: channels over those of keys, queries and values


class SelfAttention(nn.Module):
    """(B, C, *size) -> (B, C, *size): x + gamma v(attention(x)), where gamma is learnt and starts at 0.

    Place i reads from place j with the weight softmax_j(query_i . key_j). At gamma = 0 the layer is the identity.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(channels // REDUCTION, 1)
        self.query = nn.Linear(channels, inner, bias=False)
        self.key = nn.Linear(channels, inner, bias=False)
        self.value = nn.Linear(channels, inner, bias=False)
        self.output = nn.Linear(inner, channels, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))
        glorot_(self)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, *size) -> (B, C, *size)."""
        places = x.flatten(2).mT  # (B, places, C); a view where channels are last in memory
        # Written out: torch's fused attention has no second derivative, which gradient penalties need.
        weights = (self.query(places) @ self.key(places).mT).softmax(-1)
        read = self.output(weights @ self.value(places))
        result: Tensor = x + self.gamma * read.mT.reshape(x.shape)
        return result


def attention_level(sizes: Sequence[Sequence[int]], attention: int) -> int | None:
    """Return the level with self-attention: the largest level below the event whose longest side is at most `attention`.

    Args:
        sizes: the levels, as `pyramid.levels` gives them.
        attention: the longest side; 0 for no attention.

    Returns:
        The index of the level, at least 1; None without attention.

    Raises:
        SettingError: every level is larger.
    """
    if attention == 0:
        return None
    for level, size in enumerate(sizes[1:], 1):
        if max(size) <= attention:
            return level
    raise SettingError(
        f"attention is {attention}, the longest side of the level with self-attention, but the smallest level has a side of "
        f"{max(sizes[-1])}: set attention to at least {max(sizes[-1])}, or to 0 for none."
    )
