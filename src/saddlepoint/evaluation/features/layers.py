"""Layers of the small networks behind features, for one, two or three axes: sounds, images, volumes.

These networks only measure; generators are built in `saddlepoint.networks`. All weights are drawn from an explicit generator.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from saddlepoint.data.event import Event, Scaling

# The longest side that a network processes, by the number of axes; longer ones are reduced to it by averages first.
LONGEST = {1: 4096, 2: 64, 3: 32}

_CONVOLUTION: dict[int, Callable[..., nn.Module]] = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_NORMALISATION: dict[int, Callable[..., nn.Module]] = {
    0: nn.BatchNorm1d,
    1: nn.BatchNorm1d,
    2: nn.BatchNorm2d,
    3: nn.BatchNorm3d,
}
_TO_SIDES: dict[int, Callable[..., Tensor]] = {
    1: functional.adaptive_avg_pool1d,
    2: functional.adaptive_avg_pool2d,
    3: functional.adaptive_avg_pool3d,
}
_MAXIMA: dict[int, Callable[..., Tensor]] = {
    1: functional.max_pool1d,
    2: functional.max_pool2d,
    3: functional.max_pool3d,
}


def natural_units(event: Event) -> Scaling:
    """Units that suit a network: [-1, 1] for data with a known range, else mean 0 and standard deviation 1."""
    return event.scaling("symmetric" if event.bounded else "standard")


def convolution(axes: int, channels: int, filters: int, generator: torch.Generator) -> nn.Module:
    """A convolution of side 3 (9 for sound) that keeps the sides of its input."""
    kernel = 9 if axes == 1 else 3
    return _initialise(lambda: _CONVOLUTION[axes](channels, filters, kernel, padding=kernel // 2), generator)


def linear(inputs: int, outputs: int, generator: torch.Generator) -> nn.Module:
    """A linear layer."""
    return _initialise(lambda: nn.Linear(inputs, outputs), generator)


def normalisation(axes: int, channels: int) -> nn.Module:
    """BatchNorm over the batch and `axes` axes."""
    return _NORMALISATION[axes](channels)


def shrink(x: Tensor) -> Tensor:
    """(n, C, *sides) -> the same with no side above `LONGEST`, by averages."""
    longest = LONGEST[x.ndim - 2]
    if max(x.shape[2:]) <= longest:
        return x
    return average_cells(x, tuple(min(side, longest) for side in x.shape[2:]))


def pool(x: Tensor, least: int) -> Tensor:
    """(n, C, *sides) -> maxima of neighbours, 2 (4 along sound) an axis; sides below `least` stay."""
    factor = 4 if x.ndim == 3 else 2
    return _MAXIMA[x.ndim - 2](x, tuple(factor if side >= least else 1 for side in x.shape[2:]))


def average_cells(x: Tensor, sides: tuple[int, ...]) -> Tensor:
    """(n, C, *any) -> (n, C, *sides), averages over as many cells."""
    return _TO_SIDES[x.ndim - 2](x, sides)


def _initialise(make: Callable[[], nn.Module], generator: torch.Generator) -> nn.Module:
    """The layer that `make` returns, with weights by He's rule and biases 0.

    References:
        Delving Deep into Rectifiers: Surpassing Human-Level Performance on ImageNet Classification (Kaiming He, Xiangyu
        Zhang, Shaoqing Ren, Jian Sun, 2015). https://arxiv.org/abs/1502.01852
    """
    with torch.random.fork_rng(devices=[]):  # layers draw from torch's global generator when they are created
        layer = make()
    weight: Any = layer.weight
    bias: Any = layer.bias
    with torch.no_grad():
        weight.normal_(0.0, math.sqrt(2 / weight[0].numel()), generator=generator)
        bias.zero_()
    return layer
