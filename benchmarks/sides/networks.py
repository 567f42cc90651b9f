"""The networks of the comparisons as anyone would write them in plain PyTorch; they contain nothing of Saddlepoint."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor, nn

PIXELS = 784
LATENT = 100


def autoencoder() -> nn.Sequential:
    """784-50-50-3-50-50-784, tanh, linear code and output."""
    widths = (PIXELS, 50, 50, 3)
    encoder = [layer for a, b in pairwise(widths) for layer in (nn.Linear(a, b), nn.Tanh())][:-1]
    decoder = [layer for a, b in pairwise(widths[::-1]) for layer in (nn.Linear(a, b), nn.Tanh())][:-1]
    return nn.Sequential(*encoder, *decoder)


class VariationalAutoencoder(nn.Module):
    """784-50-50, two heads 50-3, 3-50-50-784 logits; ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(PIXELS, 50), nn.ReLU(), nn.Linear(50, 50), nn.ReLU())
        self.mean = nn.Linear(50, 3)
        self.log_variance = nn.Linear(50, 3)
        self.decoder = nn.Sequential(nn.Linear(3, 50), nn.ReLU(), nn.Linear(50, 50), nn.ReLU(), nn.Linear(50, PIXELS))

    def forward(self, x: Tensor, epsilon: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.trunk(x)
        mean, log_variance = self.mean(features), self.log_variance(features)
        return self.decoder(mean + torch.exp(0.5 * log_variance) * epsilon), mean, log_variance


def dcgan() -> tuple[nn.Sequential, nn.Sequential]:
    """Generator 100 -> 128x7x7 -> 64x14x14 -> 1x28x28, and discriminator back to one logit; base 64."""
    generator = nn.Sequential(
        nn.Unflatten(1, (LATENT, 1, 1)),
        nn.ConvTranspose2d(LATENT, 128, 7, bias=False),
        nn.BatchNorm2d(128),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(64, 1, 4, stride=2, padding=1),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(1, 64, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(64, 128, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(128),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(128, 1, 7),
        nn.Flatten(),
    )
    initialise_((*generator, *discriminator))
    return generator, discriminator


def dcgan_64(width: int) -> tuple[nn.Sequential, nn.Sequential]:
    """Generator 100 -> (8 width)x4x4 -> ... -> (width)x32x32 -> 3x64x64, and discriminator back to one logit."""
    widths = [width * 2**level for level in range(4)]
    generator: list[nn.Module] = [
        nn.Unflatten(1, (LATENT, 1, 1)),
        nn.ConvTranspose2d(LATENT, widths[-1], 4, bias=False),
        nn.BatchNorm2d(widths[-1]),
        nn.ReLU(inplace=True),
    ]
    for before, after in pairwise(reversed(widths)):
        generator += [
            nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(inplace=True),
        ]
    generator += [nn.ConvTranspose2d(width, 3, 4, stride=2, padding=1), nn.Tanh()]
    discriminator: list[nn.Module] = [nn.Conv2d(3, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2, inplace=True)]
    for before, after in pairwise(widths):
        discriminator += [
            nn.Conv2d(before, after, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.LeakyReLU(0.2, inplace=True),
        ]
    discriminator += [nn.Conv2d(widths[-1], 1, 4), nn.Flatten()]
    initialise_((*generator, *discriminator))
    return nn.Sequential(*generator), nn.Sequential(*discriminator)


def initialise_(layers: Iterable[nn.Module]) -> None:
    """The DCGAN paper's first weights, in place."""
    for layer in layers:
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)


def upsampling() -> tuple[nn.Sequential, nn.Sequential]:
    """At 32x32: nearest-neighbour upsampling and convolutions 128-128-64-1, against strided ones 16-32-64-128."""
    generator = nn.Sequential(
        nn.Linear(LATENT, 128 * 8 * 8),
        nn.Unflatten(1, (128, 8, 8)),
        nn.BatchNorm2d(128),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(128, 128, 3, padding=1),
        nn.BatchNorm2d(128, 0.8),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(128, 64, 3, padding=1),
        nn.BatchNorm2d(64, 0.8),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(64, 1, 3, padding=1),
        nn.Tanh(),
    )
    layers: list[nn.Module] = []
    for before, after in pairwise((1, 16, 32, 64, 128)):
        layers += [
            nn.Conv2d(before, after, 3, stride=2, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Dropout2d(0.25),
        ]
        if before > 1:
            layers.append(nn.BatchNorm2d(after, 0.8))
    return generator, nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 2 * 2, 1))


def perceptrons() -> tuple[nn.Sequential, nn.Sequential]:
    """Discriminator 784-1024-512-256-1, generator 100-256-512-1024-784 with BatchNorm."""
    layers: list[nn.Module] = []
    for before, after in pairwise((LATENT, 256, 512, 1024)):
        layers += [nn.Linear(before, after), nn.BatchNorm1d(after, 0.8), nn.LeakyReLU(0.2, inplace=True)]
    generator = nn.Sequential(*layers, nn.Linear(1024, PIXELS), nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))
    layers = [nn.Flatten()]
    for before, after in pairwise((PIXELS, 1024, 512, 256)):
        layers += [nn.Linear(before, after), nn.LeakyReLU(0.2, inplace=True)]
    return generator, nn.Sequential(*layers, nn.Linear(256, 1))
