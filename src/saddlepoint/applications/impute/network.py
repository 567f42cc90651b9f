"""What the neural methods share: inputs as float32 tensors, the places of numbers and categories, and seeded training."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from saddlepoint.applications.impute.design import Design
from saddlepoint.applications.impute.method import Matrix
from saddlepoint.progress.protocol import Report

SAID = 50  # steps between two reports of progress


@contextlib.contextmanager
def seeded(rng: np.random.Generator) -> Iterator[torch.Generator]:
    """Within the block, torch's global generator is seeded, for initial weights; the caller's state is restored at the end.

    Args:
        rng: gives the seed.

    Yields:
        A generator for everything else.
    """
    seed = int(rng.integers(2**62))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield torch.Generator().manual_seed(seed + 1)


def torch_generator(rng: np.random.Generator) -> torch.Generator:
    """A generator of torch on the CPU, seeded by one of NumPy."""
    return torch.Generator().manual_seed(int(rng.integers(2**62)))


class Cells:
    """The inputs of a network, by column: one standardised number, or one indicator a category.

    Args:
        design: encodes the columns.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        self.numbers = [part.start for column, part in enumerate(design.parts) if not design.is_indicated(column)]
        self.categories = [(column, part) for column, part in enumerate(design.parts) if design.is_indicated(column)]

    def tensors(self, matrix: Matrix) -> tuple[Tensor, Tensor]:
        """(N, D) -> inputs (N, F) with 0 in missing cells, and whether each is observed (N, F), as 0 and 1."""
        inputs = self.design.encode(matrix)
        return (
            torch.from_numpy(np.nan_to_num(inputs).astype(np.float32)),
            torch.from_numpy((~np.isnan(inputs)).astype(np.float32)),
        )


def batches(n: int, size: int, steps: int, generator: torch.Generator, say: Report | None = None) -> Iterator[Tensor]:
    """Rows of `steps` batches: every row once before any comes again.

    Args:
        n: number of rows.
        size: of a batch.
        steps: number of batches.
        generator: draws the order.
        say: receives the progress.
    """
    order, place = torch.randperm(n, generator=generator), 0
    for step in range(steps):
        if say is not None and step % SAID == 0:
            say(f"step {step:,} of {steps:,}", step / steps)
        if place + size > n and place:
            order, place = torch.randperm(n, generator=generator), 0
        yield order[place : place + size]
        place += size
