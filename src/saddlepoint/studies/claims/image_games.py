"""Trains a GAN on images from several seeds, one after another, and measures the samples while it trains.

Batch normalisation couples the examples of a batch, so such games cannot be trained many seeds at once (`lanes`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from saddlepoint import data, models
from saddlepoint.data.batches import Batches
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.evaluation.monitors.quality import Quality
from saddlepoint.evaluation.settings import EvaluationSettings
from saddlepoint.evaluation.statistics.intervals import Interval, exponential, mean_interval
from saddlepoint.models.base import Model
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.studies.claims.trial import SettingsTrial, TensorOutcome
from saddlepoint.training.devices import Devices
from saddlepoint.training.loop import play
from saddlepoint.training.settings import TrainingSettings
from saddlepoint.training.state import TrainingState
from saddlepoint.training.threads import using_threads

SAMPLES = 1_000  # behind an energy distance
SHOWN = 12  # samples of the first seed that the outcome holds
WORST, LEAST = 1.0, 1e-4  # energy distances: of unrelated points, and below any that so many samples tell from 0
WEIGHT_OF_STEP = 1e4  # training time of a step of a small DCGAN, in the units of `Setup.weight`
FEWEST = 5  # seeds of an image GAN that decide a claim


@dataclass(frozen=True)
class ImageGame(SettingsTrial):
    """A GAN on images, trained from several seeds.

    Attributes:
        model: settings of the model.
        training: settings of training; samples are measured at every `tick`.
        data: settings of the data.
        most: largest number of seeds.
    """

    model: GANSettings
    training: TrainingSettings
    data: DataSettings
    most: int

    @property
    def weight(self) -> float:
        """Training time relative to other trials."""
        return WEIGHT_OF_STEP * self.training.steps * self.most

    def train(self, seeds: int, *, threads: int, report: Callable[[float], None]) -> ImageOutcome:
        """Train from seeds 0, 1, ...; see `Trial.train`."""
        seeds = min(seeds, self.most)
        dataset = data.load(self.data)
        quality = Quality(dataset, EvaluationSettings(samples=SAMPLES))
        distances, costs, steps, shown = [], [], list[int](), torch.empty(0)

        def report_seed(seed: int, share: float) -> None:
            report((seed + share) / seeds)

        with using_threads(threads):
            for seed in range(seeds):
                model = models.build(self.model, dataset.event, seed=seed)
                training = self.training.model_copy(update={"seed": seed})
                steps, own, cost = train_measured(model, dataset, training, quality, partial(report_seed, seed))
                distances.append(own)
                costs.append(cost)
                if seed == 0:
                    shown = model.sample(SHOWN, generator=torch.Generator().manual_seed(0))
        return ImageOutcome(
            self,
            torch.tensor(steps),
            torch.tensor(distances, dtype=torch.float64).T,
            torch.tensor(costs, dtype=torch.float64),
            shown.cpu(),
        )

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> ImageOutcome:
        """Restore the outcome from its `parts()`."""
        return ImageOutcome(self, **tensors)


@dataclass(frozen=True, eq=False)
class ImageOutcome(TensorOutcome):
    """The results of S seeds.

    Attributes:
        setup: the trial.
        measured_at: (L,) int64, steps at which samples were measured.
        distance: (L, S) float64, energy distance of samples to held-out data; NaN where samples are not finite.
        step_seconds: (S,) float64, processor time of a training step.
        samples: (n, *event) samples of the first seed at the end, in the data's units.
    """

    setup: ImageGame
    measured_at: Tensor
    distance: Tensor
    step_seconds: Tensor
    samples: Tensor

    @property
    def seeds(self) -> int:
        """Number of seeds that were trained."""
        return self.distance.shape[1]

    def final_distance(self, share: float = 0.25) -> Tensor:
        """The geometric mean of the distance over the last measurements, which varies less than the last one.

        Args:
            share: share of the measurements that are used, in (0, 1].

        Returns:
            (S,) float64.
        """
        last = max(1, round(share * len(self.distance)))
        return log_distance(self.distance[-last:]).mean(0).exp()


def train_measured(
    model: Model,
    dataset: Dataset,
    training: TrainingSettings,
    quality: Quality,
    report: Callable[[float], None] = lambda share: None,
) -> tuple[list[int], list[float], float]:
    """Train a model in place on the CPU and measure its samples at every tick.

    Args:
        model: the model.
        dataset: the data.
        training: settings of training.
        quality: measures the energy distance.
        report: called with the share of the training that is done.

    Returns:
        The steps, the energy distance at each, and the mean processor time of a step in seconds, without measurements.
    """
    state = TrainingState.start(model, training, Devices.choose("cpu", "fp32", model))
    batches = Batches(dataset, training.batch_size, training.seed, "cpu", model.scaling)
    steps, distances, spent = [], [], 0.0
    began = time.process_time()
    for record in play(model, batches, training, state):
        spent += time.process_time() - began
        if record is not None:
            steps.append(record.step)
            distances.append(quality.measure(model))
            report(record.step / training.steps)
        began = time.process_time()
    return steps, distances, spent / max(training.steps, 1)


def log_distance(distance: Tensor) -> Tensor:
    """The logarithm of energy distances of any shape. Samples that are not finite count as the worst."""
    return distance.nan_to_num(WORST, WORST).clamp(LEAST, WORST).log()


def ratio_interval(of: Tensor, to: Tensor, level: float) -> Interval:
    """The geometric mean over seeds of the distances `of` divided by `to`, with its interval by Student's t.

    Args:
        of: (S,) distances.
        to: (S,) distances from the same seeds.
        level: confidence level of the interval, in (0, 1).
    """
    return exponential(mean_interval(log_distance(of) - log_distance(to), level=level))
