"""The trials of the benchmark of few photographs, and what is kept of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tables.outcomes import recipe_key

SAMPLES = 2_000
POLICY = ["color", "translation", "cutout"]
SHARES = (1.0, 0.2, 0.1)
RECIPE, CONDITIONAL = "photographs", "photographs-conditional"
# The average of weights and the adaptive probability follow faster than in the recipes, because runs are short.
STEPS = 1_000
SETTINGS: dict[str, Any] = {"training.ema": 0.99}
PLAIN = "none"
VIEWS: dict[str, dict[str, Any]] = {
    PLAIN: {"model.views.diffaugment": 0.0},
    "diffaugment": {"model.views.diffaugment.policy": POLICY},
    "adaptive_augmentation": {
        "model.views.diffaugment": 0.0,
        "model.views.adaptive_augmentation.policy": POLICY,
        "model.views.adaptive_augmentation.images": 20_000,
    },
}
REAL = "real training images"
FEATURES = {"contrastive": "self-supervised", "classifier": "classifier"}


@dataclass(frozen=True)
class Outcome:
    """The outcome of one run.

    Attributes:
        images: number of training images.
        contrastive: Fréchet distance between samples and test images in features learned without labels.
        classifier: the same in the features of a classifier.
        memorised: probability that the discriminator gives a training image a higher score than a test image; None for real images.
        accuracy: share of samples that the classifier assigns to the class asked for; None for unconditional models.
        diversity: mean distance of two samples of a class relative to two test images of it, mean over classes; None likewise.
        seconds: of training; 0 for real images.
    """

    images: int
    contrastive: float
    classifier: float
    memorised: float | None
    accuracy: float | None
    diversity: float | None
    seconds: float


@dataclass(frozen=True)
class Trial:
    """One run: recipe, view, share of the training images and seed."""

    row: str
    view: str
    share: float
    seed: int
    steps: int = STEPS
    quick: bool = False

    @cached_property
    def recipe(self) -> Any:
        """The recipe of the run, without its data; that of `photographs` for the row of real images, which is not trained."""
        from saddlepoint.recipe import Recipe

        quick = {"training.batch_size": 8} if self.quick else {}
        steps = {"training.steps": 3 if self.quick else self.steps, "training.seed": self.seed}
        own = {} if self.row == REAL else {**VIEWS[self.view], **steps}
        return Recipe.load(RECIPE if self.row == REAL else self.row).override({**SETTINGS, **own, **quick})

    @property
    def key(self) -> str:
        """The key of its outcome."""
        return recipe_key(f"{self.row}-{self.view}-{self.share:g}-{self.seed}", self.recipe, SAMPLES, self.quick)


def trials(seeds: int, *, steps: int = STEPS, quick: bool = False) -> list[Trial]:
    """All trials, in rounds of one of every row."""
    shares, views = (SHARES[-1:], (PLAIN, "adaptive_augmentation")) if quick else (SHARES, tuple(VIEWS))
    rows = [
        (REAL, PLAIN, 1.0),
        *((RECIPE, view, share) for share in shares for view in views),
        (CONDITIONAL, "diffaugment", 1.0),
    ]
    return [Trial(*row, seed, steps, quick) for seed in range(seeds) for row in rows]
