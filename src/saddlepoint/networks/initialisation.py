"""Initialisation of weights. Each function changes a module in place and draws from torch's global generator."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd


def dcgan_(module: nn.Module) -> None:
    """Convolutions N(0, 0.02), BatchNorm's weight N(1, 0.02), all biases 0.

    Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks (Radford, Metz,
    Chintala, 2015), section 4. https://arxiv.org/abs/1511.06434
    """
    for layer in module.modules():
        if isinstance(layer, _ConvNd):
            nn.init.normal_(layer.weight, 0.0, 0.02)
        elif isinstance(layer, _BatchNorm) and layer.affine:
            nn.init.normal_(layer.weight, 1.0, 0.02)
        else:
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def glorot_(module: nn.Module) -> None:
    """Linear layers uniform with variance 2 / (inputs + outputs), biases 0.

    Understanding the difficulty of training deep feedforward neural networks (Glorot, Bengio, 2010).
    https://proceedings.mlr.press/v9/glorot10a.html
    """
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def standard_normal_(module: nn.Module) -> None:
    """Linear layers N(0, 1), biases 0, as in early scripts: wide layers of tanh units are saturated from the start."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def small_normal_(module: nn.Module) -> None:
    """Linear layers N(0, 0.02), biases 0, like the DCGAN's convolutions; for shallow perceptrons or those with BatchNorm."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, 0.0, 0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


# The ways to begin a perceptron, by the name that settings carry.
WEIGHTS: dict[str, Callable[[nn.Module], None]] = {
    "glorot": glorot_,
    "normal": standard_normal_,
    "small": small_normal_,
}
