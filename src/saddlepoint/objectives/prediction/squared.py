"""The squared error of predicted frames, whose best answer is the mean of all possible futures: a blur where they differ."""

from __future__ import annotations

from torch import Tensor

from saddlepoint.objectives.phase import Nets
from saddlepoint.objectives.precision import at_least_float32
from saddlepoint.objectives.prediction.term import Predicted


def squared_error(nets: Nets, predicted: Predicted) -> Tensor:
    """Return the mean over pixels and frames of the squared error, (B,)."""
    difference = at_least_float32(predicted.frames) - predicted.truth
    return difference.square().flatten(1).mean(1)
