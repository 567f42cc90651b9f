"""The encoder behind classifier and self-supervised features, for any kind of example."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from saddlepoint.data.event import Event
from saddlepoint.evaluation.features.layers import average_cells, convolution, linear, normalisation, pool, shrink

_LEAST = 4  # a side that is shorter is not halved any more
_CELLS = 4  # an axis of the grid that the last convolution is averaged to
_WIDTHS = (32, 64, 128)  # channels of the convolutions where the caller names none
_HIDDEN = 256  # of a vector's network


class Encoder(nn.Module):
    """A feature encoder: (n, *event) in natural units -> (n, dimension), 0 or above.

    Images, sounds and volumes: convolutions, BatchNorm, pooling and rectifiers until the sides are short, then one
    linear layer. Vectors, series and texts: two linear layers.

    Args:
        event: shape and kind of the examples.
        dimension: number of features.
        generator: of the initial weights.
        widths: channels of the first convolutions; further ones have as many as the last.
    """

    def __init__(
        self, event: Event, dimension: int, generator: torch.Generator, widths: tuple[int, ...] = _WIDTHS
    ) -> None:
        super().__init__()
        self.axes = len(event.shape) - 1 if event.has_neighbours else 0
        self.dimension = dimension
        self.stages = nn.ModuleList()
        if self.axes == 0:
            self.stages.append(
                nn.Sequential(linear(event.size, _HIDDEN, generator), normalisation(0, _HIDDEN), nn.ReLU())
            )
            self.last = linear(_HIDDEN, dimension, generator)
            return
        x = shrink(torch.zeros(1, *event.shape))
        while len(self.stages) == 0 or max(x.shape[2:]) >= _LEAST:
            width = widths[min(len(self.stages), len(widths) - 1)]
            self.stages.append(
                nn.Sequential(convolution(self.axes, x.shape[1], width, generator), normalisation(self.axes, width))
            )
            x = pool(x[:, :1].expand(-1, width, *x.shape[2:]), least=_LEAST)
        self.sides = tuple(min(_CELLS, side) for side in x.shape[2:])
        self.last = linear(x.shape[1] * math.prod(self.sides), dimension, generator)

    def forward(self, x: Tensor) -> Tensor:
        x = shrink(x) if self.axes else x.flatten(1)
        if self.axes == 2:
            # Half as fast again. `contiguous` would leave images of one channel as they are.
            x = x.to(memory_format=torch.channels_last)
        for stage in self.stages:
            x = stage(x)
            if self.axes:
                # The rectifier of maxima is the maximum of rectified numbers, of which there are four times as many in an image.
                x = torch.relu(pool(x, least=_LEAST))
        if self.axes:
            x = average_cells(x, self.sides).flatten(1)
        return torch.relu(self.last(x))
