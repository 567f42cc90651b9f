"""The runs of the benchmark of few photographs: their settings, training, and what is measured of their samples."""

from __future__ import annotations

import hashlib
import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        contrastive: Fréchet distance between samples and test images in features learned without labels.
        classifier: the same in the features of a classifier.
        memorised: probability that the discriminator gives a training image a higher score than a test image; None for real images.
        accuracy: share of samples that the classifier assigns to the class asked for; None for unconditional models.
        diversity: mean distance of two samples of a class relative to two test images of it, mean over classes; None likewise.
        seconds: of training; 0 for real images.
    """

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

    @property
    def settings(self) -> dict[str, Any]:
        """All settings that differ from the recipe, but the number of images."""
        quick = {"training.batch_size": 8} if self.quick else {}
        steps = {"training.steps": 3 if self.quick else self.steps, "training.seed": self.seed}
        return {**SETTINGS, **VIEWS[self.view], **steps, **quick}

    def place(self, keep: Path) -> Path:
        """Its file, under a hash of all that determines the outcome except the code."""
        known = json.dumps([self.row, self.settings, self.share, self.quick], sort_keys=True)
        name = f"{self.row}-{self.view}-{self.share:g}-{self.seed}".replace(" ", "-")
        return keep / f"{name}-{hashlib.sha256(known.encode()).hexdigest()[:12]}.json"


def trials(seeds: int, *, steps: int = STEPS, quick: bool = False) -> list[Trial]:
    """All trials, in rounds of one of every row."""
    shares, views = (SHARES[-1:], (PLAIN, "adaptive_augmentation")) if quick else (SHARES, tuple(VIEWS))
    rows = [
        (REAL, PLAIN, 1.0),
        *((RECIPE, view, share) for share in shares for view in views),
        (CONDITIONAL, "diffaugment", 1.0),
    ]
    return [Trial(*row, seed, steps, quick) for seed in range(seeds) for row in rows]


class Photographs:
    """The photographs, and the features in which samples are compared with the test images."""

    def __init__(self, folder: Path, *, quick: bool) -> None:
        from saddlepoint.data import load
        from saddlepoint.data.settings import DataSettings
        from saddlepoint.evaluation.features import build_features

        self.source = {"data.source": str(folder), "data.size": 8 if quick else 32}
        self.data = load(
            DataSettings(source=str(folder), size=(8, 8) if quick else (32, 32), limit=200 if quick else None)
        )
        assert self.data.held_out is not None
        assert self.data.held_out.y is not None
        self.test = self.data.held_out
        self.features = {name: build_features(kind, self.data) for name, kind in FEATURES.items()}
        self.test_rows = {name: features(self.test.x) for name, features in self.features.items()}

    def distances(self, x: Any) -> dict[str, float]:
        """Fréchet distances between images and the test images, by features."""
        from saddlepoint.evaluation.metrics.frechet import frechet_distance

        return {name: frechet_distance(features(x), self.test_rows[name]) for name, features in self.features.items()}

    def accuracy(self, x: Any, labels: Any) -> float:
        """Share of images that the classifier assigns to their class."""
        return float((self.features["classifier"].probabilities(x).argmax(1) == labels).double().mean())

    def diversity(self, x: Any, labels: Any) -> float:
        """Mean distance of two images of a class relative to two test images of it, in contrastive features; mean over classes."""
        from saddlepoint.evaluation.metrics.diversity import mean_distance

        rows, real = self.features["contrastive"](x), self.test_rows["contrastive"]
        return statistics.fmean(
            mean_distance(rows[labels == label]) / mean_distance(real[self.test.y == label])
            for label in range(int(labels.max()) + 1)
        )

    def measure_real(self, seed: int) -> Outcome:
        """Measure training images as if they were samples. The classifier was trained on them, so its accuracy is that of test images."""
        import torch

        chosen = torch.randperm(len(self.data), generator=torch.Generator().manual_seed(10_000 + seed))[:SAMPLES]
        assert self.data.y is not None
        x, y = self.data.x[chosen], self.data.y[chosen]
        accuracy = self.accuracy(self.test.x, self.test.y)
        return Outcome(
            **self.distances(x), memorised=None, accuracy=accuracy, diversity=self.diversity(x, y), seconds=0.0
        )

    def train(self, trial: Trial) -> Outcome:
        """Train one run as `saddlepoint train` does, without records and pictures, and measure samples of the averaged generator."""
        import torch

        from saddlepoint.data import load
        from saddlepoint.data.batches import Batches
        from saddlepoint.models import build
        from saddlepoint.recipe import Recipe
        from saddlepoint.training import Devices, TrainingState, play

        torch.set_num_threads(1)
        if trial.row == REAL:
            return self.measure_real(trial.seed)
        limit = max(8, round(trial.share * len(self.data)))
        recipe = Recipe.load(trial.row).override({**self.source, **trial.settings, "data.limit": limit})
        dataset = load(recipe.data)
        training = recipe.training.model_copy(update={"tick": recipe.training.steps})
        model = build(recipe.model, dataset.event, seed=training.seed)
        devices = Devices.choose("cpu", training.precision, model)
        state = TrainingState.start(model, training, devices)
        conditional = model.classes is not None
        batches = Batches(dataset, training.batch_size, training.seed, "cpu", model.scaling, labels=conditional)
        for _ in play(model, batches, training, state):
            pass
        labels = torch.arange(SAMPLES) % len(dataset.event.class_names or "-") if conditional else None
        with state.averaged(model):
            x = model.sample(SAMPLES, labels=labels, generator=torch.Generator().manual_seed(10_000 + trial.seed))
        parts = [(part.x[:SAMPLES], part.y[:SAMPLES] if conditional else None) for part in (dataset, self.test)]
        shown, new = (model.logits(*part) for part in parts)
        return Outcome(
            **self.distances(x),
            memorised=float((shown[:, None] > new).double().mean()),
            accuracy=self.accuracy(x, labels) if conditional else None,
            diversity=self.diversity(x, labels) if conditional else None,
            seconds=state.seconds,
        )
