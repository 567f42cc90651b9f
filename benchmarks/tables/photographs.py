"""The photographs of the benchmark of few data: training on a share of them, and what is measured of samples."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from tables.bare_runs import train_bare
from tables.few_data_plan import FEATURES, REAL, SAMPLES, Outcome, Trial


class Photographs:
    """The photographs, and the features in which samples are compared with the test images."""

    def __init__(self, folder: Path, *, quick: bool) -> None:
        from saddlepoint.data import load
        from saddlepoint.data.settings import DataSettings
        from saddlepoint.evaluation.features import build_features

        side = 8 if quick else 32
        self.source = {"data.source": str(folder), "data.size": side}
        self.data = load(DataSettings(source=str(folder), size=(side, side), limit=200 if quick else None))
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
            len(self.data),
            **self.distances(x),
            memorised=None,
            accuracy=accuracy,
            diversity=self.diversity(x, y),
            seconds=0.0,
        )

    def train(self, trial: Trial) -> Outcome:
        """Train one run, and measure samples of the averaged generator."""
        import torch

        if trial.row == REAL:
            return self.measure_real(trial.seed)
        limit = max(8, round(trial.share * len(self.data)))
        trained = train_bare(trial.recipe.override({**self.source, "data.limit": limit}))
        model, dataset = trained.model, trained.dataset
        conditional = model.classes is not None
        labels = torch.arange(SAMPLES) % model.classes if conditional else None
        x = trained.sample(SAMPLES, trial.seed, labels)
        parts = [(part.x[:SAMPLES], part.y[:SAMPLES] if conditional else None) for part in (dataset, self.test)]
        shown, new = (model.logits(*part) for part in parts)
        return Outcome(
            len(dataset),
            **self.distances(x),
            memorised=float((shown[:, None] > new).double().mean()),
            accuracy=self.accuracy(x, labels) if conditional else None,
            diversity=self.diversity(x, labels) if conditional else None,
            seconds=trained.state.seconds,
        )
