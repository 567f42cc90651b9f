"""A modern convolutional baseline without normalisation, for sound (C, T), images (C, H, W) and volumes (C, D, H, W).

Both networks are stacks of residual blocks x + W3 a(W2 a(W1 x)). W1 is a 1x1 convolution that doubles the number of channels, W2 a
3x3 convolution in groups of 16 channels, W3 a 1x1 convolution that halves the number again, and a is a leaky rectifier. Between levels, linear
interpolation changes the size and a 1x1 convolution the channels. The generator begins with a learnt pattern for each
channel of the smallest level, scaled by a linear function of the code; the discriminator mirrors this with one learnt
pattern for each channel and a linear function of the results.

Without normalisation, initialisation keeps the scale (Fixup): W3 begins at 0, so that every block is the identity, and the
weights of W1 and W2 are divided by L^(1/4), where L is the number of blocks.

The paper's loss is `relativistic` with the penalties r1 and r2. Sizes and channels are those of `pyramid`, with `width`
channels at the event's own size; the paper's smaller networks have the same number of channels at every level.

References:
    The GAN is dead; long live the GAN! A Modern Baseline GAN (Huang, Gokaslan, Kuleshov, Tompkin, 2024), section 4,
        https://arxiv.org/abs/2501.05441
    Fixup Initialization: Residual Learning Without Normalization (Zhang, Dauphin, Ma, 2019), https://arxiv.org/abs/1901.09321
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from saddlepoint.networks.activations import GAINS, SLOPE, activation_layer, with_activation
from saddlepoint.networks.initialisation import fan_in_normal_
from saddlepoint.networks.layers import CONVOLUTIONS
from saddlepoint.networks.pyramid import channels, ends_in_event, levels

EXPANSION = 2  # channels inside a block over those outside
GROUP = 16  # channels in one group of the 3x3 convolution
INTERPOLATIONS = {1: "linear", 2: "bilinear", 3: "trilinear"}


class InvertedBottleneck(nn.Module):
    """(B, C, *size) -> (B, C, *size): x plus an inverted bottleneck, which begins at 0.

    Args:
        width: C.
        dimensions: number of axes in `size`.
        blocks: L, the number of blocks in the network.
    """

    def __init__(self, width: int, dimensions: int, blocks: int) -> None:
        super().__init__()
        convolution = CONVOLUTIONS[dimensions]
        inner = GROUP * math.ceil(EXPANSION * width / GROUP)
        self.expand = convolution(width, inner, 1)
        self.activation_1 = nn.LeakyReLU(SLOPE, inplace=True)
        self.mix = convolution(inner, inner, 3, padding=1, groups=inner // GROUP)
        self.activation_2 = nn.LeakyReLU(SLOPE, inplace=True)
        self.project = convolution(inner, width, 1, bias=False)
        for layer in (self.expand, self.mix):
            fan_in_normal_(layer, GAINS["leaky_relu"] / blocks**0.25)
        nn.init.zeros_(self.project.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, *size) -> (B, C, *size)."""
        result: Tensor = x + self.project(self.activation_2(self.mix(self.activation_1(self.expand(x)))))
        return result


class Transition(nn.Module):
    """(B, before, *from) -> (B, after, *size): linear interpolation, and a 1x1 convolution if the number of channels changes.

    Args:
        before, after: channels.
        size: of the output.
        enlarges: whether the output is larger than the input.
    """

    def __init__(self, before: int, after: int, size: Sequence[int], *, enlarges: bool) -> None:
        super().__init__()
        dimensions = len(size)
        resize = nn.Upsample(tuple(size), mode=INTERPOLATIONS[dimensions])
        layers: list[nn.Module] = [resize]
        if before != after:
            # A 1x1 convolution and interpolation commute: at the smaller size it costs less.
            layers.insert(0 if enlarges else 1, CONVOLUTIONS[dimensions](before, after, 1, bias=False))
            fan_in_normal_(layers[0 if enlarges else 1], 1.0)
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """(B, before, *from) -> (B, after, *size)."""
        result: Tensor = self.layers(x)
        return result


class Basis(nn.Module):
    """(B, code) -> (B, C, *size): a learnt pattern (*size) for each channel, scaled by a linear function of the code.

    Args:
        code: size of the code.
        width: C.
        size: of the pattern.
    """

    def __init__(self, code: int, width: int, size: Sequence[int]) -> None:
        super().__init__()
        self.scales = nn.Linear(code, width, bias=False)
        self.pattern = nn.Parameter(torch.randn(width, *size))
        fan_in_normal_(self.scales, 1.0)

    def forward(self, z: Tensor) -> Tensor:
        """(B, code) -> (B, C, *size)."""
        scales: Tensor = self.scales(z)
        return scales.reshape(*scales.shape, *(1,) * (self.pattern.ndim - 1)) * self.pattern


