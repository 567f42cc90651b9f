"""What the adversarial zoo trains: data sets, losses, penalties, and the trials of every sensible combination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tables.diagnosed_runs import NO_PICTURES
from tables.outcomes import recipe_key
from tables.trials import SHORT

PLAIN = ("non-saturating", "none")
# Without f-jensen-shannon: its players have the gradients of the non-saturating loss, so it is the same game
# (tests/objectives/adversarial compares the two).
LOSSES = (
    "non-saturating",
    "minimax",
    "least-squares",
    "hinge",
    "wasserstein",
    "relativistic",
    "relativistic-average",
    "relativistic-average-hinge",
    "f-kl",
    "f-reverse-kl",
    "f-pearson",
    "f-squared-hellinger",
)
# The weight of the slope penalties is that of the data's best recipe; the others are those of their papers.
PENALTIES: dict[str, dict[str, Any]] = {
    "none": {},
    "r1": {"model.penalties.r1": "weight"},
    "r1, r2": {"model.penalties.r1": "weight", "model.penalties.r2": "weight"},
    "zero-centred": {"model.penalties.zero_centred": "weight"},
    "gradient penalty": {"model.penalties.gradient_penalty": 10.0},
    "spectral": {"model.constraints.discriminator": "spectral"},
}
# A critic without any limit has no best value, so a game without a penalty is not sensible for these.
UNLIMITED = ("wasserstein", "f-kl", "f-pearson")


@dataclass(frozen=True)
class Data:
    """The settings that all games of a data set share.

    Attributes:
        base: the recipe.
        settings: that differ from it.
        weight: of the slope penalties.
    """

    base: str
    settings: dict[str, Any]
    weight: float


_RATE = {"training.optimiser.betas": [0.0, 0.99], "training.optimiser.schedule": "cosine"}
_NARROW = {"model.generator.width": 16, "model.discriminator.width": 16}  # a run takes about a minute of one core
# Penalties of the slope are about the score of one example, which BatchNorm would make depend on its batch (SET403).
_SINGLE = {"model.discriminator.arguments": {"normalisation": "none"}}
DATA = {
    "ring": Data("toy-ring", {"training.steps": 3_000, "data.points": 20_000, **_RATE}, 0.1),
    "grid": Data("toy-grid", {"training.steps": 3_000, "data.points": 20_000, **_RATE}, 0.1),
    "digits": Data(
        "gan-digits", {"training.steps": 3_000, "model.labels.smoothing": 0.0, "model.penalties.r1": 0.0}, 1.0
    ),
    "mnist": Data(
        "dcgan-mnist",
        {"training.steps": 1_000, "training.batch_size": 64, "data.limit": 20_000, **_NARROW, **_SINGLE},
        1.0,
    ),
}


@dataclass(frozen=True)
class Trial:
    """One run: data, loss, penalty and seed."""

    data: str
    loss: str
    penalty: str
    seed: int
    quick: bool = False

    @cached_property
    def recipe(self) -> Any:
        """The recipe of the game."""
        from saddlepoint.recipe import Recipe

        of = DATA[self.data]
        parts = {name: of.weight if value == "weight" else value for name, value in PENALTIES[self.penalty].items()}
        short = SHORT if self.quick else {}
        own = {"model.objective": self.loss, **parts, **NO_PICTURES, "training.seed": self.seed, **short}
        return Recipe.load(of.base).override({**of.settings, **own})

    @property
    def key(self) -> str:
        """The key of its outcome."""
        return recipe_key(f"{self.data}-{self.loss}-{self.penalty}-{self.seed}", self.recipe)


@dataclass(frozen=True)
class CostTrial:
    """The cost of a step of one game on one data set."""

    trial: Trial

    @property
    def key(self) -> str:
        """The key of its outcome."""
        return recipe_key(f"{self.trial.data}-{self.trial.loss}-{self.trial.penalty}-cost", self.trial.recipe, "cost")


def trials(data: Sequence[str], seeds: int, quick: bool) -> list[Trial]:
    """All trials, in rounds of one of every game."""
    games = [(loss, penalty) for loss in LOSSES for penalty in PENALTIES if penalty != "none" or loss not in UNLIMITED]
    if quick:
        games = [PLAIN, ("hinge", "spectral"), ("wasserstein", "gradient penalty"), ("relativistic", "r1, r2")]
    return [Trial(name, *game, seed, quick) for seed in range(seeds) for name in data for game in games]
