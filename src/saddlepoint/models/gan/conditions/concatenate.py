"""Concatenation: labels are further numbers of the input, for images further channels.

References:
    Conditional Generative Adversarial Nets (Mirza, Osindero, 2014), https://arxiv.org/abs/1411.1784
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from saddlepoint.errors import SettingError
from saddlepoint.models.gan.conditions.condition import Condition, Shape
from saddlepoint.networks.labels import WithLabels

MOST_CHANNELS = 100  # classes of examples with further axes: each is a channel as large as the example


class Concatenate(Condition):
    """The input is followed by one number for each class: 1 for the example's class, 0 for the others.

    An input with further axes (an image) gets one constant channel for each class.
    """

    def inputs(self, shape: Sequence[int], axis: int, classes: int) -> Shape:
        if len(shape) > 1 and classes > MOST_CHANNELS:
            raise SettingError(
                f"concatenate adds one channel for each class, and {classes:,} classes are too many (at most {MOST_CHANNELS}): "
                "use projection for the discriminator."
            )
        return (*shape[:axis], shape[axis] + classes, *shape[axis + 1 :])

    def wrap(self, network: nn.Module, axis: int, classes: int) -> nn.Module:
        return WithLabels(network, axis, classes)
