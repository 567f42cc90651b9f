"""Examples as rows of the numbers that vary: models with a density leave constant channels and columns out."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.errors import DataError


class VaryingNumbers:
    """Converts examples to rows without constant channels or columns, and back.

    Args:
        event: what one example is.

    Attributes:
        size: numbers in a row.

    Raises:
        DataError: nothing varies.
    """

    def __init__(self, event: Event) -> None:
        self._event = event
        channels = event.shape[event.channel_axis]
        constant = {position for position, _ in event.constants}
        self._varying = [n for n in range(channels) if n not in constant]
        self.size = event.size // channels * len(self._varying)
        if not self.size:
            raise DataError(
                f"All numbers of the {event.plural} are constant, so that they have no density: give data that vary."
            )

    def rows(self, x: Tensor) -> Tensor:
        """(B, *event) -> (B, size)."""
        return self._event.without_constants(x).flatten(1)

    def examples(self, rows: Tensor) -> Tensor:
        """(B, size) -> (B, *event), with zeros in the place of constants, which `Scaling.to_data` fills in."""
        event = self._event
        if not event.constants:
            return rows.reshape(len(rows), *event.shape)
        axis = event.channel_axis
        shape = [len(self._varying) if n == axis else side for n, side in enumerate(event.shape)]
        index = torch.tensor(self._varying, device=rows.device)
        return rows.new_zeros(len(rows), *event.shape).index_copy(axis + 1, index, rows.reshape(len(rows), *shape))
