"""Measures the time of a training step of several models in turn, so that all of them meet the same load of the machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from saddlepoint import data, models
from saddlepoint.data.batches import Batches
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.studies.claims.code_models import CodeModel
from saddlepoint.studies.claims.trial import SettingsTrial, TensorOutcome
from saddlepoint.training.devices import Devices
from saddlepoint.training.loop import play
from saddlepoint.training.state import TrainingState
from saddlepoint.training.threads import using_threads


@dataclass(frozen=True)
class StepTimes(SettingsTrial):
    """Models whose steps are timed one model after another, once for each seed.

    Attributes:
        models: the models, whose training settings are used.
        steps: steps that are timed.
        warm_up: steps before these.
        most: largest number of seeds.
    """

    models: tuple[CodeModel, ...]
    steps: int
    warm_up: int
    most: int

    @property
    def weight(self) -> float:
        """Training time relative to other trials."""
        return 4e3 * len(self.models) * (self.steps + self.warm_up) * self.most / 12

    def train(self, seeds: int, *, threads: int, report: Callable[[float], None]) -> StepSeconds:
        """Time all models with seeds 0, 1, ...; see `Trial.train`."""
        seeds = min(seeds, self.most)
        seconds = torch.empty(len(self.models), seeds, dtype=torch.float64)
        with using_threads(threads):
            for seed in range(seeds):
                for place, own in enumerate(self.models):
                    dataset = data.load(DataSettings(source=own.source))
                    seconds[place, seed] = self._step_seconds(own, dataset, seed)
                report((seed + 1) / seeds)
        return StepSeconds(self, seconds)

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> StepSeconds:
        """Restore the outcome from its `parts()`."""
        return StepSeconds(self, **tensors)

    def _step_seconds(self, own: CodeModel, dataset: Dataset, seed: int) -> float:
        """Mean processor time of a step of a single run, in seconds."""
        settings = own.training.model_copy(
            update={"seed": seed, "steps": self.warm_up + self.steps, "tick": self.warm_up}
        )
        model = models.build(own.model, dataset.event, seed=seed)
        state = TrainingState.start(model, settings, Devices.choose("cpu", "fp32", model))
        batches = Batches(dataset, settings.batch_size, seed, "cpu", model.scaling)
        began = 0.0
        for record in play(model, batches, settings, state):
            if record is not None and record.step == self.warm_up:
                began = time.process_time()
        return (time.process_time() - began) / self.steps


@dataclass(frozen=True, eq=False)
class StepSeconds(TensorOutcome):
    """The result.

    Attributes:
        setup: the trial.
        seconds: (M, S) float64, processor time of a step of each model, timed in turn with each seed.
    """

    setup: StepTimes
    seconds: Tensor

    @property
    def seeds(self) -> int:
        """Number of seeds."""
        return self.seconds.shape[1]
