"""Steps of models with a density, and of a diffusion model, by hand in plain PyTorch: the other side of `hand.Hand`."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from . import density_networks
from .tasks import DENOISER, MADE_UNITS, PIXELCNN, REALNVP, Task, adam

Losses = dict[str, Tensor]
HALF_LOG_2_PI = 0.5 * math.log(2 * math.pi)


class OnePlayer:
    """A network with its optimiser; a subclass computes the loss of a batch."""

    scale, offset = 1 / 255, 0.0
    shape: tuple[int, ...] = (density_networks.PIXELS,)
    name = "ar"

    def __init__(self, task: Task, generator: torch.Generator | None, precision: str) -> None:
        self.network = self.make()
        self.players = {self.name: self.network}
        self.optimiser = adam(self.network, task)
        self.generator = generator

    def make(self) -> nn.Module:
        """The network."""
        raise NotImplementedError

    def loss(self, x: Tensor) -> Tensor:
        """x (B, *shape) -> ()."""
        raise NotImplementedError

    def step(self, x: Tensor) -> Losses:
        """Train one step."""
        self.optimiser.zero_grad()
        loss = self.loss(x)
        loss.backward()
        self.optimiser.step()
        return {self.name: loss}


class MADE(OnePlayer):
    """Pixels are drawn black or white."""

    def make(self) -> nn.Module:
        return density_networks.made(MADE_UNITS)

    def loss(self, x: Tensor) -> Tensor:
        seen = (torch.rand(x.shape, generator=self.generator) < x).to(x.dtype)
        return functional.binary_cross_entropy_with_logits(self.network(seen), seen, reduction="sum") / len(x)


class PixelCNN(MADE):
    """The same with convolutions."""

    shape = (1, 28, 28)

    def make(self) -> nn.Module:
        return density_networks.PixelCNN(*PIXELCNN).to(memory_format=torch.channels_last)


class RealNVP(OnePlayer):
    """Grey levels plus uniform noise."""

    scale, offset, name = 2 / 255, -1.0, "flow"

    def make(self) -> nn.Module:
        return density_networks.RealNVP(*REALNVP)

    def loss(self, x: Tensor) -> Tensor:
        x = x + self.scale * (torch.rand(x.shape, generator=self.generator) - 0.5)
        z, log_det = self.network(x)
        return (0.5 * z.square().sum(1) + HALF_LOG_2_PI * z.shape[1] - log_det).mean()


class Diffusion(OnePlayer):
    """EDM's loss with a data standard deviation of 1, whose weight cancels the scale of the output."""

    scale, offset, name = 2 / 255, -1.0, "dm"

    def make(self) -> nn.Module:
        return density_networks.Denoiser(DENOISER)

    def loss(self, x: Tensor) -> Tensor:
        share = torch.rand(len(x), generator=self.generator)
        noise = torch.randn(x.shape, generator=self.generator)
        log_sigma = -1.2 - math.log(0.5) + 1.2 * torch.special.ndtri(share)
        sigma = log_sigma.exp()[:, None]
        size = (1 + sigma.square()).sqrt()
        output = self.network((x + sigma * noise) / size, log_sigma / 4)
        return functional.mse_loss(output, (sigma * x - noise) / size)
