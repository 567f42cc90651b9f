"""Initialisation of weights. Each function changes a module in place and draws from torch's global generator."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from saddlepoint.networks.from_point import FromPoint


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


def residual_(module: nn.Module) -> None:
    """Convolutions of residual blocks uniform with variance 4 / (inputs + outputs), all others half of that, biases 0.

    Convolutions with a kernel larger than 1 belong to blocks; their inputs are outputs of a rectifier, which halves the variance.

    References:
        Improved Training of Wasserstein GANs (Gulrajani et al., 2017), https://arxiv.org/abs/1704.00028, whose weights
        these are.
    """
    for layer in module.modules():
        if isinstance(layer, _ConvNd | nn.Linear):
            is_in_block = isinstance(layer, _ConvNd) and max(layer.kernel_size) > 1
            nn.init.xavier_uniform_(layer.weight, 2**0.5 if is_in_block else 1.0)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def fan_in_normal_(layer: nn.Module, gain: float) -> None:
    """The weight of one linear or convolutional layer N(0, gain^2 / inputs), its bias 0.

    Inputs are the numbers that one output depends on; for transposed convolutions, on average over all outputs.

    Args:
        layer: the layer; other modules are left unchanged.
        gain: root mean square of the output over that of the input.

    References:
        Delving Deep into Rectifiers (He, Zhang, Ren, Sun, 2015), https://arxiv.org/abs/1502.01852
    """
    if isinstance(layer, _ConvNd | nn.Linear):
        inputs = float(layer.weight[0].numel())
        if isinstance(layer, FromPoint):  # each output reads one number of each channel
            inputs = layer.in_channels
        elif isinstance(layer, _ConvTransposeNd):  # of the kernel, a stride's share meets one output
            inputs = layer.in_channels / layer.groups * math.prod(layer.kernel_size) / math.prod(layer.stride)
        nn.init.normal_(layer.weight, 0.0, gain / inputs**0.5)
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
