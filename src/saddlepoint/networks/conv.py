"""The DCGAN's networks for sound (C, T), images (C, H, W) and volumes (C, D, H, W) of any size.

By default every guideline of the paper holds: strided convolutions instead of pooling and fractionally strided (transposed)
ones instead of upsampling, no fully connected hidden layers, BatchNorm in both networks but not in the generator's output
layer nor the discriminator's input layer, ReLU in the generator with the output activation last, LeakyReLU (0.2) in the
discriminator, weights from N(0, 0.02). Arguments switch each of them off.

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

from saddlepoint.networks.activations import activation_layer, with_activation
from saddlepoint.networks.attention import SelfAttention, attention_level
from saddlepoint.networks.from_point import FROM_POINT
from saddlepoint.networks.initialisation import dcgan_, mean_square_
from saddlepoint.networks.pyramid import Size, channels, ends_in_event, geometry, levels

CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED_CONVOLUTIONS = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
BATCH_NORMS = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
MAX_POOLS = {1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d}

SLOPE = 0.2  # of the leaky rectifier

Normalisation = Literal["batch", "none"]
Resampling = Literal["strided", "pooling"]
HiddenActivation = Literal["relu", "leaky_relu", "tanh", "sigmoid", "softplus", "elu", "gelu", "silu"]


class Generator(nn.Module):
    """(B, *inputs) -> (B, *outputs): transposed convolutions from a flat code to an event.

    At 1x28x28 and width 64, a code of 100 becomes 128x7x7, 64x14x14, 1x28x28.

    Args:
        inputs: shape of the code, usually (latent,).
        outputs: (C, T), (C, H, W) or (C, D, H, W).
        width: channels of the level nearest to the event.
        output_activation: after the last layer.
        attention: longest side of the level with self-attention; 0 for none.
        resampling: strided: transposed convolutions; pooling: nearest-neighbour upsampling, each followed by a convolution.
        normalisation: batch for BatchNorm after every layer but the last, or none.
        activation: of the hidden layers.
        fully_connected: units of a fully connected hidden layer before the first feature maps; 0 for none.
    """

    def __init__(
        self,
        inputs: Sequence[int],
        outputs: Sequence[int],
        width: int = 64,
        output_activation: str = "tanh",
        attention: int = 0,
        normalisation: Normalisation = "batch",
        *,
        resampling: Resampling = "strided",
        activation: str = "relu",
        fully_connected: int = 0,
    ) -> None:
        super().__init__()
        out_channels, size = outputs[0], tuple(outputs[1:])
        dimensions = len(size)
        sizes = levels(size)
        attended = attention_level(sizes, attention)
        widths = [out_channels, *channels(width, len(sizes) - 1)]
        from_point = FROM_POINT[dimensions]
        features = math.prod(inputs)
        layers: list[nn.Module] = []
        if fully_connected:
            layers.append(from_point(features, fully_connected, kernel_size=1, bias=False))
            layers += _after_convolution(dimensions, fully_connected, normalisation, activation)
            features = fully_connected
        layers.append(from_point(features, widths[-1], kernel_size=sizes[-1], bias=False))  # type: ignore[arg-type]
        for level in range(len(sizes) - 1, 0, -1):
            layers += _after_convolution(dimensions, widths[level], normalisation, activation)
            if level == attended:
                layers.append(SelfAttention(widths[level]))
            # BatchNorm follows every layer but the last, and would take a bias away again.
            between, bias = (widths[level], widths[level - 1]), level == 1 or normalisation == "none"
            if resampling == "pooling":
                layers.append(nn.Upsample(sizes[level - 1], mode="nearest"))
                layers.append(CONVOLUTIONS[dimensions](*between, kernel_size=3, padding=1, bias=bias))
            else:
                shape = geometry(sizes[level - 1], sizes[level])
                layers.append(TRANSPOSED_CONVOLUTIONS[dimensions](*between, bias=bias, **shape))  # type: ignore[arg-type]
        if output_activation != "identity":
            layers.append(activation_layer(output_activation))
        self.code = math.prod(inputs)
        self.dimensions = dimensions
        self.layers = nn.Sequential(*layers)
        _initialise(self, normalisation)

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
        resampling: strided: strided convolutions; pooling: convolutions, each followed by max pooling.
        normalisation: batch for BatchNorm after every layer but the first and the last, or none.
        activation: of the hidden layers.
        fully_connected: units of a fully connected hidden layer after the last feature maps; 0 for none.
    """

    def __init__(
        self,
        inputs: Sequence[int],
        outputs: Sequence[int] | None = (),
        width: int = 64,
        attention: int = 0,
        normalisation: Normalisation = "batch",
        *,
        resampling: Resampling = "strided",
        activation: str = "leaky_relu",
        fully_connected: int = 0,
    ) -> None:
        super().__init__()
        in_channels, size = inputs[0], tuple(inputs[1:])
        dimensions = len(size)
        sizes = levels(size)
        attended = attention_level(sizes, attention)
        widths = [in_channels, *channels(width, len(sizes) - 1)]
        convolution, pools = CONVOLUTIONS[dimensions], resampling == "pooling"
        layers: list[nn.Module] = []
        for level, ((large, small), (before, after)) in enumerate(zip(pairwise(sizes), pairwise(widths), strict=True)):
            own = "none" if level == 0 else normalisation
            shape = {"kernel_size": 3, "padding": 1} if pools else geometry(large, small)
            layers.append(convolution(before, after, bias=own == "none", **shape))
            layers += _after_convolution(dimensions, after, own, activation)
            if pools:
                layers.append(max_pool(large, small))
            if level + 1 == attended:
                layers.append(SelfAttention(after))
        features, extent = widths[-1], sizes[-1]
        if fully_connected:
            layers.append(convolution(features, fully_connected, kernel_size=extent, bias=normalisation == "none"))  # type: ignore[arg-type]
            layers += _after_convolution(dimensions, fully_connected, normalisation, activation)
            features, extent = fully_connected, (1,) * dimensions
        if outputs is not None:
            layers.append(convolution(features, math.prod(outputs), kernel_size=extent))  # type: ignore[arg-type]
        self.outputs = (features * math.prod(extent),) if outputs is None else tuple(outputs)
        self.layers = nn.Sequential(*layers)
        _initialise(self, normalisation)

    def forward(self, x: Tensor) -> Tensor:
        """(B, *inputs) -> (B, *outputs)."""
        result: Tensor = self.layers(x)
        return result.reshape(x.shape[0], *self.outputs)


