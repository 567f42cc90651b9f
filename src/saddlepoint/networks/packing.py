"""Packing: a discriminator that judges several examples together, all real or all generated.

One example of a collapsed generator may look real; several of them together do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


def packed_shape(shape: Sequence[int], size: int) -> tuple[int, ...]:
    """The shape of `size` examples in one: `size` times as many channels, or numbers of a vector."""
    return (shape[0] * size, *shape[1:])


class Packed(nn.Module):
    """(B, *event) -> (B,) logits, each that of the pack in which the example came.

    Packs are neighbours in the batch; the last is filled up with the batch's first examples where `size` does not divide
    B. The paper's batches of n packs are batches of n times `size` examples here.

    PacGAN: The power of two samples in generative adversarial networks (Lin, Khetan, Fanti, Oh, 2018),
    https://arxiv.org/abs/1712.04086

    Args:
        network: (packs, *packed_shape(event, size)) -> a logit each, or with a second argument what else it can give.
        size: examples in a pack, at least 1.
    """

    def __init__(self, network: nn.Module, size: int) -> None:
        super().__init__()
        self.network = network
        self.size = size

    def forward(self, x: Tensor, features: bool = False) -> Tensor:
        """(B, *event) -> (B,) logits; with `features` the network's, (packs, F)."""
        n = x.shape[0]
        packs = -(-n // self.size)
        missing = packs * self.size - n
        if missing:
            x = torch.cat([x, *[x] * (missing // max(n, 1)), x[: missing % max(n, 1)]])
        joined = x.reshape(packs, *packed_shape(x.shape[1:], self.size))
        found: Any = self.network(joined, True) if features else self.network(joined)
        if features:
            result: Tensor = found
            return result
        logits: Tensor = found.reshape(packs)
        return logits.repeat_interleave(self.size)[:n]
