"""Forms that compute the same numbers as a DCGAN's layers do, torch's own first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

BATCH = 64

Form = Callable[[Tensor, Tensor], Tensor]


def convolution(x: Tensor, kernel: Tensor) -> Tensor:
    """Kernel 4, stride 2, padding 1: (B, C, 2H, 2W) with (D, C, 4, 4) -> (B, D, H, W)."""
    return functional.conv2d(x, kernel, stride=2, padding=1)


def patches(x: Tensor, kernel: Tensor) -> Tensor:
    """A matrix product over the patches that the kernel sees."""
    seen = functional.unfold(x, 4, padding=1, stride=2)
    made = kernel.flatten(1) @ seen
    return made.view(len(x), len(kernel), x.shape[2] // 2, x.shape[3] // 2)


def slices(x: Tensor, kernel: Tensor) -> Tensor:
    """The same, the patches gathered channels-last from 16 strided views."""
    height, width = x.shape[2] // 2, x.shape[3] // 2
    padded = functional.pad(x, (1, 1, 1, 1)).movedim(1, -1)
    views = [padded[:, i : i + 2 * height : 2, j : j + 2 * width : 2] for i in range(4) for j in range(4)]
    seen = torch.cat(views, -1).flatten(0, 2)
    made = seen @ kernel.movedim(1, -1).flatten(1).T
    return made.view(len(x), height, width, -1).movedim(-1, 1)


def transposed(x: Tensor, kernel: Tensor) -> Tensor:
    """Kernel 4, stride 2, padding 1, transposed: (B, C, H, W) with (C, D, 4, 4) -> (B, D, 2H, 2W)."""
    return functional.conv_transpose2d(x, kernel, stride=2, padding=1)


def sub_pixels(x: Tensor, kernel: Tensor) -> Tensor:
    """A 3x3 convolution to four times the channels, one for each of a pixel's four parts, which are then interleaved.

    Of its nine taps a part uses four: 2.25 times the multiplications, in a form that libraries have tuned more.
    """
    inputs, outputs = kernel.shape[:2]
    flipped = kernel.flip(2, 3).transpose(0, 1)  # (D, C, 4, 4), as a convolution has it
    even, odd = slice(0, None, 2), slice(1, None, 2)
    parts = [
        functional.pad(flipped[:, :, rows, columns], (right, 1 - right, down, 1 - down))
        for rows, down in ((even, 0), (odd, 1))
        for columns, right in ((even, 0), (odd, 1))
    ]
    wide = torch.stack(parts, 1).view(4 * outputs, inputs, 3, 3)
    return functional.pixel_shuffle(functional.conv2d(x, wide, padding=1), 2)


def spread(x: Tensor, kernel: Tensor) -> Tensor:
    """A convolution over the input with zeros between its pixels."""
    wide = x.new_zeros(*x.shape[:2], 2 * x.shape[2] - 1, 2 * x.shape[3] - 1)
    wide[:, :, ::2, ::2] = x
    return functional.conv2d(wide, kernel.flip(2, 3).transpose(0, 1), padding=2)


def folded(x: Tensor, kernel: Tensor) -> Tensor:
    """A matrix product that makes each pixel's 4x4 patch; the patches are added where they overlap."""
    made = kernel.flatten(1).T @ x.flatten(2)
    return functional.fold(made, (2 * x.shape[2], 2 * x.shape[3]), 4, padding=1, stride=2)


@dataclass(frozen=True)
class Layer:
    """name; shape of its input and kernel; the forms that compute it, torch's own first."""

    name: str
    inputs: tuple[int, ...]
    kernel: tuple[int, ...]
    forms: dict[str, Form]


DOWN: dict[str, Form] = {"convolution": convolution, "product over patches": patches, "product over slices": slices}
UP: dict[str, Form] = {
    "transposed convolution": transposed,
    "sub-pixel convolution": sub_pixels,
    "convolution of spread input": spread,
    "product, patches folded": folded,
}
LAYERS = (
    Layer("discriminator, first", (BATCH, 1, 28, 28), (64, 1, 4, 4), DOWN),
    Layer("discriminator, second", (BATCH, 64, 14, 14), (128, 64, 4, 4), DOWN),
    Layer("generator, second", (BATCH, 128, 7, 7), (128, 64, 4, 4), UP),
    Layer("generator, last", (BATCH, 64, 14, 14), (64, 1, 4, 4), UP),
)


def check(layer: Layer) -> None:
    """Raises AssertionError where a form computes something else."""
    x, kernel = (torch.randn(shape, dtype=torch.float64) for shape in ((2, *layer.inputs[1:]), layer.kernel))
    own, *others = (form(x, kernel) for form in layer.forms.values())
    for other in others:
        torch.testing.assert_close(other, own)
