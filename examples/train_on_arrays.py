"""Train a small VAE on an array of your own, and draw from it.

python examples/train_on_arrays.py

Here the array is a ring of points in the plane; put any of shape (N, ...) in its place.
"""

from __future__ import annotations

import numpy as np
import torch

from saddlepoint import models
from saddlepoint.data import Batches, from_array
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.training import Devices, TrainingState, play
from saddlepoint.training.settings import TrainingSettings

RADIUS = 3.0


def ring(n: int) -> np.ndarray:
    """(n, 2) points at distance RADIUS from the origin, give or take a tenth."""
    random = np.random.default_rng(0)
    angle, radius = random.uniform(0, 2 * np.pi, n), RADIUS + 0.1 * random.standard_normal(n)
    return np.stack((radius * np.cos(angle), radius * np.sin(angle)), 1)


def main() -> None:
    """Train, then sample."""
    dataset = from_array(ring(4_000), name="ring")
    hidden = NetworkSettings(hidden=(64, 64))
    model = models.build(
        VAESettings(latent=2, likelihood="gaussian-learnt", encoder=hidden, decoder=hidden), dataset.event
    )
    training = TrainingSettings(steps=1_500, batch_size=128, tick=500)
    devices = Devices.choose("cpu", "fp32", model)
    state = TrainingState.start(model, training, devices)
    batches = Batches(dataset, training.batch_size, training.seed, devices.device, model.scaling)
    for record in play(model, batches, training, state):
        if record is not None:
            print(f"step {record.step:,}: loss {record.values['vae/loss']:.2f} nats")

    samples = model.sample(1_000, generator=torch.Generator().manual_seed(0))
    distance = samples.norm(dim=1)
    print(f"{len(samples):,} samples at distance {distance.mean():.2f} (the data: {RADIUS:.2f})")


if __name__ == "__main__":
    main()
