"""Samples of the MNIST DCGAN written to an .npz: how fast, and what takes the time."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch

from saddlepoint import models
from saddlepoint.data import from_array

from .tasks import TASKS


class Sampling:
    """Draws as `saddlepoint sample RUN -n N --out FILE.npz` does; the weights are fresh, which costs the same."""

    precision = "fp32"

    def __init__(self, folder: Path, count: int) -> None:
        images = torch.randint(0, 256, (10, 1, 28, 28), dtype=torch.uint8)
        self.model = models.build(TASKS["dcgan"].model, from_array(images).event)
        self.count = count
        self._path = folder / "samples.npz"
        self._generator = torch.Generator().manual_seed(0)

    def steps(self, n: int) -> None:
        """Draw `count` samples and write them, n times."""
        for _ in range(n):
            self.drawn_and_written()

    def drawn_and_written(self) -> dict[str, float]:
        """Seconds of both parts."""
        started = time.perf_counter()
        samples = self.model.sample(self.count, generator=self._generator).numpy()
        drawn = time.perf_counter()
        np.savez(self._path, x=samples)
        return {"drawing": drawn - started, "writing": time.perf_counter() - drawn}

    def close(self) -> None:
        """Nothing is open."""
