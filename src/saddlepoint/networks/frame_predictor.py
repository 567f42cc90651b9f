"""A network that predicts the next frames of a video from the last ones, all at once: a U-Net over stacked frames.

The frames that are given are the channels of one image, and so are those that are predicted. One pass is enough for all of them, which makes
training on a CPU possible, and errors do not accumulate from frame to frame within a pass.

References:
    U-Net: Convolutional Networks for Biomedical Image Segmentation (Olaf Ronneberger, Philipp Fischer, Thomas Brox, 2015),
        https://arxiv.org/abs/1505.04597
    SimVP: Simpler yet Better Video Prediction (Zhangyang Gao, Cheng Tan, Lirong Wu, Stan Z. Li, 2022),
        https://arxiv.org/abs/2206.05099 (a plain convolutional network from all given frames to all next ones)
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from saddlepoint.networks.unet import UNet

COARSE = 16  # longest side of the level that the network works on, where `patch` is not given


class FramePredictor(nn.Module):
    """(B, C, T_in, H, W) -> (B, C, T_out, H, W).

    Args:
        shape: (C, H, W) of one frame.
        frames_in: frames that are given.
        frames_out: frames that are predicted.
        width: channels of the finest level.
        blocks: residual blocks of each level.
        patch: side of the patches of pixels that become channels; 0 chooses it so that 16 patches make a side.
        bounded: whether the frames are in [0, 1], so that a sigmoid ends the network.
        start: what is predicted everywhere before training, in the frames' units; with `bounded`, in (0, 1).
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        frames_in: int,
        frames_out: int,
        *,
        width: int = 32,
        blocks: int = 1,
        patch: int = 0,
        bounded: bool = True,
        start: float = 0.0,
    ) -> None:
        super().__init__()
        channels, height, wide = shape
        self.shape, self.frames_in, self.frames_out, self.bounded = shape, frames_in, frames_out, bounded
        patch = patch or max(1, math.ceil(max(height, wide) / COARSE))
        inputs, outputs = channels * frames_in, channels * frames_out
        self.network = UNet((inputs, height, wide), width, blocks=blocks, patch=patch, outputs=outputs)
        self.network.embedding = ConstantEmbedding(4 * width)  # there is no time that the network could depend on
        bias = self.network.output.bias
        assert bias is not None
        nn.init.constant_(bias, math.log(start / (1 - start)) if bounded else start)

    def forward(self, frames: Tensor) -> Tensor:
        """Return the next frames (B, C, T_out, H, W)."""
        channels, height, wide = self.shape
        time = frames.new_zeros(len(frames))
        output: Tensor = self.network(frames.flatten(1, 2), time)
        output = output.reshape(len(frames), channels, self.frames_out, height, wide)
        return torch.sigmoid(output) if self.bounded else output


class ConstantEmbedding(nn.Module):
    """The same learnt vector for every example, in the place of a U-Net's embedding of times: (B,) -> (B, size).

    Args:
        size: of the vector.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.zeros(size))

    def forward(self, time: Tensor, weights: Tensor | None = None) -> Tensor:
        """Return the vector for each of the times."""
        return self.value.expand(len(time), -1)
