"""PixelCNN: residual blocks of masked convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from saddlepoint.networks.autoregression import ContextBias
from saddlepoint.networks.masked import CausalConv2d, channel_groups
from saddlepoint.networks.pixel_grid import CachedConvolution, PixelGrid, PixelSteps


class MaskedBottleneck(nn.Module):
    """x + a bottleneck of a masked convolution between two of kernel 1.

    Args:
        groups: group of each feature.
        kernel: side of the masked convolution's kernel.
        classes: number of classes, 0 for none.
    """

    def __init__(self, groups: Sequence[int], kernel: int, classes: int) -> None:
        super().__init__()
        inner = channel_groups(max(len(groups) // 2, groups[-1] + 1), groups[-1] + 1)
        self.reduce = CausalConv2d(groups, inner, 1)
        self.convolution = CausalConv2d(inner, inner, kernel)
        self.expand = CausalConv2d(inner, groups, 1)
        self.activations = nn.ModuleList(nn.ReLU() for _ in range(3))
        self.context = ContextBias(classes, len(inner))

    def forward(self, x: Tensor, context: Tensor | None) -> Tensor:
        """(B, width, H, W), (B, classes) -> (B, width, H, W)."""
        first, second, third = self.activations
        inner = self.convolution(second(self.reduce(first(x))))
        result: Tensor = x + self.expand(third(self.context.add(inner, context, axis=1)))
        return result


class PixelCNN(PixelGrid):
    """A masked convolution that does not read its own place, residual blocks that do, and two layers of kernel 1.

    Stacked masked kernels have a blind spot: pixels above and to the right that no path reaches. `GatedPixelCNN` has none.

    Args:
        size: (H, W) of the image.
        channels: of the image.
        features: E of each number.
        outputs: P of each distribution.
        block: numbers of one distribution: 1, or all channels of a pixel.
        width: number of features of a layer; the blocks' masked convolutions have half as many.
        layers: number of blocks.
        kernel: side of their kernels.
        first_kernel: side of the first kernel.
        classes: number of classes, 0 for none.

    Raises:
        SettingError: there are fewer features than channels.

    References:
        Pixel Recurrent Neural Networks (Aaron van den Oord, Nal Kalchbrenner, Koray Kavukcuoglu, 2016),
            https://arxiv.org/abs/1601.06759
    """

    blocks: Any  # nn.ModuleList, which does not know the type of its layers

    def __init__(
        self,
        size: Sequence[int],
        channels: int,
        features: int,
        outputs: int,
        block: int,
        width: int = 64,
        layers: int = 5,
        kernel: int = 3,
        first_kernel: int = 7,
        classes: int = 0,
    ) -> None:
        super().__init__(size, channels, features, outputs, block, width)
        self.first = CausalConv2d(self.groups_in, self.groups, first_kernel, strict=True)
        self.context = ContextBias(classes, width)
        self.blocks = nn.ModuleList(MaskedBottleneck(self.groups, kernel, classes) for _ in range(layers))

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, D, E) numbers, (B, classes) -> (B, S, P)."""
        features = self.context.add(self.first(self.to_image(x)), context, axis=1)
        for block in self.blocks:
            features = block(features, context)
        return self.predict(features)

    def steps(self, n: int, context: Tensor | None) -> PixelCNNSteps:
        return PixelCNNSteps(self, n, context)


class PixelCNNSteps(PixelSteps):
    """Predictions pixel by pixel: each layer is computed at one pixel, from its kept inputs at the pixels before.

    Args:
        network: the network.
        n: number of examples.
        context: (n, classes), or None.
    """

    def __init__(self, network: PixelCNN, n: int, context: Tensor | None) -> None:
        super().__init__(network, n, context)
        self._network = network
        size = (n, network.height, network.breadth)
        self._first = CachedConvolution(network.first, *size)
        self._blocks = [
            (
                CachedConvolution(block.reduce, *size),
                CachedConvolution(block.convolution, *size),
                CachedConvolution(block.expand, *size),
                block.context(context),
            )
            for block in network.blocks
        ]
        self._added = network.context(context)

    def observe(self, row: int, column: int) -> None:
        # The input of the first layer is read by later pixels.
        self._first.keep(self._image[:, row, column], row, column)

    def features(self, row: int, column: int) -> Tensor:
        features = self._first(self._image[:, row, column], row, column)
        if self._added is not None:
            features = features + self._added
        for reduce, convolution, expand, added in self._blocks:
            inner = convolution(functional.relu(reduce(functional.relu(features), row, column)), row, column)
            if added is not None:
                inner = inner + added
            features = features + expand(functional.relu(inner), row, column)
        return features
