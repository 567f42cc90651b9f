"""The DCGAN's networks for sound (C, T), images (C, H, W) and volumes (C, D, H, W) of any size.

By default every guideline of the paper holds: strided convolutions instead of pooling and fractionally strided (transposed)
ones instead of upsampling, no fully connected hidden layers, BatchNorm in both networks but not in the generator's output
layer nor the discriminator's input layer, ReLU in the generator with the output activation last, LeakyReLU (0.2) in the
discriminator, weights from N(0, 0.02). A `Style` switches each of them off.

Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks (Radford, Metz, Chintala,
2015). https://arxiv.org/abs/1511.06434

Sizes and channels are those of `pyramid`: `width` channels at the level nearest to the event. Axis by axis, halving an
even length takes kernel 4 with stride 2 and padding 1, an odd length kernel 3 with stride 2 and padding 1, and an axis
left alone kernel 3 with stride 1 and padding 1. With these the convolution and the transposed convolution between two
levels are exact inverses in shape, without output padding. A last kernel as large as the smallest level goes to, or
comes from, length 1.

Speed. All layers but the generator's first use torch's own convolutions, which on a CPU are the fastest of the
equivalent forms, except for layers with a single channel. Time of forward and backward relative to torch's own layer
(bfloat16, channels-last, batch 64, base 64, 28x28 images, median of 15 rounds; 2026-11-21, 2 cores of an AMD EPYC, torch
2.13.0): as a matrix product over patches 0.52 for the discriminator's first layer and 1.86 for its second; as a
product with overlapping patches 0.78 for the generator's last layer and 3.74 for its second; as a sub-pixel convolution
0.92 and 2.30.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from saddlepoint.networks.activations import activation_layer, with_activation
from saddlepoint.networks.attention import SelfAttention, attention_level
from saddlepoint.networks.dcgan_layers import (
    HiddenActivation,
    Normalisation,
    Resampling,
    Style,
    downsample,
    hidden_layers,
    initialise_,
    project,
    upsample,
)
from saddlepoint.networks.layers import CONVOLUTIONS
from saddlepoint.networks.pyramid import Size, channels, ends_in_event, levels

GENERATOR_STYLE = Style("relu")
DISCRIMINATOR_STYLE = Style("leaky_relu")


class Generator(nn.Module):
    """(B, *inputs) -> (B, *outputs): transposed convolutions from a flat code to an event.

    At 1x28x28 and width 64, a code of 100 becomes 128x7x7, 64x14x14, 1x28x28.

    Args:
        inputs: shape of the code, usually (latent,).
        outputs: (C, T), (C, H, W) or (C, D, H, W).
        width: channels of the level nearest to the event.
        output_activation: after the last layer.
        attention: longest side of the level with self-attention; 0 for none.
        style: which guidelines of the paper hold.
    """

    def __init__(
        self,
        inputs: Sequence[int],
        outputs: Sequence[int],
        width: int = 64,
        output_activation: str = "tanh",
        attention: int = 0,
        style: Style = GENERATOR_STYLE,
    ) -> None:
        super().__init__()
        sizes = levels(tuple(outputs[1:]))
        self.code, self.dimensions = math.prod(inputs), len(sizes[0])
        attended = attention_level(sizes, attention)
        widths = [outputs[0], *channels(width, len(sizes) - 1)]
        features = self.code
        layers: list[nn.Module] = []
        if style.fully_connected:
            layers.append(project(features, style.fully_connected, (1,) * self.dimensions))
            layers += hidden_layers(style.fully_connected, self.dimensions, style)
            features = style.fully_connected
        layers.append(project(features, widths[-1], sizes[-1]))
        for level in range(len(sizes) - 1, 0, -1):
            layers += hidden_layers(widths[level], self.dimensions, style)
            if level == attended:
                layers.append(SelfAttention(widths[level]))
            bias = style.has_bias or level == 1
            layers += upsample(widths[level], widths[level - 1], sizes[level], sizes[level - 1], style, bias=bias)
        if output_activation != "identity":
            layers.append(activation_layer(output_activation))
        self.layers = nn.Sequential(*layers)
        initialise_(self.layers, style)

    def forward(self, z: Tensor) -> Tensor:
        """(B, *inputs) -> (B, *outputs)."""
        result: Tensor = self.layers(z.reshape(z.shape[0], self.code, *(1,) * self.dimensions))
        return result


class Discriminator(nn.Module):
    """(B, *inputs) -> (B, *outputs): strided convolutions from an event to a few numbers; also the encoder.

    Args:
        inputs: (C, T), (C, H, W) or (C, D, H, W).
        outputs: `()` for one logit an example, (B,); `(n,)` for an encoder; None for the flattened features before the last
            layer.
        width: channels of the level nearest to the event.
        attention: longest side of the level with self-attention; 0 for none.
        style: which guidelines of the paper hold.
    """

    def __init__(
        self,
        inputs: Sequence[int],
        outputs: Sequence[int] | None = (),
        width: int = 64,
        attention: int = 0,
        style: Style = DISCRIMINATOR_STYLE,
    ) -> None:
        super().__init__()
        sizes = levels(tuple(inputs[1:]))
        dimensions = len(sizes[0])
        convolution = CONVOLUTIONS[dimensions]
        attended = attention_level(sizes, attention)
        widths = [inputs[0], *channels(width, len(sizes) - 1)]
        layers: list[nn.Module] = []
        for level, ((large, small), (before, after)) in enumerate(zip(pairwise(sizes), pairwise(widths), strict=True)):
            layers += downsample(before, after, large, small, style, normalised=level > 0)
            if level + 1 == attended:
                layers.append(SelfAttention(after))
        features, extent = widths[-1], sizes[-1]
        if style.fully_connected:
            layers.append(convolution(features, style.fully_connected, kernel_size=extent, bias=style.has_bias))  # type: ignore[arg-type]
            layers += hidden_layers(style.fully_connected, dimensions, style)
            features, extent = style.fully_connected, (1,) * dimensions
        if outputs is not None:
            layers.append(convolution(features, math.prod(outputs), kernel_size=extent))  # type: ignore[arg-type]
        self.outputs = (features * math.prod(extent),) if outputs is None else tuple(outputs)
        self.layers = nn.Sequential(*layers)
        initialise_(self.layers, style)

    def forward(self, x: Tensor) -> Tensor:
        """(B, *inputs) -> (B, *outputs)."""
        result: Tensor = self.layers(x)
        return result.reshape(x.shape[0], *self.outputs)


def dcgan(
    inputs: Sequence[int],
    outputs: Sequence[int] | None,
    width: int = 64,
    output_activation: str = "identity",
    attention: Size = 0,
    normalisation: Normalisation = "batch",
    resampling: Resampling = "strided",
    activation: HiddenActivation | None = None,
    fully_connected: Size = 0,
) -> nn.Module:
    """Return a generator if the output is an event, or a discriminator (or encoder) if the input is an event.

    Args:
        inputs: shape of one input.
        outputs: shape of one output; None for features.
        width: channels of the level nearest to the event.
        output_activation: after the last layer.
        attention: longest side of the level with self-attention (see `attention.attention_level`); 0 for none.
        normalisation: batch for BatchNorm between the layers, as in the paper; none for critics whose score of an example
            must not depend on its batch.
        resampling: strided, or pooling (max pooling in a discriminator, nearest-neighbour upsampling in a generator).
        activation: of the hidden layers; None for relu in a generator and leaky_relu in a discriminator.
        fully_connected: units of a fully connected hidden layer next to the code or the output; 0 for none.

    Raises:
        SettingError: neither end is a sound, an image or a volume.
    """
    if ends_in_event(outputs, inputs, "dcgan"):
        style = Style(activation or GENERATOR_STYLE.activation, resampling, normalisation, fully_connected)
        return Generator(inputs, outputs, width, output_activation, attention, style)
    style = Style(activation or DISCRIMINATOR_STYLE.activation, resampling, normalisation, fully_connected)
    return with_activation(Discriminator(inputs, outputs, width, attention, style), output_activation)
