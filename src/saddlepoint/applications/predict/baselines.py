"""Predictions that need no training. Frames are in [0, 1]."""

from __future__ import annotations

from importlib import import_module

from torch import Tensor

from saddlepoint.applications.predict.settings import BASELINES


def black(given: Tensor, frames: int) -> Tensor:
    """Frames of zeros: given (N, C, T, H, W) -> (N, C, frames, H, W)."""
    return given.new_zeros(*given.shape[:2], frames, *given.shape[3:])


def last_frame(given: Tensor, frames: int) -> Tensor:
    """The last of the given frames (N, C, T, H, W), repeated: (N, C, frames, H, W)."""
    return given[:, :, -1:].expand(-1, -1, frames, -1, -1)


def mean_of_inputs(given: Tensor, frames: int) -> Tensor:
    """The mean of the given frames (N, C, T, H, W), repeated: (N, C, frames, H, W)."""
    return given.mean(2, keepdim=True).expand(-1, -1, frames, -1, -1)


def baseline(name: str, given: Tensor, frames: int) -> Tensor:
    """Predict by the baseline of this name in `BASELINES`."""
    module, function = BASELINES[name].path.split(":")
    predicted: Tensor = getattr(import_module(module), function)(given, frames)
    return predicted
