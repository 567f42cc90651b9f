"""A GAN's training script in the style of published ones.

Single precision and the default layout; a `DataLoader` over uint8 images, each turned by Pillow into a resized, scaled and
normalised tensor on access, as torchvision's Resize, ToTensor and Normalize do it; one generated batch for both
players; the discriminator's gradients are also computed in the generator's update; default Adam; losses are read by `.item()` at every step.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from . import networks
from .networks import LATENT
from .tasks import Task

GENERATOR_FIRST = {"upsampling", "perceptrons"}


class Images(Dataset[tuple[Tensor, int]]):
    """uint8 images behind the usual chain of transforms."""

    def __init__(self, images: Tensor, size: int) -> None:
        self.images = images[:, 0]
        self.size = size

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = Image.fromarray(self.images[index].numpy())
        if image.size != (self.size, self.size):
            image = image.resize((self.size, self.size), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.array(image, np.uint8, copy=True)).view(self.size, self.size, 1)
        x = pixels.permute(2, 0, 1).contiguous().to(torch.float32).div(255)
        mean, std = torch.as_tensor([0.5], dtype=x.dtype), torch.as_tensor([0.5], dtype=x.dtype)
        return x.clone().sub_(mean.view(-1, 1, 1)).div_(std.view(-1, 1, 1)), 0


class Published:
    """Trains the networks of `task` the way published scripts do."""

    precision = "fp32"

    def __init__(self, name: str, task: Task, images: Tensor) -> None:
        settings = task.training.optimiser
        self.g, self.d = (task.networks or networks.dcgan)()
        self.g_optimiser, self.d_optimiser = (
            torch.optim.Adam(player.parameters(), lr=settings.learning_rate, betas=settings.betas)
            for player in (self.g, self.d)
        )
        self.criterion = nn.BCEWithLogitsLoss()
        self.loader = DataLoader(Images(images, task.size), batch_size=task.training.batch_size, shuffle=True)
        self.generator_first = name in GENERATOR_FIRST
        self._batches = self._endless()

    def parameters(self) -> dict[str, int]:
        """Trainable numbers by player."""
        return {name: sum(p.numel() for p in player.parameters()) for name, player in (("d", self.d), ("g", self.g))}

    def steps(self, n: int) -> None:
        """Train for n steps."""
        for _ in range(n):
            self._step(next(self._batches))

    def losses(self, n: int) -> dict[str, float]:
        """The mean loss of each player over n steps more."""
        pairs = [self._step(next(self._batches)) for _ in range(n)]
        return {"d": sum(d for d, _ in pairs) / n, "g": sum(g for _, g in pairs) / n}

    def close(self) -> None:
        """Nothing is open."""

    def _endless(self) -> Iterator[Tensor]:
        while True:
            for x, _ in self.loader:
                yield x

    def _step(self, x: Tensor) -> tuple[float, float]:
        valid, fake = torch.ones(len(x), 1), torch.zeros(len(x), 1)
        made = self.g(torch.randn(len(x), LATENT))

        def generator() -> Tensor:
            self.g_optimiser.zero_grad()
            loss: Tensor = self.criterion(self.d(made), valid)
            loss.backward()
            self.g_optimiser.step()
            return loss

        def discriminator() -> Tensor:
            self.d_optimiser.zero_grad()
            loss: Tensor = self.criterion(self.d(x), valid) + self.criterion(self.d(made.detach()), fake)
            loss.backward()
            self.d_optimiser.step()
            return loss

        if self.generator_first:
            g_loss, d_loss = generator(), discriminator()
        else:
            d_loss, g_loss = discriminator(), generator()
        return d_loss.item(), g_loss.item()
