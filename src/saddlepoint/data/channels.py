"""Numbers for each channel or column of a batch: as tensors that broadcast, written over it, or left out of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

import torch
from torch import Tensor


def along_axis(values: Sequence[float], axes: int, axis: int, like: Tensor) -> Tensor:
    """The values (C,) along one of `axes` axes, with 1 along the others, with the device and type of `like`."""
    return _column(tuple(values), axes, axis, like.device, like.dtype)


def with_channels(x: Tensor, values: Mapping[int, float], axis: int) -> Tensor:
    """x (B, ...) with these values at these positions along `axis`."""
    count = range(x.shape[axis])
    chosen = along_axis([float(n in values) for n in count], x.ndim - 1, axis - 1, x) > 0
    return torch.where(chosen, along_axis([values.get(n, 0.0) for n in count], x.ndim - 1, axis - 1, x), x)


def without_channels(x: Tensor, positions: Collection[int], axis: int) -> Tensor:
    """x (B, ...) without these positions along `axis`."""
    left = [n for n in range(x.shape[axis]) if n not in positions]
    return x.index_select(axis, torch.tensor(left, dtype=torch.int64, device=x.device))


@lru_cache(maxsize=64)
def _column(values: tuple[float, ...], axes: int, axis: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Cached, because building the tensor costs more than using it."""
    with torch.inference_mode(False):  # what is cached must serve training too
        shape = [len(values) if n == axis else 1 for n in range(axes)]
        return torch.tensor(values, device=device, dtype=dtype).view(shape)
