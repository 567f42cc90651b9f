"""Models of known quality, on mixtures whose true distribution is known."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from saddlepoint.data import DataSettings, load
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.evaluation.features import Features
from saddlepoint.evaluation.scorecard.assess import assess
from saddlepoint.evaluation.scorecard.generators import noise, repeat
from saddlepoint.evaluation.scorecard.scorecard import Scorecard
from saddlepoint.evaluation.settings import AssessmentSettings

POINTS = 4_000  # with a tenth of them held out
SETTINGS = AssessmentSettings(seeds=2, resamples=10)

PLANE = DataSettings(source="ring", points=POINTS, scale=0.2, radius=2.0, modes=5)
LINE = DataSettings(source="gaussian", points=POINTS)


class Own:
    """A minimal model of a user: an event, and samples."""

    def __init__(self, event: Event, draw: Callable[[int, torch.Generator], Tensor]) -> None:
        self.event = event
        self.draw = draw

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        assert generator is not None
        return self.draw(n, generator)


@cache
def dataset(settings: DataSettings) -> Dataset:
    return load(settings)


def oracle(data: Dataset) -> Features:
    """Raw values, and the mixture's own posterior as the classifier of its modes."""

    def posterior(x: Tensor) -> Tensor:
        assert data.truth is not None
        centres, std = data.truth.modes, data.truth.mode_std
        assert centres is not None
        assert std is not None
        distances = torch.cdist(x.double(), centres).square() / (2 * std**2)
        return torch.softmax(-distances, dim=1).float()

    return Features("values", "0" * 64, data.event.size, lambda x: x.flatten(1).float(), posterior)


def perfect(data: Dataset) -> Own:
    """Draws from the truth."""
    truth = data.truth
    assert truth is not None
    return Own(data.event, lambda n, generator: truth.sample(n, generator)[0])


def noisy(data: Dataset) -> Own:
    """New draws of the worst case's independent noise."""
    return Own(data.event, lambda n, generator: noise(data, n, generator.initial_seed() + 100))


def repeating_one(data: Dataset) -> Own:
    """One training example, repeated."""
    return Own(data.event, lambda n, generator: repeat(data, n))


def copying(data: Dataset) -> Own:
    """Training examples at random."""
    return Own(data.event, lambda n, generator: data.x[torch.randint(len(data), (n,), generator=generator)])


def without_a_mode(data: Dataset) -> Own:
    """The true distribution without one mode."""
    truth = data.truth
    assert truth is not None

    def draw(n: int, generator: torch.Generator) -> Tensor:
        x, y = truth.sample(2 * n, generator)
        return x[y != 0][:n]

    return Own(data.event, draw)


def blurred(data: Dataset) -> Own:
    """The truth with noise on top."""
    truth = data.truth
    assert truth is not None

    def draw(n: int, generator: torch.Generator) -> Tensor:
        x = truth.sample(n, generator)[0]
        return x + 1.2 * torch.randn(x.shape, generator=generator)

    return Own(data.event, draw)


def repeating(data: Dataset) -> Own:
    """Forty true points, each repeated."""
    truth = data.truth
    assert truth is not None

    def draw(n: int, generator: torch.Generator) -> Tensor:
        return truth.sample(40, generator)[0].repeat(-(-n // 40), 1)[:n]

    return Own(data.event, draw)


@cache
def measured(settings: DataSettings, model: Callable[[Dataset], Any]) -> Scorecard:
    """The model's scorecard, made once."""
    data = dataset(settings)
    return assess(model(data), data, SETTINGS, oracle(data))