class Generator(nn.Module):
    """(B, *inputs) -> (B, *outputs): residual blocks from a flat code to an event.

    Args:
        inputs: shape of the code, usually (latent,).
        outputs: (C, T), (C, H, W) or (C, D, H, W).
        width: channels at the event's own size.
        output_activation: after the last convolution.
        blocks: residual blocks at each level.
    """

    def __init__(
        self,
        inputs: Sequence[int],
        outputs: Sequence[int],
        width: int = 64,
        output_activation: str = "tanh",
        blocks: int = 2,
    ) -> None:
        super().__init__()
        size = tuple(outputs[1:])
        dimensions, sizes = len(size), levels(size)
        widths = channels(width, len(sizes))
        layers: list[nn.Module] = [Basis(math.prod(inputs), widths[-1], sizes[-1])]
        for level in range(len(sizes) - 1, -1, -1):
            if level < len(sizes) - 1:
                layers.append(Transition(widths[level + 1], widths[level], sizes[level], enlarges=True))
            layers += [InvertedBottleneck(widths[level], dimensions, blocks * len(sizes)) for _ in range(blocks)]
        layers.append(CONVOLUTIONS[dimensions](width, outputs[0], 1))
        fan_in_normal_(layers[-1], 1.0)
        if output_activation != "identity":
            layers.append(activation_layer(output_activation))
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        """(B, *inputs) -> (B, *outputs)."""
        result: Tensor = self.layers(z.flatten(1))
        return result


class Discriminator(nn.Module):
    """(B, *inputs) -> (B, *outputs): residual blocks from an event to a few numbers; also the encoder.

    Args:
        inputs: (C, T), (C, H, W) or (C, D, H, W).
        outputs: `()` for one logit an example, (B,); `(n,)` for an encoder; None for the features of the smallest level,
            one number a channel.
        width: channels at the event's own size.
        blocks: residual blocks at each level.
    """

    def __init__(
        self, inputs: Sequence[int], outputs: Sequence[int] | None = (), width: int = 64, blocks: int = 2
    ) -> None:
        super().__init__()
        sizes = levels(tuple(inputs[1:]))
        dimensions, widths = len(sizes[0]), channels(width, len(sizes))
        layers: list[nn.Module] = [CONVOLUTIONS[dimensions](inputs[0], width, 1)]
        fan_in_normal_(layers[0], 1.0)
        for level, size in enumerate(sizes):
            if level > 0:
                layers.append(Transition(widths[level - 1], widths[level], size, enlarges=False))
            layers += [InvertedBottleneck(widths[level], dimensions, blocks * len(sizes)) for _ in range(blocks)]
        # One number a channel: its product with a learnt pattern as large as the smallest level.
        layers.append(CONVOLUTIONS[dimensions](widths[-1], widths[-1], sizes[-1], groups=widths[-1], bias=False))  # type: ignore[arg-type]
        fan_in_normal_(layers[-1], 1.0)
        layers.append(nn.Flatten())
        if outputs is not None:
            layers.append(nn.Linear(widths[-1], math.prod(outputs)))
            fan_in_normal_(layers[-1], 1.0)
        self.layers = nn.Sequential(*layers)
        self.outputs = (widths[-1],) if outputs is None else tuple(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, *inputs) -> (B, *outputs)."""
        result: Tensor = self.layers(x)
        return result.reshape(x.shape[0], *self.outputs)


def r3gan(
    inputs: Sequence[int],
    outputs: Sequence[int] | None,
    width: int = 64,
    output_activation: str = "identity",
    blocks: Annotated[int, Field(ge=1, le=100)] = 2,
) -> nn.Module:
    """Return a generator if the output is an event, or a discriminator (or encoder) if the input is an event.

    Args:
        inputs: shape of one input.
        outputs: shape of one output; None for features.
        width: channels of the level nearest to the event.
        output_activation: after the last layer.
        blocks: residual blocks at each level.

    Raises:
        SettingError: neither end is a sound, an image or a volume.
    """
    if ends_in_event(outputs, inputs, "r3gan"):
        return Generator(inputs, outputs, width, output_activation, blocks)
    return with_activation(Discriminator(inputs, outputs, width, blocks), output_activation)
