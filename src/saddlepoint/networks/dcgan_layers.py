"""The style of a DCGAN and the layers that depend on it.

`normalisation: none` leaves BatchNorm out, for critics with a gradient penalty or a Lipschitz constraint: the score of an
example then depends on this example alone. Without BatchNorm, weights from N(0, 0.02) would let signals vanish in narrow
networks. The initial weights of each layer are then scaled by the gain of the activation whose output the layer reads, so
that the outputs of all layers have the mean square of the network's input: of any input for relu and leaky_relu, of one of mean
square 1 for the other activations. Zeros that pad the borders lower it, and max pooling raises it.

References:
    Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks (Radford, Metz, Chintala,
        2015), section 3, https://arxiv.org/abs/1511.06434
    Improved Training of Wasserstein GANs (Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville, 2017), section 4, on critics
        without BatchNorm, https://arxiv.org/abs/1704.00028
    Delving Deep into Rectifiers (He, Zhang, Ren, Sun, 2015), section 2.2, on weights that keep the scale of signals,
        https://arxiv.org/abs/1502.01852
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from torch import nn
from torch.nn.modules.conv import _ConvNd

from saddlepoint.networks.activations import GAINS, activation_layer
from saddlepoint.networks.from_point import FROM_POINT
from saddlepoint.networks.initialisation import dcgan_, fan_in_normal_
from saddlepoint.networks.layers import BATCH_NORMS, CONVOLUTIONS, TRANSPOSED_CONVOLUTIONS, max_pool
from saddlepoint.networks.pyramid import geometry

Normalisation = Literal["batch", "none"]
Resampling = Literal["strided", "pooling"]
HiddenActivation = Literal["relu", "leaky_relu", "tanh", "sigmoid", "softplus", "elu", "gelu", "silu"]


@dataclass(frozen=True)
class Style:
    """Which guidelines of the DCGAN paper a network follows. By default it follows all of them.

    Attributes:
        activation: of the hidden layers; the paper's are relu in generators and leaky_relu in discriminators.
        resampling: strided, for strided and transposed convolutions; or pooling, for convolutions after nearest-neighbour
            upsampling in a generator and before max pooling in a discriminator.
        normalisation: batch, for BatchNorm after every layer but a generator's last and a discriminator's first and last;
            or none.
        fully_connected: units of a fully connected hidden layer next to the code or the output; 0 for none.
    """

    activation: HiddenActivation
    resampling: Resampling = "strided"
    normalisation: Normalisation = "batch"
    fully_connected: int = 0

    @property
    def has_bias(self) -> bool:
        """Whether hidden convolutions have a bias, which a BatchNorm after them would subtract again."""
        return self.normalisation == "none"


def hidden_layers(channels: int, dimensions: int, style: Style, *, normalised: bool = True) -> list[nn.Module]:
    """Return the layers after a hidden convolution: BatchNorm, if any, and the activation.

    Args:
        channels: of the convolution's output.
        dimensions: number of axes of an event.
        style: of the network.
        normalised: whether BatchNorm may follow this convolution.
    """
    activation = activation_layer(style.activation)
    if isinstance(activation, nn.ReLU | nn.LeakyReLU):
        activation.inplace = True
    if normalised and style.normalisation == "batch":
        return [BATCH_NORMS[dimensions](channels), activation]
    return [activation]


def project(inputs: int, outputs: int, size: Sequence[int]) -> nn.Module:
    """Return the layer (B, inputs, 1, ...) -> (B, outputs, *size) of a generator, without bias."""
    layer: nn.Module = FROM_POINT[len(size)](inputs, outputs, kernel_size=tuple(size), bias=False)  # type: ignore[arg-type]
    return layer


def upsample(
    before: int, after: int, small: Sequence[int], large: Sequence[int], style: Style, *, bias: bool
) -> list[nn.Module]:
    """Return the layers (B, before, *small) -> (B, after, *large) of a generator.

    Args:
        before, after: channels.
        small, large: sizes of two neighbouring levels.
        style: of the network.
        bias: whether the convolution has a bias.
    """
    dimensions = len(large)
    if style.resampling == "pooling":
        convolution = CONVOLUTIONS[dimensions](before, after, kernel_size=3, padding=1, bias=bias)
        return [nn.Upsample(tuple(large), mode="nearest"), convolution]
    return [TRANSPOSED_CONVOLUTIONS[dimensions](before, after, bias=bias, **geometry(large, small))]  # type: ignore[arg-type]


def downsample(
    before: int, after: int, large: Sequence[int], small: Sequence[int], style: Style, *, normalised: bool
) -> list[nn.Module]:
    """Return the layers (B, before, *large) -> (B, after, *small) of a discriminator, its activation included.

    Args:
        before, after: channels.
        large, small: sizes of two neighbouring levels.
        style: of the network.
        normalised: whether BatchNorm may follow the convolution.
    """
    dimensions, pools = len(large), style.resampling == "pooling"
    shape = {"kernel_size": 3, "padding": 1} if pools else geometry(large, small)
    convolution = CONVOLUTIONS[dimensions](before, after, bias=style.has_bias or not normalised, **shape)
    layers = [convolution, *hidden_layers(after, dimensions, style, normalised=normalised)]
    return [*layers, max_pool(large, small)] if pools else layers


def initialise_(layers: nn.Sequential, style: Style) -> None:
    """Draw the paper's initial weights, or without BatchNorm those that keep the mean square from layer to layer.

    Args:
        layers: all layers of the network in order; changed in place.
        style: of the network.
    """
    if style.normalisation == "batch":
        dcgan_(layers)
        return
    gain = 1.0  # the first layer reads the network's input, all others the output of an activation
    for layer in layers:
        if isinstance(layer, _ConvNd):
            fan_in_normal_(layer, gain)
            gain = GAINS[style.activation]
