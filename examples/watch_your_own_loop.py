"""Watch a training loop of your own that has a common mistake, and read what was found.

python examples/watch_your_own_loop.py

The loop trains a GAN on points around a circle, and never clears the gradients of the discriminator.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

import saddlepoint as sp

STEPS, BATCH, NOISE = 200, 64, 2


def circle(n: int) -> Tensor:
    """(n, 2) points at distance 1 from the origin, give or take a twentieth."""
    angle = 2 * torch.pi * torch.rand(n)
    return torch.stack((angle.cos(), angle.sin()), 1) + 0.05 * torch.randn(n, 2)


def main() -> None:
    """Watch the loop, and print what was found."""
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(NOISE, 32), nn.ReLU(), nn.Linear(32, 2))
    discriminator = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
    of_generator = torch.optim.Adam(generator.parameters(), 1e-3)
    of_discriminator = torch.optim.Adam(discriminator.parameters(), 1e-3)
    real, generated = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)
    with (
        tempfile.TemporaryDirectory() as folder,
        sp.watch(
            Path(folder) / "run",
            players={"discriminator": discriminator, "generator": generator},
            objective="non-saturating",
            data=circle(1_000),
            sample=lambda n: generator(torch.randn(n, NOISE)),
            steps=STEPS,
            stop_on=["failure"],
            listener=sp.Listener(),
            pictures=False,
        ) as watch,
    ):
        for _ in range(STEPS):
            fake = generator(torch.randn(BATCH, NOISE))
            # of_discriminator.zero_grad() is missing here.
            d_loss = cross_entropy(discriminator(circle(BATCH)), real)
            d_loss = d_loss + cross_entropy(discriminator(fake.detach()), generated)
            d_loss.backward()
            of_discriminator.step()
            of_generator.zero_grad()
            g_loss = cross_entropy(discriminator(fake), real)
            g_loss.backward()
            of_generator.step()
            watch.step(d_loss=d_loss, g_loss=g_loss)
            if watch.should_stop:
                break
        for finding in watch.findings:
            print(finding)


if __name__ == "__main__":
    main()
