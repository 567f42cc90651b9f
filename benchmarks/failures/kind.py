"""One kind of training run: a base, an injection, its strength, and the finding that it should raise."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from failures.base_recipes import BASES, Base
from saddlepoint.data.dataset import Dataset

Strength = Callable[[float], Mapping[str, Any]]


@dataclass(frozen=True)
class Kind:
    """One kind of run.

    Attributes:
        name: of the kind.
        base: the recipe that is trained.
        code: the finding that the injection should raise; "" for a healthy control.
        strength: the range of strengths, evenly spread over the seeds on a logarithmic scale.
        inject: strength -> settings.
        settings: the same at any strength.
        model: changes the model.
        model_of_data: changes the model using the data.
        data: changes the data.
        disturb: changes the session in the middle of the run.
        onset: the share of the run after which `disturb` is called.
        steps: where they are not the base's.
        seeds: how many runs.
    """

    name: str
    base: str
    code: str = ""
    strength: tuple[float, float] = (1.0, 1.0)
    inject: Strength | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    model: Callable[[Any, float], None] | None = None
    model_of_data: Callable[[Any, Dataset, float], None] | None = None
    data: Callable[[Dataset, float, torch.Generator], Dataset] | None = None
    disturb: Callable[[Any, float], None] | None = None
    onset: float = 0.0
    steps: int | None = None
    seeds: int = 10

    @property
    def on(self) -> Base:
        return BASES[self.base]

    def strength_of(self, seed: int) -> float:
        """The strength of this seed: evenly spread over the range, in a fixed order."""
        low, high = self.strength
        share = (seed * 0.6180339887 + 0.5) % 1.0
        return float(f"{math.exp(math.log(low) + share * (math.log(high) - math.log(low))):.4g}") if low > 0 else low


def setting(*names: str, whole: bool = False) -> Strength:
    """Settings that are the strength, if `whole` the nearest whole number."""
    return lambda strength: {name: round(strength) if whole else strength for name in names}


FEW = setting("data.limit", whole=True)
FAST = {"training.batch_size": 32, "training.optimiser.learning_rate": 3e-3}


def rates(discriminator: float | None = None, generator: float | None = None) -> Strength:
    """Learning rates of the players, each that many times the strength; None leaves a rate alone."""

    def settings(strength: float) -> Mapping[str, Any]:
        found = {}
        if discriminator is not None:
            found["training.players.discriminator.learning_rate"] = discriminator * strength
        if generator is not None:
            found["training.players.generator.learning_rate"] = generator * strength
        return found

    return settings
