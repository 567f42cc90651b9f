"""Convolutional networks between images and maps of vectors, whose sides are smaller by powers of two."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional


def map_sizes(size: Sequence[int], halvings: int) -> list[tuple[int, ...]]:
    """The sides of an image (H, W) after 0, 1, ..., `halvings` halvings, rounded up."""
    return [tuple(math.ceil(side / 2**level) for side in size) for level in range(halvings + 1)]


class ResidualBlock(nn.Module):
    """x + two convolutions of x.

    Args:
        width: channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReLU(), nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, H, W) -> (B, width, H, W)."""
        result: Tensor = x + self.layers(x)
        return result


class MapEncoder(nn.Module):
    """Strided convolutions and residual blocks.

    Args:
        channels: of the image.
        vector: numbers in a vector of the map.
        width: channels of the hidden layers.
        halvings: how often the sides are halved.
        blocks: number of residual blocks.

    References:
        Neural Discrete Representation Learning (Aaron van den Oord, Oriol Vinyals, Koray Kavukcuoglu, 2017),
            https://arxiv.org/abs/1711.00937
    """

    def __init__(self, channels: int, vector: int, width: int, halvings: int, blocks: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for level in range(halvings):
            layers += [nn.Conv2d(width if level else channels, width, 3, stride=2, padding=1), nn.ReLU()]
        layers += [nn.Conv2d(width, width, 3, padding=1), *(ResidualBlock(width) for _ in range(blocks)), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, vector, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, vector, h, w)."""
        result: Tensor = self.layers(x)
        return result


class MapDecoder(nn.Module):
    """Residual blocks, and convolutions after nearest-neighbour upsampling.

    Args:
        channels: of the image.
        size: (H, W) of the image.
        vector: numbers in a vector of the map.
        width: channels of the hidden layers.
        halvings: how often the sides of the map are doubled.
        blocks: number of residual blocks.
    """

    def __init__(self, channels: int, size: Sequence[int], vector: int, width: int, halvings: int, blocks: int) -> None:
        super().__init__()
        self.sizes = map_sizes(size, halvings)[-2::-1]
        self.first = nn.Sequential(
            nn.Conv2d(vector, width, 3, padding=1), *(ResidualBlock(width) for _ in range(blocks)), nn.ReLU()
        )
        outputs = [*[width] * (halvings - 1), channels]
        self.levels = nn.ModuleList(nn.Conv2d(width, count, 3, padding=1) for count in outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, vector, h, w) -> (B, C, H, W)."""
        x = self.first(x)
        for number, (size, layer) in enumerate(zip(self.sizes, self.levels, strict=True)):
            x = layer(functional.interpolate(functional.relu(x) if number else x, size=size))
        return x
