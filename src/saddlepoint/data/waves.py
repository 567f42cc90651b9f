"""Time series that are made here: noisy oscillations in two channels with units of their own.

Both channels have one frequency and lag behind each other by a quarter of a period, the second with ten times the amplitude around
a mean of 50, as a sensor's in other units would. What a model has to learn is that the channels belong together.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saddlepoint.data.capacity import require_memory
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, assemble

STEPS, SERIES = 64, 5_000
MEANS, AMPLITUDES, NOISE = (0.0, 50.0), (1.0, 10.0), 0.1  # noise in units of the amplitude


def load(settings: DataSettings) -> Dataset:
    """(N, 64, 2) float32, `length` steps if it is set."""
    generator = torch.Generator().manual_seed(settings.split_seed)
    steps, count = settings.length or STEPS, settings.points or SERIES
    require_memory(
        40 * count * steps, f"waves: {count:,} series of {steps:,} steps", "lower data.points or data.length"
    )
    part, test = (Part(draw_waves(n, steps, generator)) for n in (count, round(count * settings.held_out)))
    return assemble("waves", Event((steps, 2), "series"), part, settings, test=test)


def draw_waves(n: int, steps: int, generator: torch.Generator) -> Tensor:
    """Series (n, steps, 2) of 1 to 4 periods, at any phase, with amplitudes within a factor of 2."""
    share = torch.rand(n, 3, generator=generator)
    periods, phase, size = 1 + 3 * share[:, :1], 2 * math.pi * share[:, 1:2], 0.7 * 2 ** share[:, 2:]
    angle = phase + 2 * math.pi * periods * torch.arange(steps) / steps
    clean = size[..., None] * torch.stack([angle.sin(), -angle.cos()], 2)
    noisy = clean + NOISE * torch.randn(n, steps, 2, generator=generator)
    return torch.tensor(MEANS) + torch.tensor(AMPLITUDES) * noisy
