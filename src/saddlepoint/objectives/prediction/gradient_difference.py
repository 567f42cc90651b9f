"""The gradient difference loss, which compares how steep edges are and so punishes blur.

References:
    Deep multi-scale video prediction beyond mean square error (Michael Mathieu, Camille Couprie, Yann LeCun, 2016), equation 6 with
        alpha 1, https://arxiv.org/abs/1511.05440
"""

from __future__ import annotations

from torch import Tensor

from saddlepoint.objectives.phase import Nets
from saddlepoint.objectives.precision import at_least_float32
from saddlepoint.objectives.prediction.term import Predicted


def gradient_difference(nets: Nets, predicted: Predicted) -> Tensor:
    """Return the mean absolute difference between the steepness of predicted and true frames, (B,).

    The steepness along an axis is the absolute difference of neighbouring pixels; both axes are added.
    """
    frames, truth = at_least_float32(predicted.frames), predicted.truth

    def along(axis: int) -> Tensor:
        own, true = frames.diff(dim=axis).abs(), truth.diff(dim=axis).abs()
        return (own - true).abs().flatten(1).mean(1)

    return along(3) + along(4)
