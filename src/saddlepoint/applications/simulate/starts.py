"""The distribution of start states: Gaussian kernels at those of the recorded episodes, whose width is chosen by likelihood."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.data.arrays import from_array
from saddlepoint.data.settings import DataSettings
from saddlepoint.experiment.in_memory import train_in_memory
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import HasDensity, require
from saddlepoint.recipe import Recipe

# Standard deviations of kernels that are tried, in those of the start states; "auto" is Scott's rule.
WIDTHS = (0.02, 0.05, 0.1, 0.2, 0.4)
HELD_OUT = 0.3


def fit_starts(states: npt.NDArray[np.float32]) -> Model | Tensor:
    """Learn the distribution of start states.

    Args:
        states: (E, S), the first of each episode.

    Returns:
        The model; or the states themselves, where there are too few (under 4) or they are all equal.
    """
    if len(states) < 4 or not states.std(0).any():
        return torch.from_numpy(states)
    parts = from_array(states, settings=DataSettings(kind="vector", held_out=HELD_OUT))
    assert parts.held_out is not None
    rest = parts.held_out.x
    best = max(WIDTHS, key=lambda width: float(require(_fit(parts.x, width), HasDensity).log_prob(rest).mean()))
    return _fit(torch.from_numpy(states), best)


def _fit(states: Tensor, width: float) -> Model:
    dataset = from_array(states, settings=DataSettings(kind="vector", held_out=0.0))
    content = {
        "model": {"family": "classical", "distribution": "kernel-density", "bandwidth": width},
        "training": {"steps": 1, "batch_size": len(states), "device": "cpu"},
    }
    return train_in_memory(Recipe.from_mapping(content), dataset, 0)


def draw_starts(starts: Model | Tensor, n: int, seed: int) -> Tensor:
    """(n, S) start states."""
    generator = torch.Generator().manual_seed(seed)
    if isinstance(starts, Tensor):
        return starts[torch.randint(len(starts), (n,), generator=generator)]
    return starts.sample(n, generator=generator)
