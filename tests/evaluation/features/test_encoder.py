"""The encoder computes in the channels-last layout, for images of one channel too."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from saddlepoint.data import Event
from saddlepoint.evaluation.features.encoder import Encoder


@pytest.mark.parametrize("channels", [1, 3])
def test_convolutions_of_images_are_channels_last(channels: int) -> None:
    encoder = Encoder(Event((channels, 8, 8), "image"), 4, torch.Generator().manual_seed(0), (5, 6))
    strides: list[int] = []

    def note(_: nn.Module, __: tuple[Tensor], output: Tensor) -> None:
        strides.append(output.stride(1))

    for layer in encoder.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(note)
    encoder(torch.rand(2, channels, 8, 8))
    assert strides == [1] * len(encoder.stages)
