"""Keep columns that are constant in the data constant in generated samples.

A generator cannot reproduce a constant exactly. A discriminator would tell real from generated examples by that alone, and the
generator would learn nothing about the other columns.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn


class HeldConstants(nn.Module):
    """A network whose output passes `hold`, which sets the constant channels or columns to their values."""

    def __init__(self, network: nn.Module, hold: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.network = network
        self.hold = hold

    def forward(self, *inputs: Tensor, **named: Tensor) -> Tensor:
        """The network's own output, with constants in place."""
        return self.hold(self.network(*inputs, **named))
