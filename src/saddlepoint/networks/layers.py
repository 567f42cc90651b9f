"""PyTorch's layers by the number of axes of an event: 1 for sound, 2 for images, 3 for volumes."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from saddlepoint.networks.pyramid import strides

CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED_CONVOLUTIONS = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
BATCH_NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
AVERAGE_POOLS = {1: nn.AvgPool1d, 2: nn.AvgPool2d, 3: nn.AvgPool3d}
MAX_POOLS = {1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d}


def batch_norm_layers(*networks: nn.Module) -> list[_BatchNorm]:
    """Return the layers that normalise by the statistics of their batch."""
    return [layer for network in networks for layer in network.modules() if isinstance(layer, _BatchNorm)]


def average_pool(large: Sequence[int], small: Sequence[int]) -> nn.Module:
    """Return the layer between two levels that takes the mean of neighbouring pairs along each halved axis.

    The last number of an odd axis has no neighbour and is its own mean.

    Args:
        large: lengths of the axes before.
        small: lengths of the axes after.
    """
    window = strides(large, small)
    pool: nn.Module = AVERAGE_POOLS[len(window)](window, window, ceil_mode=True, count_include_pad=False)
    return pool


def max_pool(large: Sequence[int], small: Sequence[int]) -> nn.Module:
    """Return the layer between two levels that takes the largest of neighbouring pairs along each halved axis.

    The last number of an odd axis has no neighbour and is its own maximum.

    Args:
        large: lengths of the axes before.
        small: lengths of the axes after.
    """
    window = strides(large, small)
    pool: nn.Module = MAX_POOLS[len(window)](window, window, ceil_mode=True)
    return pool
