"""Layers with masked weights, so that an output depends only on numbers that come before it in an order.

References:
    MADE: Masked Autoencoder for Distribution Estimation (Mathieu Germain, Karol Gregor, Iain Murray, Hugo Larochelle, 2015),
        https://arxiv.org/abs/1502.03509
    Pixel Recurrent Neural Networks (Aaron van den Oord, Nal Kalchbrenner, Koray Kavukcuoglu, 2016),
        https://arxiv.org/abs/1601.06759
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

Groups = Sequence[int]


class MaskedLinear(nn.Linear):
    """A linear layer whose output j reads input i only if `degrees_out[j]` is at least (or above) `degrees_in[i]`.

    Args:
        degrees_in: (inputs,) degree of each input.
        degrees_out: (outputs,) degree of each output.
        strict: whether an output needs a higher degree than its inputs, instead of at least the same.
    """

    mask: Tensor

    def __init__(self, degrees_in: Groups, degrees_out: Groups, strict: bool = False) -> None:
        super().__init__(len(degrees_in), len(degrees_out))
        self.register_buffer("mask", _reads(degrees_in, degrees_out, strict), persistent=False)

    def masked_weight(self) -> Tensor:
        """Return the weights (outputs, inputs) that the layer multiplies by."""
        return self.weight * self.mask

    def forward(self, x: Tensor) -> Tensor:
        """(..., inputs) -> (..., outputs)."""
        return functional.linear(x, self.masked_weight(), self.bias)


class CausalConv2d(nn.Conv2d):
    """A convolution that reads the places above and to the left of its own, and its own place as far as the groups allow.

    Only the causal part of the kernel is stored: `kernel // 2 + 1` rows of `kernel` columns, of which the last row is masked
    right of its centre.

    Args:
        groups_in: (inputs,) group of each input channel; groups come in order.
        groups_out: (outputs,) group of each output channel.
        kernel: side of the square kernel, an odd number.
        strict: whether an output reads its own place only in earlier groups (type A), instead of also in its own (type B).
        rows: whether to read the rows above; False leaves the places to the left.
    """

    mask: Tensor | None

    def __init__(
        self, groups_in: Groups, groups_out: Groups, kernel: int, strict: bool = False, rows: bool = True
    ) -> None:
        self.side, self.top = kernel // 2, kernel // 2 if rows else 0
        columns = kernel if rows else self.side + 1
        super().__init__(len(groups_in), len(groups_out), (self.top + 1, columns))
        mask = torch.ones(self.weight.shape)
        mask[:, :, -1, self.side + 1 :] = 0
        mask[:, :, -1, self.side] = _reads(groups_in, groups_out, strict)
        needed = strict or columns > self.side + 1 or groups_in[-1] > groups_in[0]
        self.register_buffer("mask", mask if needed else None, persistent=False)

    @property
    def padding_right(self) -> int:
        """Columns of zeros to the right of an example, as many as the kernel's last row has masked."""
        return self.kernel_size[1] - self.side - 1

    def masked_weight(self) -> Tensor:
        """Return the weights (outputs, inputs, rows, columns) that the layer multiplies by."""
        return self.weight if self.mask is None else self.weight * self.mask

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W)."""
        if self.top or self.side:
            x = functional.pad(x, (self.side, self.padding_right, self.top, 0))
        return functional.conv2d(x, self.masked_weight(), self.bias)


def channel_groups(width: int, groups: int) -> list[int]:
    """Return the group of each of `width` channels, as even as possible and in order."""
    return [channel * groups // width for channel in range(width)]


def _reads(degrees_in: Groups, degrees_out: Groups, strict: bool) -> Tensor:
    """(outputs, inputs) 1 where an output may read an input, else 0."""
    given, made = torch.tensor(degrees_in)[None, :], torch.tensor(degrees_out)[:, None]
    return (made > given if strict else made >= given).to(torch.get_default_dtype())
