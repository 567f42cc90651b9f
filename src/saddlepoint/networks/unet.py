"""A U-Net for denoising images of any size: residual blocks with group normalisation, at several levels of resolution.

Images are padded at the right and the bottom to a multiple of the coarsest level, and the result is cropped. With `patch` p, the network works on p x p
patches of pixels as channels, which makes it p^2 times cheaper.

References:
    U-Net: Convolutional Networks for Biomedical Image Segmentation (Olaf Ronneberger, Philipp Fischer, Thomas Brox, 2015),
        https://arxiv.org/abs/1505.04597
    Denoising Diffusion Probabilistic Models (Jonathan Ho, Ajay Jain, Pieter Abbeel, 2020), appendix B,
        https://arxiv.org/abs/2006.11239
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, pixel_shuffle, pixel_unshuffle, silu

from saddlepoint.errors import SettingError
from saddlepoint.networks.attention import SelfAttention
from saddlepoint.networks.time_embedding import TimeEmbedding

SMALLEST = 4  # no level has a shorter side
MOST_LEVELS = 4
LARGEST_FACTOR = 2  # channels of coarse levels over those of the finest


def group_norm(channels: int) -> nn.GroupNorm:
    """Group normalisation in groups of at least 4 channels, at most 32 groups."""
    groups = min(32, max(channels // 4, 1))
    return nn.GroupNorm(math.gcd(groups, channels), channels)


class UNetBlock(nn.Module):
    """(B, before, H, W) and an embedding (B, size) -> (B, after, H, W); the identity at the start if the channels are equal.

    Args:
        before, after: channels.
        size: of the embedding.
    """

    def __init__(self, before: int, after: int, size: int) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = group_norm(before), group_norm(after)
        self.convolution_1 = nn.Conv2d(before, after, 3, padding=1)
        self.convolution_2 = nn.Conv2d(after, after, 3, padding=1)
        self.shift = nn.Linear(size, after)
        self.shortcut = nn.Identity() if before == after else nn.Conv2d(before, after, 1)
        nn.init.zeros_(self.convolution_2.weight)
        nn.init.zeros_(self.convolution_2.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, embedded: Tensor) -> Tensor:
        """Return (B, after, H, W)."""
        h = self.convolution_1(silu(self.norm_1(x))) + self.shift(embedded)[:, :, None, None]
        result: Tensor = self.shortcut(x) + self.convolution_2(silu(self.norm_2(h)))
        return result


class UNet(nn.Module):
    """(B, C, H, W) with times (B,) -> (B, C, H, W), or as many channels as `outputs` says. The last layer is 0 at the start.

    Args:
        shape: (C, H, W) of one image.
        width: channels of the finest level; coarser levels have twice as many.
        classes: number of classes; 0 without labels.
        blocks: residual blocks of each level, on either side.
        patch: side of the patches that become channels.
        attention: longest side of the level with self-attention, the finest that is not larger; 0 for none.
        outputs: channels of the result; 0 for those of the image.

    Raises:
        SettingError: the shape is not that of an image, or no level is small enough for attention.
    """

    def __init__(
        self,
        shape: Sequence[int],
        width: int = 32,
        classes: int = 0,
        blocks: int = 1,
        patch: int = 1,
        attention: int = 0,
        outputs: int = 0,
    ) -> None:
        super().__init__()
        if len(shape) != 3:
            raise SettingError(
                f"unet: it denoises images (C, H, W), and one example has shape {tuple(shape)}: use mlp."
            )
        channels, *sides = shape
        self.patch = patch
        small = [math.ceil(side / patch) for side in sides]
        levels = min(MOST_LEVELS, max(int(math.log2(max(min(small) / SMALLEST, 1))) + 1, 1))
        step = patch * 2 ** (levels - 1)
        self.padding = [-side % step for side in sides]
        longest = max(side + more for side, more in zip(sides, self.padding, strict=True)) // patch
        widths = [width if level == 0 else LARGEST_FACTOR * width for level in range(levels)]
        attentive = next((level for level in range(levels) if longest // 2**level <= attention), None)
        if attention and attentive is None:
            least = longest // 2 ** (levels - 1)
            raise SettingError(
                f"unet: attention is {attention}, and the smallest level has a side of {least}: set it to at least {least}, or to 0."
            )
        size = 4 * width
        self.embedding: nn.Module = TimeEmbedding(size, classes)
        self.first = nn.Conv2d(channels * patch**2, widths[0], 3, padding=1)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        skips, before = [widths[0]], widths[0]
        for level, after in enumerate(widths):
            stage = nn.ModuleDict({"blocks": nn.ModuleList()})
            if level:
                stage["resample"] = nn.Conv2d(before, before, 3, stride=2, padding=1)
                skips.append(before)
            for _ in range(blocks):
                stage["blocks"].append(UNetBlock(before, after, size))  # type: ignore[operator]
                before = after
                skips.append(before)
            if level == attentive:
                stage["attention"] = SelfAttention(before)
            self.down.append(stage)
        self.middle = UNetBlock(before, before, size)
        for level, after in reversed(list(enumerate(widths))):
            stage = nn.ModuleDict({"blocks": nn.ModuleList()})
            for _ in range(blocks + 1):
                stage["blocks"].append(UNetBlock(before + skips.pop(), after, size))  # type: ignore[operator]
                before = after
            if level:
                stage["resample"] = nn.Conv2d(before, before, 3, padding=1)
            self.up.append(stage)
        self.norm = group_norm(before)
        self.output = nn.Conv2d(before, (outputs or channels) * patch**2, 3, padding=1)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, time: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the prediction.

        Args:
            x: (B, C, H, W).
            time: (B,).
            weights: of the classes (B, classes); zeros for an unknown class; None without labels.

        Returns:
            (B, C, H, W).
        """
        if not len(x):  # pixel_unshuffle leaves an empty batch as it is, with too few channels for the first layer
            return x
        height, wide = x.shape[2:]
        embedded = silu(self.embedding(time, weights))
        h = pad(x, (0, self.padding[1], 0, self.padding[0])) if any(self.padding) else x
        h = self.first(pixel_unshuffle(h, self.patch) if self.patch > 1 else h)
        skips = [h]
        for stage in self.down:
            if "resample" in stage:  # type: ignore[operator]
                h = stage["resample"](h)  # type: ignore[index]
                skips.append(h)
            for block in stage["blocks"]:  # type: ignore[index]
                h = block(h, embedded)
                skips.append(h)
            if "attention" in stage:  # type: ignore[operator]
                h = skips[-1] = stage["attention"](h)  # type: ignore[index]
        h = self.middle(h, embedded)
        for stage in self.up:
            for block in stage["blocks"]:  # type: ignore[index]
                h = block(torch.cat([h, skips.pop()], 1), embedded)
            if "resample" in stage:  # type: ignore[operator]
                h = stage["resample"](nn.functional.interpolate(h, scale_factor=2.0, mode="nearest"))  # type: ignore[index]
        h = self.output(silu(self.norm(h)))
        h = pixel_shuffle(h, self.patch) if self.patch > 1 else h
        return h[:, :, :height, :wide]
