"""Activations by name."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import nn

from saddlepoint.errors import SettingError, suggestion

SLOPE = 0.2  # of the leaky rectifier below 0, as in the DCGAN paper

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(SLOPE),
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "softplus": nn.Softplus,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "identity": nn.Identity,
}
# 1 / sqrt(E[f(z)^2]) of each activation f at z from N(0, 1). Weights with this gain restore the mean square 1 after f. Values
# without a closed form are integrals, rounded to 6 digits.
GAINS: dict[str, float] = {
    "relu": math.sqrt(2),
    "leaky_relu": math.sqrt(2 / (1 + SLOPE**2)),
    "tanh": 1.592537,
    "sigmoid": 1.846229,
    "softplus": 1.041867,
    "elu": 1.245198,
    "gelu": 1.533530,
    "silu": 1.676532,
    "identity": 1.0,
}


def activation_layer(name: str) -> nn.Module:
    """A new layer for the activation of this name. LeakyReLU has the slope 0.2 of the DCGAN paper.

    Raises:
        SettingError: an unknown name.
    """
    if name not in ACTIVATIONS:
        raise SettingError(
            f'There is no activation "{name}".{suggestion(name, ACTIVATIONS)} Known: {", ".join(ACTIVATIONS)}.'
        )
    return ACTIVATIONS[name]()


def with_activation(network: nn.Module, name: str) -> nn.Module:
    """Return the network followed by the activation of this name; the network itself for `identity`.

    Args:
        network: any.
        name: in ACTIVATIONS.

    Raises:
        SettingError: an unknown name.
    """
    return network if name == "identity" else nn.Sequential(network, activation_layer(name))