def _initialise(network: nn.Module, normalisation: Normalisation) -> None:
    """The paper's first weights; without BatchNorm those that keep the mean square through a rectifier."""
    if normalisation == "batch":
        dcgan_(network)
    else:
        mean_square_(network, math.sqrt(2 / (1 + SLOPE**2)))


def _after_convolution(
    dimensions: int, channels: int, normalisation: Normalisation, activation: str
) -> list[nn.Module]:
    """The layers between two convolutions: BatchNorm, if any, and the activation, in place where it has such a form."""
    norms: list[nn.Module] = [BATCH_NORMS[dimensions](channels)] if normalisation == "batch" else []
    if activation == "relu":
        return [*norms, nn.ReLU(inplace=True)]
    if activation == "leaky_relu":
        return [*norms, nn.LeakyReLU(SLOPE, inplace=True)]
    return [*norms, activation_layer(activation)]


def max_pool(large: Sequence[int], small: Sequence[int]) -> nn.Module:
    """The largest of neighbouring pairs along each halved axis; the last number of an odd axis has no neighbour.

    Args:
        large: lengths of the axes before.
        small: lengths of the axes after.
    """
    window = tuple(2 if s < l else 1 for l, s in zip(large, small, strict=True))  # noqa: E741
    pool: nn.Module = MAX_POOLS[len(window)](window, window, ceil_mode=True)
    return pool


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
        return Generator(
            inputs,
            outputs,
            width,
            output_activation,
            attention,
            normalisation,
            resampling=resampling,
            activation=activation or "relu",
            fully_connected=fully_connected,
        )
    network = Discriminator(
        inputs,
        outputs,
        width,
        attention,
        normalisation,
        resampling=resampling,
        activation=activation or "leaky_relu",
        fully_connected=fully_connected,
    )
    return with_activation(network, output_activation)
