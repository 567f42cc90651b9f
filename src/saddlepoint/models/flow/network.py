"""The network of a normalising flow: a sequence of invertible layers on the numbers of an example that vary."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from saddlepoint.models.varying import VaryingNumbers
from saddlepoint.networks.labels import class_weights


class FlowNetwork(nn.Module):
    """An invertible map between examples and codes, given the class.

    Args:
        layers: each with `forward(x, context) -> (y, log_det)` and `inverse(y, context) -> x` on rows (B, D).
        varying: converts examples to rows.
        classes: number of classes; 0 without labels.
    """

    def __init__(self, layers: Sequence[nn.Module], varying: VaryingNumbers, classes: int = 0) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.varying, self.classes = varying, classes

    def forward(self, x: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Map examples to codes.

        Args:
            x: (B, *event) in the model's units.
            labels: (B,) int64 classes or (B, classes) weights; None without labels.

        Returns:
            Codes (B, D) and the logarithm of the absolute determinant of the Jacobian (B,).
        """
        rows = self.varying.rows(x)
        context = self._context(labels, rows)
        total = torch.zeros((), dtype=rows.dtype, device=rows.device)
        for layer in self.layers:
            rows, log_det = layer(rows, context)
            total = total + log_det
        return rows, total

    def inverse(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """Map codes to examples.

        Args:
            z: (B, D).
            labels: as in `forward`.

        Returns:
            (B, *event) in the model's units.
        """
        context = self._context(labels, z)
        for layer in reversed(self.layers):
            z = layer.inverse(z, context)  # type: ignore[operator]
        return self.varying.examples(z)

    def _context(self, labels: Tensor | None, like: Tensor) -> Tensor | None:
        return None if labels is None else class_weights(labels, self.classes, like)
