"""What the table of Stacked MNIST's modes trains: rows, their recipes and trials, and what a trial's outcome holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tables.outcomes import hashed_key, recipe_key

SAMPLES, MODES = 26_000, 1_000
RECIPE = "stacked-mnist"
RECIPE_ROW = f"recipe {RECIPE}"

# Channels 32-16 in the generator and 4-8 in the discriminator: those of PacGAN's table 3 with D half as wide as G, 64-32-16-8
# and 4-8-16, as near as networks with fewer levels come to it.
GAME: dict[str, Any] = {
    "description": "A row of the benchmark of Stacked MNIST.",
    "data": {"source": "stacked-mnist", "points": 128_000},
    "model": {
        "family": "gan",
        "latent": 256,
        "generator": {"network": "dcgan", "width": 16},
        "discriminator": {"network": "dcgan", "width": 4},
    },
    "training": {
        "batch_size": 64,
        "optimiser": {"learning_rate": 1.0e-3, "betas": [0.5, 0.99], "schedule": "cosine"},
        "precision": "fp32",
        "ema": 0.999,
    },
}
_NO_NORM = {"model.discriminator.arguments": {"normalisation": "none"}}
_NO_MOMENTUM = {"training.optimiser.betas": [0.0, 0.99]}


@dataclass(frozen=True)
class Row:
    """One game of the table.

    Attributes:
        steps: of the generator. The rows were given equal time in short tries, not equal steps.
        settings: that differ from `GAME`.
    """

    steps: int
    settings: dict[str, Any]


ROWS = {
    "DCGAN": Row(6_000, {}),
    "PacGAN2": Row(6_000, {"model.discriminator.packing": 2}),
    "WGAN-GP": Row(
        1_200,
        {
            **_NO_NORM,
            **_NO_MOMENTUM,
            "model.objective": "wasserstein",
            "model.penalties.gradient_penalty": 10.0,
            "model.updates.discriminator": 5,
        },
    ),
    "SNGAN": Row(5_000, {**_NO_NORM, "model.objective": "hinge", "model.constraints.discriminator": "spectral"}),
    "R3GAN-like": Row(
        3_500,
        {
            **_NO_NORM,
            **_NO_MOMENTUM,
            "model.objective": "relativistic",
            "model.penalties.r1": 1.0,
            "model.penalties.r2": 1.0,
        },
    ),
}


@dataclass(frozen=True)
class Outcome:
    """The outcome of one trial.

    Attributes:
        modes: of the 1,000, with one sample or more.
        kl: of the modes' shares from equal ones, in nats; log 1,000, the largest there is, if samples are not finite.
        steps: of training.
        seconds: of training, on one thread.
    """

    modes: int
    kl: float
    steps: int
    seconds: float


@dataclass(frozen=True)
class Trial:
    """A recipe of a row, with its seed."""

    row: str
    seed: int
    recipe: Any

    @property
    def key(self) -> str:
        """The key of its outcome."""
        return recipe_key(f"{self.row}-{self.seed}", self.recipe, SAMPLES)


@dataclass(frozen=True)
class RealOutcome:
    """What real test images score.

    Attributes:
        modes: as in `Outcome`.
        kl: as in `Outcome`.
        accuracy: share of single test digits that the classifier recognises.
    """

    modes: int
    kl: float
    accuracy: float


@dataclass(frozen=True)
class RealTrial:
    """Real test images in the place of samples.

    Attributes:
        samples: the number of images.
        points: training images, more than `samples`: the data with which the rows were trained.
    """

    samples: int
    points: int

    @property
    def key(self) -> str:
        """The key of its outcome."""
        return hashed_key("real-test-images", self.samples, self.points)


def recipes(quick: bool) -> dict[str, Any]:
    """The recipe of every row, by its name."""
    from saddlepoint.recipe import Recipe

    game = Recipe.from_mapping({"name": "stacked-mnist-game", **GAME})
    found = {name: game.override({**row.settings, "training.steps": row.steps}) for name, row in ROWS.items()}
    found[RECIPE_ROW] = Recipe.load(RECIPE)
    few = {"training.steps": 2, "data.points": 200} if quick else {}
    return {name: recipe.override(few) for name, recipe in found.items()}


def trials(seeds: int, quick: bool) -> list[Trial]:
    """All trials, in rounds of one of every row."""
    return [
        Trial(name, seed, recipe.override({"training.seed": seed}))
        for seed in range(seeds)
        for name, recipe in recipes(quick).items()
    ]
