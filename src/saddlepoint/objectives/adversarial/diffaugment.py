"""DiffAugment: the discriminator sees real and generated images through the same random, differentiable changes.

With few images the discriminator memorises them. Changes to the real images alone would leak into the samples; changes to all
images that the discriminator receives do not, if the gradient reaches the generator through them.

The changes assume images in units of width 2, such as [-1, 1], in which the paper's amounts are stated: `color` adds up to 0.5
to all numbers, and `translation` and `cutout` fill with 0, the middle grey. In units of [0, 1], `color` is twice as strong and
0 is black. Values may leave the range. Sizes of translation and cutout are relative to the image.

References:
    Differentiable Augmentation for Data-Efficient GAN Training (Shengyu Zhao, Zhijian Liu, Ji Lin, Jun-Yan Zhu, Song Han, 2020),
        https://arxiv.org/abs/2006.10738
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from saddlepoint.errors import SettingError


class Change(NamedTuple):
    """One kind of change.

    Attributes:
        numbers: how many random numbers U an image needs.
        width: how many amounts A describe the change of an image.
        amounts: (uniform numbers (N, U) in [0, 1), event (C, H, W), strength) -> amounts (N, A).
        apply: (images (B, C, H, W), amounts (B, A)) -> images (B, C, H, W).
    """

    numbers: int
    width: int
    amounts: Callable[[Tensor, Sequence[int], float], Tensor]
    apply: Callable[[Tensor, Tensor], Tensor]


def color_amounts(uniform: Tensor, event: Sequence[int], strength: float) -> Tensor:
    """Return brightness in [-0.5, 0.5], saturation in [-1, 1] and contrast in [-0.5, 0.5], times the strength.

    Saturation and contrast are the relative increases of differences from the mean, at least -1.
    """
    centred = 2 * uniform - 1
    return strength * (centred * centred.new_tensor([0.5, 1.0, 0.5]))


def color(x: Tensor, amounts: Tensor) -> Tensor:
    """Change brightness, then saturation (differences between channels), then contrast (differences within the image)."""
    brightness, saturation, contrast = amounts.to(x.dtype)[..., None, None, None].unbind(1)
    x = x + brightness
    if x.shape[1] > 1:
        x = x + saturation.clamp(min=-1) * (x - x.mean(1, keepdim=True))
    return x + contrast.clamp(min=-1) * (x - x.mean((1, 2, 3), keepdim=True))


def translation_amounts(uniform: Tensor, event: Sequence[int], strength: float) -> Tensor:
    """Return whole pixels, down and to the right: uniform up to an eighth of the image's size times the strength."""
    size = uniform.new_tensor([float(length) for length in event[1:]])
    largest = torch.floor(strength * (size / 8) + 0.5)
    # A uniform number just below 1 may be rounded up in the product.
    return torch.minimum(torch.floor(uniform * (2 * largest + 1)), 2 * largest) - largest


def translation(x: Tensor, amounts: Tensor) -> Tensor:
    """Move the image, and fill with 0."""
    _, channels, height, width = x.shape
    row = torch.arange(height, device=x.device) - amounts[:, :1]  # (B, H): the row that moves here
    column = torch.arange(width, device=x.device) - amounts[:, 1:]
    is_inside = ((row >= 0) & (row < height))[:, :, None] & ((column >= 0) & (column < width))[:, None]
    # Modulo the size, so that each pixel is read once and the gradient is a permutation too.
    source = (row.long() % height * width)[:, :, None] + (column.long() % width)[:, None]
    moved = x.flatten(2).gather(2, source.flatten(1)[:, None].expand(-1, channels, -1)).view_as(x)
    return torch.where(is_inside[:, None], moved, 0.0)


def cutout_amounts(uniform: Tensor, event: Sequence[int], strength: float) -> Tensor:
    """Return the centre of the square, in pixels from the top left, and half its height and width: a quarter of the image's."""
    size = uniform.new_tensor([float(length) for length in event[1:]])
    return torch.cat([uniform * size, (strength * (size / 4)).expand_as(uniform)], 1)


def cutout(x: Tensor, amounts: Tensor) -> Tensor:
    """Fill a rectangle with 0: the pixels whose centres lie in it."""
    centre, half = amounts[:, :2], amounts[:, 2:]
    row = (torch.arange(x.shape[2], device=x.device) + 0.5 - centre[:, :1]).abs() < half[:, :1]
    column = (torch.arange(x.shape[3], device=x.device) + 0.5 - centre[:, 1:]).abs() < half[:, 1:]
    return torch.where(row[:, None, :, None] & column[:, None, None, :], 0.0, x)


CHANGES: dict[str, Change] = {
    "color": Change(3, 3, color_amounts, color),
    "translation": Change(2, 2, translation_amounts, translation),
    "cutout": Change(2, 4, cutout_amounts, cutout),
}


@dataclass(frozen=True)
class DiffAugment:
    """Random colour, translation and cutout of images (C, H, W).

    A strength of 1 means the amounts of the paper; the strength multiplies all of them.

    Attributes:
        policy: the changes, in the order in which they are applied.
    """

    policy: Sequence[str] = ("color", "translation", "cutout")

    def __post_init__(self) -> None:
        policy: object = self.policy
        known = ", ".join(CHANGES)
        if not isinstance(policy, list | tuple) or not policy:
            raise SettingError(f"policy must be a list of changes, such as [color, translation]; got {policy!r}.")
        for name in policy:
            if not isinstance(name, str) or name not in CHANGES:
                raise SettingError(f"policy: there is no change {name!r}. Known: {known}.")
        if len(set(policy)) < len(policy):
            raise SettingError(f"policy: each change can be named once; got {', '.join(policy)}.")

    def draw(self, n: int, event: Sequence[int], strength: float, generator: torch.Generator) -> Tensor:
        """Draw the amounts of all changes, (n, total number of amounts).

        Raises:
            SettingError: examples are no images (C, H, W).
        """
        if len(event) != 3:
            raise SettingError(
                f"it changes images (channels, height, width), and an example here has the shape {tuple(event)}: leave it out."
            )
        changes = [CHANGES[name] for name in self.policy]
        numbers = [change.numbers for change in changes]
        uniform = torch.rand(n, sum(numbers), generator=generator, device=generator.device)
        parts = zip(changes, torch.split(uniform, numbers, 1), strict=True)
        return torch.cat([change.amounts(part, event, strength) for change, part in parts], 1)

    def __call__(self, x: Tensor, noise: Tensor) -> Tensor:
        changes = [CHANGES[name] for name in self.policy]
        for change, amounts in zip(changes, torch.split(noise, [change.width for change in changes], 1), strict=True):
            x = change.apply(x, amounts)
        return x
