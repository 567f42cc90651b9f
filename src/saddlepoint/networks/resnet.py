"""Residual networks for sound (C, T), images (C, H, W) and volumes (C, D, H, W) of any size, as in SNGAN.

The generator enlarges by nearest-neighbour interpolation and has BatchNorm before every rectifier; the discriminator
reduces by average pooling, has no normalisation, and adds up its last features over all places. Sizes and channels are those
of `pyramid`: `width` channels at the event's own size in the generator, and at the first smaller level in the
discriminator. The paper's networks for 32x32 have the same number of channels at every level; its larger ones double them.

References:
    Spectral Normalization for Generative Adversarial Networks (Miyato, Kataoka, Koyama, Yoshida, 2018), appendix B.4,
        https://arxiv.org/abs/1802.05957
    Improved Training of Wasserstein GANs (Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville, 2017),
        https://arxiv.org/abs/1704.00028
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from saddlepoint.networks.activations import activation_layer, with_activation
from saddlepoint.networks.attention import SelfAttention, attention_level
from saddlepoint.networks.initialisation import residual_
from saddlepoint.networks.layers import BATCH_NORMS, CONVOLUTIONS, average_pool
from saddlepoint.networks.pyramid import Size, channels, ends_in_event, levels


class UpBlock(nn.Module):
    """(B, before, *small) -> (B, after, *large): BatchNorm, rectifier, enlarging, and two convolutions, beside a shortcut.

    Args:
        before, after: channels.
        large: size of the output.
    """

    def __init__(self, before: int, after: int, large: Sequence[int]) -> None:
        super().__init__()
        dimensions = len(large)
        convolution, norm = CONVOLUTIONS[dimensions], BATCH_NORMS[dimensions]
        self.enlarge = nn.Upsample(tuple(large), mode="nearest")
        self.norm_1 = norm(before)
        self.activation_1 = nn.ReLU(inplace=True)
        # The next BatchNorm would subtract a bias again. The bias of the second convolution is also that of the shortcut.
        self.convolution_1 = convolution(before, after, 3, padding=1, bias=False)
        self.norm_2 = norm(after)
        self.activation_2 = nn.ReLU(inplace=True)
        self.convolution_2 = convolution(after, after, 3, padding=1)
        self.shortcut = convolution(before, after, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, before, *small) -> (B, after, *large)."""
        h = self.convolution_1(self.enlarge(self.activation_1(self.norm_1(x))))
        h = self.convolution_2(self.activation_2(self.norm_2(h)))
        # A 1x1 convolution and the repetition of its results commute, and the smaller size costs less.
        result: Tensor = h + self.enlarge(self.shortcut(x))
        return result


