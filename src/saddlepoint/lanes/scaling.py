"""Scalings of data that differ between replicas, because each replica's scaling comes from its own data."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from saddlepoint.data.event import Event, Scaling
from saddlepoint.data.groups import Groups, exactly_one_hot


class ReplicaScaling(Scaling):
    """A `Scaling` whose numbers are read from stacked buffers under `vmap`.

    Args:
        event: what one example is.
        read: returns scale and offset of the replica, shaped (C, 1, ...) to broadcast to an event.
        groups: of columns that are exactly one-hot in the model's units, in all replicas.
    """

    _read: Callable[[], tuple[Tensor, Tensor]]

    def __init__(self, event: Event, read: Callable[[], tuple[Tensor, Tensor]], groups: Groups = ()) -> None:
        super().__init__(event, (), (), groups)
        object.__setattr__(self, "_read", read)  # the dataclass is frozen

    def to_model(self, x: Tensor) -> Tensor:
        """(B, *event) in the data's units and type -> (B, *event) float32 in the model's units."""
        scale, offset = self._read()
        x = x.to(torch.float32) * scale + offset
        if not self.event.constants:
            return exactly_one_hot(x, self.groups)
        constant = self.event.with_constants(torch.zeros_like(x), [1.0] * len(self.event.constants)) > 0
        exact = self.event.with_constants(torch.zeros_like(x)) * scale + offset
        return exactly_one_hot(torch.where(constant, exact, x), self.groups)

    def to_data(self, x: Tensor) -> Tensor:
        """(B, *event) in the model's units -> (B, *event) in the data's units, range and type."""
        scale, offset = self._read()
        x = self.event.with_constants((x.to(torch.float32) - offset) / scale)
        if self.event.bounded:
            x = x.clamp(self.event.low, self.event.high)
        return x.round().to(torch.uint8) if self.event.dtype == "uint8" else x


def stacked_numbers(scalings: Sequence[Scaling]) -> tuple[Tensor, Tensor]:
    """Scale and offset of all replicas, (S, C, 1, ...) float32 each, as `ReplicaScaling` reads them."""
    event = scalings[0].event
    shape = [-1 if axis == event.channel_axis else 1 for axis in range(len(event.shape))]

    def stack(rows: Sequence[tuple[float, ...]]) -> Tensor:
        return torch.tensor(rows, dtype=torch.float32).view(len(rows), *shape)

    return stack([s.scale for s in scalings]), stack([s.offset for s in scalings])
