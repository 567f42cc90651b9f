"""Predictions that need no training. Frames are in [0, 1]."""

from __future__ import annotations

from importlib import import_module

from torch import Tensor

from saddlepoint.applications.predict.settings import FLOORS


def black(given: Tensor, frames: int) -> Tensor:
    """Frames of zeros: given (N, C, T, H, W) -> (N, C, frames, H, W)."""
    return given.new_zeros(*given.shape[:2], frames, *given.shape[3:])


def last_frame(given: Tensor, frames: int) -> Tensor:
    """The last of the given frames (N, C, T, H, W), repeated: (N, C, frames, H, W)."""
    return given[:, :, -1:].expand(-1, -1, frames, -1, -1)


def mean_of_inputs(given: Tensor, frames: int) -> Tensor:
    """The mean of the given frames (N, C, T, H, W), repeated: (N, C, frames, H, W)."""
    return given.mean(2, keepdim=True).expand(-1, -1, frames, -1, -1)


def floor(name: str, given: Tensor, frames: int) -> Tensor:
    """Predict by the floor of this name in `FLOORS`."""
    module, function = FLOORS[name].path.split(":")
    predicted: Tensor = getattr(import_module(module), function)(given, frames)
    return predicted
