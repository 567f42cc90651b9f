"""What the PixelCNNs share: numbers along a raster of pixels, and one place of a convolution at a time."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from saddlepoint.errors import SettingError
from saddlepoint.networks.autoregression import AutoregressiveNetwork, zeros_like_weights
from saddlepoint.networks.masked import CausalConv2d, channel_groups


class PixelGrid(AutoregressiveNetwork):
    """Base class of convolutional networks of images whose pixels are predicted row by row, from left to right.

    The channels of a pixel are predicted together, or one after the other: then features come in as many groups as there are
    channels, and a group depends on the channels before its own.

    Args:
        size: (H, W) of the image.
        channels: of the image.
        features: E of each number.
        outputs: P of each distribution.
        block: numbers of one distribution: 1, or all channels of a pixel.
        width: number of features of a layer.

    Attributes:
        groups_in: group of each input channel.
        groups: group of each feature.
        groups_out: group of each output channel.

    Raises:
        SettingError: there are fewer features than channels.
    """

    def __init__(self, size: Sequence[int], channels: int, features: int, outputs: int, block: int, width: int) -> None:
        super().__init__()
        self.height, self.breadth = size
        self.channels, self.features, self.outputs, self.block = channels, features, outputs, block
        count = channels // block
        if width < count:
            raise SettingError(f"width is {width}, but images of {channels} channels need at least {count} features.")
        self.groups_in = [channel * count // channels for channel in range(channels) for _ in range(features)]
        self.groups = channel_groups(width, count)
        self.groups_out = [group for group in range(count) for _ in range(outputs)]
        self.before = nn.ReLU()
        self.hidden = CausalConv2d(self.groups, self.groups, 1)
        self.after = nn.ReLU()
        self.output = CausalConv2d(self.groups, self.groups_out, 1)

    def to_image(self, x: Tensor) -> Tensor:
        """(B, D, E) numbers -> (B, C E, H, W)."""
        x = x.reshape(len(x), self.height, self.breadth, self.channels * self.features)
        return x.permute(0, 3, 1, 2)

    def predict(self, features: Tensor) -> Tensor:
        """(B, width, H, W) features, each of the numbers before its own -> (B, S, P)."""
        return self.to_steps(self.output(self.after(self.hidden(self.before(features)))))

    def to_steps(self, x: Tensor) -> Tensor:
        """(B, C P, H, W) outputs -> (B, S, P)."""
        return x.permute(0, 2, 3, 1).reshape(
            len(x), self.height * self.breadth * (self.channels // self.block), self.outputs
        )


class PixelSteps:
    """Predictions pixel by pixel; a subclass computes the features of one pixel, (B, width).

    Args:
        network: the network.
        n: number of examples.
        context: (n, classes), or None.
    """

    def __init__(self, network: PixelGrid, n: int, context: Tensor | None) -> None:
        self._grid, self._context, self._step = network, context, 0
        self._hidden, self._output = (layer.masked_weight()[:, :, 0, 0] for layer in (network.hidden, network.output))
        self._image = zeros_like_weights(
            network, n, network.height, network.breadth, network.channels * network.features
        )

    def advance(self, numbers: Tensor | None) -> Tensor:
        """Return the parameters (B, P) of the next distribution, after `numbers` (B, block, E), those before it."""
        grid = self._grid
        groups = grid.channels // grid.block
        if numbers is not None:
            pixel, group = divmod(self._step - 1, groups)
            row, column = divmod(pixel, grid.breadth)
            size = grid.block * grid.features
            values = numbers.flatten(1)
            self._image[:, row, column, group * size : (group + 1) * size] = values
            self.observe(row, column)
        pixel, group = divmod(self._step, groups)
        row, column = divmod(pixel, grid.breadth)
        if group == 0 and column == 0 and row > 0:
            self.finish_row(row - 1)
        hidden = functional.linear(functional.relu(self.features(row, column)), self._hidden, grid.hidden.bias)
        parameters = functional.linear(functional.relu(hidden), self._output, grid.output.bias)
        self._step += 1
        return parameters[:, group * grid.outputs : (group + 1) * grid.outputs]

    def observe(self, row: int, column: int) -> None:
        """Take the new values of a pixel."""

    def finish_row(self, row: int) -> None:
        """Take a row whose pixels are all known."""

    def features(self, row: int, column: int) -> Tensor:
        """Return the features (B, width) of a pixel."""
        raise NotImplementedError


class CachedConvolution:
    """A causal convolution at one place at a time, which keeps its earlier inputs.

    Args:
        layer: the convolution.
        n: number of examples.
        height: of the image.
        breadth: of the image.
    """

    def __init__(self, layer: CausalConv2d, n: int, height: int, breadth: int) -> None:
        self._side, self._top = layer.side, layer.top
        self._kernel = (layer.kernel_size[0], layer.kernel_size[1])
        # (outputs, rows, columns, inputs): the order of a patch of an input with its channels last.
        self._weight = layer.masked_weight().permute(0, 2, 3, 1).flatten(1).contiguous()
        self._bias = layer.bias
        shape = (n, height + layer.top, breadth + layer.side + layer.padding_right, layer.in_channels)
        self._input = zeros_like_weights(layer, *shape)

    def keep(self, x: Tensor, row: int, column: int) -> None:
        """Keep the input x (B, inputs) at a place for the places that read it."""
        self._input[:, row + self._top, column + self._side] = x

    def __call__(self, x: Tensor, row: int, column: int) -> Tensor:
        """Return the output at a place.

        Args:
            x: (B, inputs), the input there.
            row: of the place.
            column: of the place.

        Returns:
            (B, outputs).
        """
        if self._kernel == (1, 1):
            return functional.linear(x, self._weight, self._bias)
        self.keep(x, row, column)
        patch = self._input[:, row : row + self._kernel[0], column : column + self._kernel[1]]
        return functional.linear(patch.flatten(1), self._weight, self._bias)
