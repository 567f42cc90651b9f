"""Packing: a discriminator that judges several examples together, all real or all generated.

One example of a collapsed generator may look real; several of them together do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.networks.labels import class_weights


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
        network: (packs, *packed_shape(event, size)) -> a logit each; it takes the same arguments as `forward`.
        size: examples in a pack, at least 1.
        classes: number of classes if the network takes labels; those of a pack become the mean of their weights.
    """

    def __init__(self, network: nn.Module, size: int, classes: int = 0) -> None:
        super().__init__()
        self.network = network
        self.size, self.classes = size, classes

    def forward(self, x: Tensor, labels: Tensor | None = None, **asked: bool) -> Any:
        """Return the logit of each example's pack.

        Args:
            x: (B, *event).
            labels: (B,) int64 or (B, classes) weights; None for a network without labels.
            **asked: `features` returns the network's features instead, (packs, F); `heads` also returns the outputs of its
                heads, (packs, size) each.

        Returns:
            (B,) logits, or what is asked for.
        """
        n = x.shape[0]
        packs = -(-n // self.size)
        joined = self._filled(x, packs).reshape(packs, *packed_shape(x.shape[1:], self.size))
        arguments: dict[str, Any] = {name: True for name, wanted in asked.items() if wanted}
        if labels is not None:
            weights = self._filled(class_weights(labels, self.classes, x), packs)
            arguments["labels"] = weights.reshape(packs, self.size, self.classes).mean(1)
        found: Any = self.network(joined, **arguments)
        if asked.get("features"):
            return found
        logits, others = found if asked.get("heads") else (found, None)
        logits = logits.reshape(packs).repeat_interleave(self.size)[:n]
        return logits if others is None else (logits, others)

    def _filled(self, x: Tensor, packs: int) -> Tensor:
        """x (B, ...) followed by its first rows, so that it fills the packs."""
        n = x.shape[0]
        missing = packs * self.size - n
        return torch.cat([x, *[x] * (missing // max(n, 1)), x[: missing % max(n, 1)]]) if missing else x
