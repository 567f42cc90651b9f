"""Packing: a discriminator that scores several examples together, all real or all generated.

A single sample of a collapsed generator may look real, but several equal samples together do not.

References:
    PacGAN: The power of two samples in generative adversarial networks (Lin, Khetan, Fanti, Oh, 2018),
        https://arxiv.org/abs/1712.04086
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.networks.labels import class_weights


def packed_shape(shape: Sequence[int], size: int) -> tuple[int, ...]:
    """Return the shape of a pack of `size` examples: `size` times as many channels, or numbers of a vector."""
    return (shape[0] * size, *shape[1:])


class Packed(nn.Module):
    """(B, *event) -> (B,) logits: that of an example is the logit of its pack.

    Packs consist of neighbours in the batch. If `size` does not divide B, the last pack is filled with the first examples of the
    batch. The paper's batches of n packs are batches of n times `size` examples here.

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
            **asked: `features=True` returns the network's features (packs, F) instead; `heads=True` also returns the outputs of
                the network's heads, (packs, size) each.

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