class DownBlock(nn.Module):
    """(B, before, *large) -> (B, after, *small): rectifiers, two convolutions and average pooling, beside a shortcut.

    Args:
        before, after: channels.
        large, small: sizes of input and output; equal for a block that does not pool.
        first: whether the input is an event, to which no rectifier is applied.
    """

    def __init__(
        self, before: int, after: int, large: Sequence[int], small: Sequence[int], *, first: bool = False
    ) -> None:
        super().__init__()
        dimensions = len(large)
        convolution, inner = CONVOLUTIONS[dimensions], after if first else before
        # Not in place: the shortcut reads the same input.
        self.activation_1 = nn.Identity() if first else nn.ReLU()
        self.convolution_1 = convolution(before, inner, 3, padding=1)
        self.activation_2 = nn.ReLU(inplace=True)
        self.convolution_2 = convolution(inner, after, 3, padding=1)
        reduces = tuple(large) != tuple(small)
        self.shortcut = convolution(before, after, 1, bias=False) if reduces or before != after else nn.Identity()
        self.reduce = average_pool(large, small) if reduces else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(B, before, *large) -> (B, after, *small)."""
        h = self.convolution_2(self.activation_2(self.convolution_1(self.activation_1(x))))
        # A 1x1 convolution and the mean commute, and the smaller size costs less.
        result: Tensor = self.reduce(h) + self.shortcut(self.reduce(x))
        return result


class Generator(nn.Module):
    """(B, *inputs) -> (B, *outputs): residual blocks from a flat code to an event.

    At 1x28x28 and width 64, a code becomes 128x7x7, 128x14x14, 64x28x28, 1x28x28.

    Args:
        inputs: shape of the code, usually (latent,).
        outputs: (C, T), (C, H, W) or (C, D, H, W).
        width: channels before the last convolution.
        output_activation: after the last convolution.
        attention: longest side of the level with self-attention; 0 for none.
    """

    def __init__(
        self,
        inputs: Sequence[int],
        outputs: Sequence[int],
        width: int = 64,
        output_activation: str = "tanh",
        attention: int = 0,
    ) -> None:
        super().__init__()
        size = tuple(outputs[1:])
        dimensions, sizes = len(size), levels(size)
        attended = attention_level(sizes, attention)
        widths = channels(width, len(sizes) - 1)
        widths.append(widths[-1])  # the first block does not change their number
        self.base = (widths[-1], *sizes[-1])
        self.code = nn.Linear(math.prod(inputs), math.prod(self.base))
        blocks: list[nn.Module] = []
        for level in range(len(sizes) - 1, -1, -1):
            if level < len(sizes) - 1:
                blocks.append(UpBlock(widths[level + 1], widths[level], sizes[level]))
            if level == attended:
                blocks.append(SelfAttention(widths[level]))
        self.blocks = nn.Sequential(*blocks)
        self.norm = BATCH_NORMS[dimensions](width)
        self.activation = nn.ReLU(inplace=True)
        self.output = CONVOLUTIONS[dimensions](width, outputs[0], 3, padding=1)
        self.output_activation = activation_layer(output_activation)
        residual_(self)

    def forward(self, z: Tensor) -> Tensor:
        """(B, *inputs) -> (B, *outputs)."""
        x = self.code(z.flatten(1)).reshape(z.shape[0], *self.base)
        result: Tensor = self.output_activation(self.output(self.activation(self.norm(self.blocks(x)))))
        return result


class Discriminator(nn.Module):
    """(B, *inputs) -> (B, *outputs): residual blocks from an event to a few numbers; also the encoder.

    Args:
        inputs: (C, T), (C, H, W) or (C, D, H, W).
        outputs: `()` for one logit an example, (B,); `(n,)` for an encoder; None for the features of the last block,
            summed over all places.
        width: channels of the first block's output.
        attention: longest side of the level with self-attention; 0 for none.
    """

    def __init__(
        self, inputs: Sequence[int], outputs: Sequence[int] | None = (), width: int = 64, attention: int = 0
    ) -> None:
        super().__init__()
        sizes = levels(tuple(inputs[1:]))
        attended = attention_level(sizes, attention)
        widths = [inputs[0], *channels(width, len(sizes) - 1)]
        blocks: list[nn.Module] = []
        for level, ((large, small), (before, after)) in enumerate(zip(pairwise(sizes), pairwise(widths), strict=True)):
            blocks.append(DownBlock(before, after, large, small, first=level == 0))
            if level + 1 == attended:
                blocks.append(SelfAttention(after))
        blocks.append(DownBlock(widths[-1], widths[-1], sizes[-1], sizes[-1]))
        self.blocks = nn.Sequential(*blocks)
        self.activation = nn.ReLU()
        self.outputs = (widths[-1],) if outputs is None else tuple(outputs)
        self.output = nn.Identity() if outputs is None else nn.Linear(widths[-1], math.prod(outputs))
        residual_(self)

    def forward(self, x: Tensor) -> Tensor:
        """(B, *inputs) -> (B, *outputs)."""
        features = self.activation(self.blocks(x)).flatten(2).sum(2)
        result: Tensor = self.output(features)
        return result.reshape(x.shape[0], *self.outputs)


def resnet(
    inputs: Sequence[int],
    outputs: Sequence[int] | None,
    width: int = 64,
    output_activation: str = "identity",
    attention: Size = 0,
) -> nn.Module:
    """Return a generator if the output is an event, or a discriminator (or encoder) if the input is an event.

    Args:
        inputs: shape of one input.
        outputs: shape of one output; None for features.
        width: channels of the level nearest to the event.
        output_activation: after the last layer.
        attention: longest side of the level with self-attention (see `attention.attention_level`); 0 for none.

    Raises:
        SettingError: neither end is a sound, an image or a volume.
    """
    if ends_in_event(outputs, inputs, "resnet"):
        return Generator(inputs, outputs, width, output_activation, attention)
    return with_activation(Discriminator(inputs, outputs, width, attention), output_activation)
