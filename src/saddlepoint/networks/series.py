"""Convolutions along time for series (B, T, C), converted to the (B, C, T) that convolutions expect."""

from __future__ import annotations

from torch import Tensor, nn


class TimeFirst(nn.Module):
    """A network of (C, T) that takes or gives series (T, C).

    Args:
        network: takes, gives, or takes and gives batches (B, C, T).
        takes, gives: which of its ends is a series.
    """

    def __init__(self, network: nn.Module, *, takes: bool, gives: bool) -> None:
        super().__init__()
        self.network = network
        self.takes = takes
        self.gives = gives

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) or a code -> (B, T, C) or the network's own output."""
        result: Tensor = self.network(x.mT if self.takes else x)
        return result.mT if self.gives else result
