"""The DCGAN's networks for sound (C, T), images (C, H, W) and volumes (C, D, H, W) of any size.

Every guideline of the paper holds: strided convolutions instead of pooling and fractionally strided (transposed) ones
instead of upsampling, no fully connected layers, BatchNorm in both networks but not in the generator's output layer nor
the discriminator's input layer, ReLU in the generator with the output activation last, LeakyReLU (0.2) in the
discriminator, weights from N(0, 0.02).

`normalisation: none` leaves BatchNorm out, for critics with a gradient penalty or a Lipschitz constraint: the score of an
example then depends on this example alone. Without BatchNorm, weights from N(0, 0.02) would let signals vanish in narrow
networks, so layers begin with the variance that keeps the mean square.

Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks (Radford, Metz, Chintala,
2015). https://arxiv.org/abs/1511.06434
Improved Training of Wasserstein GANs (Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville, 2017), section 4, on critics
without BatchNorm, https://arxiv.org/abs/1704.00028

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
from typing import Literal

from torch import Tensor, nn
from torch.nn.modules.conv import _ConvTransposeNd

from saddlepoint.networks.activations import activation_layer, with_activation
from saddlepoint.networks.attention import SelfAttention, attention_level
from saddlepoint.networks.initialisation import dcgan_, fan_in_normal_
from saddlepoint.networks.pyramid import Size, channels, ends_in_event, geometry, levels

CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED_CONVOLUTIONS = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
BATCH_NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
Normalisation = Literal["batch", "none"]
SLOPE = 0.2  # of the leaky rectifier


class _FromPoint(_ConvTransposeNd):
    """A transposed convolution of a single point, without bias: (B, inputs, 1, ...) -> (B, outputs, *kernel_size).

    It is the product of the code with the kernel, and computed as such: 3 times faster in bfloat16, and with it a
    twentieth of a small DCGAN's step.
    """

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        # Channels behind the kernel's axes where they lie so in memory: then nothing is copied on either side.
        if self.weight.is_contiguous():
            return (input.flatten(1) @ self.weight.flatten(1)).view(-1, *self.weight.shape[1:])
        kernel = self.weight.movedim(1, -1)
        return (input.flatten(1) @ kernel.flatten(1)).view(-1, *kernel.shape[1:]).movedim(-1, 1)


class FromPoint1d(_FromPoint, nn.ConvTranspose1d):
    """For sound."""


class FromPoint2d(_FromPoint, nn.ConvTranspose2d):
    """For images."""


class FromPoint3d(_FromPoint, nn.ConvTranspose3d):
    """For volumes."""


FROM_POINT = {1: FromPoint1d, 2: FromPoint2d, 3: FromPoint3d}


class Generator(nn.Module):
    """(B, *inputs) -> (B, *outputs): transposed convolutions from a flat code to an event.

    At 1x28x28 and width 64, a code of 100 becomes 128x7x7, 64x14x14, 1x28x28.

    Args:
        inputs: shape of the code, usually (latent,).
        outputs: (C, T), (C, H, W) or (C, D, H, W).
        attention: longest side of the level with self-attention; 0 for none.
        normalisation: batch for BatchNorm, or none.
    """

    def __init__(
        self,
        inputs: Sequence[int],
        outputs: Sequence[int],
        width: int = 64,
        output_activation: str = "tanh",
        attention: int = 0,
        normalisation: Normalisation = "batch",
    ) -> None:
        super().__init__()
        out_channels, size = outputs[0], tuple(outputs[1:])
        dimensions = len(size)
        sizes = levels(size)
        attended = attention_level(sizes, attention)
        widths = [out_channels, *channels(width, len(sizes) - 1)]
        layers: list[nn.Module] = [
            FROM_POINT[dimensions](math.prod(inputs), widths[-1], kernel_size=sizes[-1], bias=False)  # type: ignore[arg-type]
        ]
        for level in range(len(sizes) - 1, 0, -1):
            if normalisation == "batch":
                layers.append(BATCH_NORMS[dimensions](widths[level]))
            layers.append(nn.ReLU(inplace=True))
            if level == attended:
                layers.append(SelfAttention(widths[level]))
            shape = geometry(sizes[level - 1], sizes[level])
            # BatchNorm follows every layer but the last, and would take a bias away again.
            bias = level == 1 or normalisation == "none"
            transposed = TRANSPOSED_CONVOLUTIONS[dimensions]
            layers.append(transposed(widths[level], widths[level - 1], bias=bias, **shape))  # type: ignore[arg-type]
        if output_activation != "identity":
            layers.append(activation_layer(output_activation))
        self.code = math.prod(inputs)
        self.dimensions = dimensions
        self.layers = nn.Sequential(*layers)
        initialise(self, normalisation)

    def forward(self, z: Tensor) -> Tensor:
        """(B, *inputs) -> (B, *outputs)."""
        result: Tensor = self.layers(z.reshape(z.shape[0], self.code, *(1,) * self.dimensions))
        return result


class Discriminator(nn.Module):
    """(B, *inputs) -> (B, *outputs): strided convolutions from an event to a few numbers; also the encoder.

    Args:
        inputs: (C, T), (C, H, W) or (C, D, H, W).
        outputs: `()` for one logit an example, (B,); `(n,)` for an encoder; None for the flattened features of the smallest
            level, without the last convolution.
        attention: longest side of the level with self-attention; 0 for none.
        normalisation: batch for BatchNorm, or none.
    """

    def __init__(
        self,
        inputs: Sequence[int],
        outputs: Sequence[int] | None = (),
        width: int = 64,
        attention: int = 0,
        normalisation: Normalisation = "batch",
    ) -> None:
        super().__init__()
        in_channels, size = inputs[0], tuple(inputs[1:])
        dimensions = len(size)
        sizes = levels(size)
        attended = attention_level(sizes, attention)
        widths = [in_channels, *channels(width, len(sizes) - 1)]
        layers: list[nn.Module] = []
        for level, ((large, small), (before, after)) in enumerate(zip(pairwise(sizes), pairwise(widths), strict=True)):
            normalised = level > 0 and normalisation == "batch"
            layers.append(CONVOLUTIONS[dimensions](before, after, bias=not normalised, **geometry(large, small)))  # type: ignore[arg-type]
            if normalised:
                layers.append(BATCH_NORMS[dimensions](after))
            layers.append(nn.LeakyReLU(SLOPE, inplace=True))
            if level + 1 == attended:
                layers.append(SelfAttention(after))
        if outputs is not None:
            layers.append(CONVOLUTIONS[dimensions](widths[-1], math.prod(outputs), kernel_size=sizes[-1]))  # type: ignore[arg-type]
        self.outputs = (widths[-1] * math.prod(sizes[-1]),) if outputs is None else tuple(outputs)
        self.layers = nn.Sequential(*layers)
        initialise(self, normalisation)

    def forward(self, x: Tensor) -> Tensor:
        """(B, *inputs) -> (B, *outputs)."""
        result: Tensor = self.layers(x)
        return result.reshape(x.shape[0], *self.outputs)


def initialise(network: nn.Module, normalisation: Normalisation) -> None:
    """The paper's first weights; without BatchNorm those that keep the mean square through a rectifier.

    Args:
        network: a generator or a discriminator, changed in place.
        normalisation: whether it has BatchNorm.
    """
    if normalisation == "batch":
        dcgan_(network)
        return
    for layer in network.modules():
        fan_in_normal_(layer, math.sqrt(2 / (1 + SLOPE**2)))
        if isinstance(layer, _FromPoint):  # each output reads one number of every channel, whatever the kernel
            nn.init.normal_(layer.weight, 0.0, layer.in_channels**-0.5)


def dcgan(
    inputs: Sequence[int],
    outputs: Sequence[int] | None,
    width: int = 64,
    output_activation: str = "identity",
    attention: Size = 0,
    normalisation: Normalisation = "batch",
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

    Raises:
        SettingError: neither end is a sound, an image or a volume.
    """
    if ends_in_event(outputs, inputs, "dcgan"):
        return Generator(inputs, outputs, width, output_activation, attention, normalisation)
    return with_activation(Discriminator(inputs, outputs, width, attention, normalisation), output_activation)
