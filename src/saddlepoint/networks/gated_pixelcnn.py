"""Gated PixelCNN: two stacks of convolutions without a blind spot, and gated units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from saddlepoint.networks.autoregression import ContextBias, zeros_like_weights
from saddlepoint.networks.masked import CausalConv2d
from saddlepoint.networks.pixel_grid import CachedConvolution, PixelGrid, PixelSteps


def gate(x: Tensor, axis: int = 1) -> Tensor:
    """tanh(a) sigmoid(b) for the halves a and b of x (B, 2 width, ...) along an axis."""
    a, b = x.chunk(2, axis)
    return torch.tanh(a) * torch.sigmoid(b)


class RowsAbove(nn.Conv2d):
    """A convolution that reads its own row, the rows above it, and all columns of the kernel.

    Args:
        inputs: number of channels.
        outputs: number of channels.
        kernel: columns of the kernel, an odd number; it has `kernel // 2 + 1` rows.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        self.side = kernel // 2
        super().__init__(inputs, outputs, (self.side + 1, kernel))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W)."""
        x = functional.pad(x, (self.side, self.side, self.side, 0))
        return functional.conv2d(x, self.weight, self.bias)


class GatedLayer(nn.Module):
    """One layer of both stacks: the vertical one reads rows, the horizontal one its own row and the vertical one above it.

    Args:
        vertical: channels of the vertical stack's input.
        groups_in: group of each channel of the horizontal stack's input.
        groups: group of each feature.
        kernel: side of the kernels.
        classes: number of classes, 0 for none.
        first: whether the horizontal stack does not read its own place, and has no residual connection.
        last: whether no layer reads the vertical stack any more.
    """

    def __init__(
        self,
        vertical: int,
        groups_in: Sequence[int],
        groups: Sequence[int],
        kernel: int,
        classes: int,
        first: bool,
        last: bool,
    ) -> None:
        super().__init__()
        width, both = len(groups), [*groups, *groups]
        self.first, self.last = first, last
        self.vertical = RowsAbove(vertical, 2 * width, kernel)
        self.link = nn.Conv2d(2 * width, 2 * width, 1)
        self.horizontal = CausalConv2d(groups_in, both, kernel, strict=first, rows=False)
        self.mix = CausalConv2d(groups, groups, 1)
        self.row_context = ContextBias(0 if last else classes, 2 * width)
        self.context = ContextBias(classes, 2 * width)

    def forward(self, above: Tensor, left: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return both stacks after the layer.

        Args:
            above: (B, C, H, W), the vertical stack.
            left: (B, C, H, W), the horizontal stack.
            context: (B, classes), or None.
        """
        rows = self.vertical(above)
        # A row of the horizontal stack reads the vertical one of the row above it.
        linked = self.link(functional.pad(rows[:, :, :-1], (0, 0, 1, 0)))
        mixed: Tensor = self.mix(gate(self.context.add(self.horizontal(left) + linked, context, axis=1)))
        above = rows if self.last else gate(self.row_context.add(rows, context, axis=1))
        return above, mixed if self.first else left + mixed


class GatedPixelCNN(PixelGrid):
    """Layers of gated units in a vertical and a horizontal stack, and two layers of kernel 1 on the horizontal one.

    The vertical stack depends on all rows above within its reach, the horizontal one also on the pixels to the left: together,
    every pixel before.

    Args:
        size: (H, W) of the image.
        channels: of the image.
        features: E of each number.
        outputs: P of each distribution.
        block: numbers of one distribution: 1, or all channels of a pixel.
        width: number of features of a layer.
        layers: number of layers after the first one.
        kernel: side of their kernels.
        first_kernel: side of the first kernel.
        classes: number of classes, 0 for none.

    Raises:
        SettingError: there are fewer features than channels.

    References:
        Conditional Image Generation with PixelCNN Decoders (Aaron van den Oord et al., 2016), https://arxiv.org/abs/1606.05328
    """

    layers: Any  # nn.ModuleList, which does not know the type of its layers

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
        inputs = [(channels * features, self.groups_in, first_kernel), *[(width, self.groups, kernel)] * layers]
        self.layers = nn.ModuleList(
            GatedLayer(vertical, groups_in, self.groups, side, classes, number == 0, number == layers)
            for number, (vertical, groups_in, side) in enumerate(inputs)
        )

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, D, E) numbers, (B, classes) -> (B, S, P)."""
        above = left = self.to_image(x)
        for layer in self.layers:
            above, left = layer(above, left, context)
        return self.predict(left)

    def steps(self, n: int, context: Tensor | None) -> GatedSteps:
        return GatedSteps(self, n, context)


class GatedSteps(PixelSteps):
    """Predictions pixel by pixel: the vertical stack is computed once a row, the horizontal one once a pixel.

    Args:
        network: the network.
        n: number of examples.
        context: (n, classes), or None.
    """

    def __init__(self, network: GatedPixelCNN, n: int, context: Tensor | None) -> None:
        super().__init__(network, n, context)
        self._network = network
        size = (n, network.height, network.breadth)
        self._horizontal = [CachedConvolution(layer.horizontal, *size) for layer in network.layers]
        self._mix = [CachedConvolution(layer.mix, *size) for layer in network.layers]
        self._added = [(layer.row_context(context), layer.context(context)) for layer in network.layers]
        self._rows = [
            zeros_like_weights(network, n, layer.vertical.in_channels, layer.vertical.side + 1, network.breadth)
            for layer in network.layers
        ]
        # (n, W, 2 width) what the vertical stack adds along the present row: at first a bias alone, as of a row of zeros.
        self._linked = [layer.link.bias.expand(n, network.breadth, layer.link.out_channels) for layer in network.layers]

    def observe(self, row: int, column: int) -> None:
        self._horizontal[0].keep(self._image[:, row, column], row, column)

    def finish_row(self, row: int) -> None:
        above = self._image[:, row].mT  # (B, C, W)
        for number, layer in enumerate(self._network.layers):
            kept = self._rows[number] = torch.cat([self._rows[number][:, :, 1:], above[:, :, None]], 2)
            made = functional.conv2d(kept, layer.vertical.weight, layer.vertical.bias, padding=(0, layer.vertical.side))
            self._linked[number] = layer.link(made)[:, :, 0].mT
            if not layer.last:
                added = self._added[number][0]
                above = gate(made[:, :, 0] if added is None else made[:, :, 0] + added[:, :, None])

    def features(self, row: int, column: int) -> Tensor:
        left = self._image[:, row, column]
        for number, added in enumerate(self._added):
            own = self._horizontal[number](left, row, column) + self._linked[number][:, column]
            if added[1] is not None:
                own = own + added[1]
            mixed = self._mix[number](gate(own), row, column)
            left = left + mixed if number else mixed
        return left
