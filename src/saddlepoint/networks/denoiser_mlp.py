"""A fully connected denoising network, for points, tables and small images."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import silu

from saddlepoint.networks.time_embedding import TimeEmbedding


class DenoiserMLP(nn.Module):
    """(B, *shape) with times (B,) -> (B, *shape).

    Every hidden layer adds a linear function of the embedded time before its activation (SiLU). Neighbouring hidden layers of equal
    width have a residual connection. The last layer is 0 at the start.

    Args:
        shape: of one example.
        hidden: widths of the hidden layers.
        classes: number of classes; 0 without labels.
    """

    def __init__(self, shape: Sequence[int], hidden: Sequence[int], classes: int = 0) -> None:
        super().__init__()
        size = max(hidden, default=32)
        self.embedding = TimeEmbedding(size, classes)
        widths = (math.prod(shape), *hidden)
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in zip(widths, hidden, strict=False))
        self.shifts = nn.ModuleList(nn.Linear(size, width) for width in hidden)
        self.output = nn.Linear(widths[-1], widths[0])
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: Tensor, time: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the prediction.

        Args:
            x: (B, *shape).
            time: (B,).
            weights: of the classes (B, classes); zeros for an unknown class; None without labels.

        Returns:
            (B, *shape).
        """
        embedded = silu(self.embedding(time, weights))
        h = x.flatten(1)
        for layer, shift in zip(self.layers, self.shifts, strict=True):
            new = silu(layer(h) + shift(embedded))
            h = h + new if h.shape == new.shape else new
        result: Tensor = self.output(h)
        return result.view(x.shape)
