"""What a model of videos can do, as a runtime protocol; see `saddlepoint.models.capabilities`, from which it is imported."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class PredictsFrames(Protocol):
    """A model that predicts the frames of a video that follow given ones.

    Attributes:
        frames_in: number of frames that it needs.
        frames_out: number of frames that it was trained to predict.
    """

    frames_in: int
    frames_out: int

    def predict(self, given: Tensor, frames: int | None = None) -> Tensor:
        """(N, C, T, H, W) in the data's units, T of at least `frames_in` -> (N, C, frames, H, W); None for `frames_out` frames."""
