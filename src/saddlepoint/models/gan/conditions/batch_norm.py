"""Conditional batch normalisation of the generator: every class has its own scale and shift in each layer."""

from __future__ import annotations

from torch import nn

from saddlepoint.errors import SettingError
from saddlepoint.models.gan.conditions.condition import Condition
from saddlepoint.networks.conditional_norm import WithConditionalNorms


class BatchNorm(Condition):
    """Replaces the generator's batch normalisations by conditional ones.

    References:
        Modulating early visual processing by language (De Vries et al., 2017), https://arxiv.org/abs/1707.00683
    """

    roles = ("generator",)

    def wrap(self, network: nn.Module, axis: int, classes: int) -> nn.Module:
        try:
            return WithConditionalNorms(network, classes)
        except ValueError:
            raise SettingError(
                "model.condition.generator (batch_norm): the generator has no BatchNorm layer, so labels would have no effect: "
                "set model.generator.batch_norm to true (mlp), use dcgan or resnet with BatchNorm, or choose concatenate."
            ) from None
