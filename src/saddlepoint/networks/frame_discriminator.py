"""A discriminator of videos that scores patches: whether what follows the given frames looks like what followed them in the data.

It gets all frames as channels of one image, the given ones before the others, so that it can see whether the motion goes on. Each score is of
a patch, since blur is seen in every patch, and a whole frame is much rarer.

References:
    Image-to-Image Translation with Conditional Adversarial Networks (Phillip Isola, Jun-Yan Zhu, Tinghui Zhou, Alexei A. Efros, 2017),
        https://arxiv.org/abs/1611.07004
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SLOPE = 0.2  # of LeakyReLU below 0
LEVELS = 2  # each halves the sides


class FrameDiscriminator(nn.Module):
    """(B, C, T, H, W) -> logits (B, P) of P patches.

    Args:
        shape: (C, T, H, W).
        width: channels of the first level; they double at the next.
    """

    def __init__(self, shape: tuple[int, int, int, int], width: int = 32) -> None:
        super().__init__()
        channels = shape[0] * shape[1]
        layers: list[nn.Module] = []
        for level in range(LEVELS):
            after = width * 2**level
            layers += [nn.Conv2d(channels, after, 4, stride=2, padding=1), nn.LeakyReLU(SLOPE)]
            channels = after
        layers += [nn.Conv2d(channels, channels, 3, padding=1), nn.LeakyReLU(SLOPE), nn.Conv2d(channels, 1, 1)]
        self.layers = nn.Sequential(*layers)

    def forward(self, videos: Tensor) -> Tensor:
        """Return the logits (B, P)."""
        logits: Tensor = self.layers(videos.flatten(1, 2))
        return torch.flatten(logits, 1)
