"""Activations by name."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from saddlepoint.errors import SettingError, suggestion

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.2),
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "softplus": nn.Softplus,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "identity": nn.Identity,
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
