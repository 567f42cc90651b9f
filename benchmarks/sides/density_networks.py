"""Networks of models with a density, and of a diffusion model, as anyone would write them in plain PyTorch."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

PIXELS = 784


class MaskedLinear(nn.Linear):
    """A linear layer whose weights are multiplied by a mask (outputs, inputs)."""

    mask: Tensor

    def __init__(self, mask: Tensor) -> None:
        super().__init__(mask.shape[1], mask.shape[0])
        self.register_buffer("mask", mask.float())

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight * self.mask, self.bias)


def made(units: int) -> nn.Sequential:
    """784-units-784 logits with masks, ReLU."""
    numbers = torch.arange(1, PIXELS + 1)
    degrees = 1 + torch.arange(units) * (PIXELS - 2) // (units - 1)
    return nn.Sequential(MaskedLinear(degrees[:, None] >= numbers), nn.ReLU(), MaskedLinear(numbers[:, None] > degrees))


class CausalConv(nn.Conv2d):
    """A convolution over the rows above and the pixels to the left; with `own`, over its own pixel too."""

    mask: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int, own: bool) -> None:
        self.side = kernel // 2
        super().__init__(inputs, outputs, (self.side + 1, kernel))
        mask = torch.ones(self.weight.shape)
        mask[:, :, -1, self.side + own :] = 0
        self.register_buffer("mask", mask)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.pad(x, (self.side, self.side, self.side, 0))
        return functional.conv2d(x, self.weight * self.mask, self.bias)


class ResidualBlock(nn.Module):
    """x + a masked convolution of half as many channels between two of kernel 1."""

    def __init__(self, width: int) -> None:
        super().__init__()
        inner = width // 2
        self.layers = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(width, inner, 1),
            nn.ReLU(),
            CausalConv(inner, inner, 3, own=True),
            nn.ReLU(),
            nn.Conv2d(inner, width, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = x + self.layers(x)
        return made


class PixelCNN(nn.Module):
    """A masked convolution of 7x7, residual blocks, and two layers of kernel 1: (B, 1, 28, 28) -> logits of the same shape."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.head = nn.Sequential(nn.ReLU(), nn.Conv2d(width, width, 1), nn.ReLU(), nn.Conv2d(width, 1, 1))
        self.first = CausalConv(1, width, 7, own=False)
        self.blocks = nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)))

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.blocks(self.first(x)))
        return logits


class RealNVP(nn.Module):
    """Affine coupling layers on 784 numbers, each after a fixed permutation: x -> (z, log determinant)."""

    orders: Tensor

    def __init__(self, layers: int, units: int) -> None:
        super().__init__()
        half = PIXELS // 2
        self.networks = nn.ModuleList(
            nn.Sequential(nn.Linear(half, units), nn.ReLU(), nn.Linear(units, PIXELS)) for _ in range(layers)
        )
        for network in self.networks:
            nn.init.zeros_(network[-1].weight)
            nn.init.zeros_(network[-1].bias)
        self.register_buffer("orders", torch.stack([torch.randperm(PIXELS) for _ in range(layers)]))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        half = PIXELS // 2
        total = torch.zeros(())
        for order, network in zip(self.orders, self.networks, strict=True):
            kept, changed = x.index_select(1, order).split(half, 1)
            shift, scale = network(kept).view(-1, half, 2).unbind(2)
            log_scale = scale / (1 + (scale / math.log(1e-3)).abs())
            x = torch.cat([changed * log_scale.exp() + shift, kept], 1)
            total = total + log_scale.sum(1)
        return x, total


class Denoiser(nn.Module):
    """A residual perceptron that gets the noise level as sines and cosines: (B, 784), (B,) -> (B, 784)."""

    frequencies: Tensor

    def __init__(self, hidden: tuple[int, ...]) -> None:
        super().__init__()
        size = max(hidden)
        self.register_buffer("frequencies", torch.linspace(0, math.log(100.0), 16).exp())
        self.embedding = nn.Sequential(nn.Linear(32, size), nn.SiLU(), nn.Linear(size, size))
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise((PIXELS, *hidden)))
        self.shifts = nn.ModuleList(nn.Linear(size, width) for width in hidden)
        self.output = nn.Linear(hidden[-1], PIXELS)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        angles = level[:, None] * self.frequencies
        embedded = functional.silu(self.embedding(torch.cat([angles.sin(), angles.cos()], 1)))
        for layer, shift in zip(self.layers, self.shifts, strict=True):
            new = functional.silu(layer(x) + shift(embedded))
            x = x + new if x.shape == new.shape else new
        output: Tensor = self.output(x)
        return output
