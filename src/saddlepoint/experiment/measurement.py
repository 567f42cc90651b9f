"""Measurements of a model during training, and fitting of parts that are not trained; neither changes training.

The examples for both are drawn once, at random, by the seed of the split. The first examples of ordered data, for example
sorted by class, would not be representative.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.split import shuffled_order
from saddlepoint.evaluation.monitors import Monitor, quality
from saddlepoint.evaluation.result import MOST, assess_result
from saddlepoint.evaluation.settings import EvaluationSettings
from saddlepoint.experiment.best_step import BestStep
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import (
    Conditional,
    Fits,
    GenerativeModel,
    HasCodes,
    HasLatentPosterior,
    Reports,
    has,
)
from saddlepoint.records import Result
from saddlepoint.training import Devices
from saddlepoint.training.ema import MovingAverage

MEASURED = 2_000  # held-out examples behind the held-out series
RECONSTRUCTED = 500  # training examples whose reconstructions are compared with samples
FITTED = 10_000  # training examples behind what is fitted rather than trained

Attempt = Callable[[str, str], contextlib.AbstractContextManager[None]]


class TrainedWeights(Protocol):
    """The state of training that a measurement needs: a `TrainingState`, or the state of another training loop."""

    @property
    def step(self) -> int:
        """Steps done."""

    @property
    def devices(self) -> Devices:
        """Device and precision."""

    @property
    def averages(self) -> Mapping[str, MovingAverage]:
        """Moving averages of the weights by player; empty if there are none."""

    def averaged(self, model: Model) -> contextlib.AbstractContextManager[None]:
        """Context manager: players with a moving average use the averaged weights."""


class Measurement:
    """Measures one model: the quality series, the model's own held-out series, and which step was best."""

    def __init__(
        self,
        dataset: Dataset,
        model: Model,
        weights: TrainedWeights,
        settings: EvaluationSettings,
        attempt: Attempt,
        *,
        seed: int = 0,
        split_seed: int = 0,
    ) -> None:
        """Choose the examples and project them.

        Args:
            dataset: training examples, with their held-out part if there is one.
            model: the model to measure.
            weights: the state of its training.
            settings: the `evaluation` section of a recipe.
            attempt: a context that reports and suppresses an error, so that training continues.
            seed: of the fits.
            split_seed: of the choice of examples.
        """
        self.progress = BestStep()
        self._quality = quality.Quality(dataset, settings)
        self._monitor = Monitor(dataset, model, self._quality.project, settings.seed, weights.devices.device)
        self._dataset, self._model, self._weights, self._attempt = dataset, model, weights, attempt
        self._evaluation_seed, self._seed = settings.seed, seed
        self._held_out = dataset.held_out if dataset.held_out is not None and len(dataset.held_out) else None
        self._measured_on = shuffled_order(len(self._held_out or ()), split_seed)[:MEASURED]
        self._fitted_on = shuffled_order(len(dataset), split_seed)[:FITTED]
        self._fitted_at: int | None = None
        self._can_sample = has(model, GenerativeModel)  # a loop of the user's own may have given no sampler

    def to_json(self) -> dict[str, Any]:
        """Return the state as JSON values, for a checkpoint."""
        return {**self.progress.to_json(), "watched": self._monitor.to_json()}

    def load(self, saved: dict[str, Any]) -> None:
        """Restore the state from the result of `to_json`."""
        self.progress.load(saved)
        self._monitor.load(saved.get("watched"))

    @property
    def best(self) -> dict[str, Any] | None:
        """{"step", "series", "value"} of the best step; None if no step was better than the untrained model so far."""
        return self.progress.best

    @property
    def distances(self) -> dict[str, float | None]:
        """Energy distances to held-out data of the untrained model, the newest model and real data, and the newest precision."""
        progress = self.progress
        distances = {"first": progress.first, "last": progress.last, "floor": self._quality.baseline}
        return {**distances, "precision": progress.precision}

    def result(self) -> Result:
        """Assess how close samples of the current weights, or their moving averages, are to the data.

        Samples come from a generator of the evaluation's seed, so that the same weights always have the same result.
        """
        if not self.has_finite_weights():
            return Result.not_measured("weights are not finite")
        if not self.fit():
            return Result.not_measured("there is nothing to sample from")
        generator = torch.Generator(self._weights.devices.device).manual_seed(self._evaluation_seed)
        with self._weights.averaged(self._model):
            count = quality.affordable(MOST, self._dataset.event.size)
            samples = self._model.sample(count, generator=generator)
        return assess_result(samples, self._dataset, seed=self._evaluation_seed)

    def probe(self) -> dict[str, float]:
        """Return the cheap series that rules use; empty if weights are not finite, which other series report."""
        if not self.has_finite_weights():
            return {}
        averages = {name: average.module for name, average in self._weights.averages.items()}
        with self._weights.devices.autocast() or contextlib.nullcontext():
            return self._monitor.probe(averages)

    def pass_examples(self) -> None:
        """Run the players on fixed examples in evaluation mode, for hooks that observe their activations."""
        self._monitor.pass_through()

    def measure(self, step: int) -> dict[str, float]:
        """Return the quality series and the model's own held-out series, and compare them with the best step.

        The quality series is left out if the model cannot sample because a part of it could not be fitted; NaN would mean that
        training diverged.
        """
        if not self.has_finite_weights():
            self.progress.mark_not_finite()
            return {quality.SERIES: math.nan}
        can_sample = self.fit()
        values: dict[str, float] = {}
        with self._weights.averaged(self._model):
            if can_sample:
                values |= self._quality.series(self._model) | self._monitor.measure()
            if self._held_out is not None and has(self._model, Reports):
                values |= self._model_series(self._model, self._held_out)
            elif can_sample and has(self._model, HasLatentPosterior):
                values |= self._reconstructed(self._model)
        shares = self._quality.shares if can_sample else None
        self.progress.update(step, values, shares, self._model.selection_metric)
        return values

    def _model_series(self, model: Reports, held_out: Dataset) -> dict[str, float]:
        """The model's own series of held-out examples and of as many training examples, with the same noise for both."""
        device = self._weights.devices.device

        def generator() -> torch.Generator:
            return torch.Generator(device).manual_seed(self._evaluation_seed)

        x = held_out.x[self._measured_on].to(device)
        chosen = self._fitted_on[: len(x)]
        training = self._dataset.x[chosen].to(device)
        own, others = self._dataset.y, held_out.y
        series = {
            **model.held_out_series(x, generator(), None if others is None else others[self._measured_on]),
            **model.training_series(training, generator(), None if own is None else own[chosen]),
        }
        values = {name: float(value.float().mean() if value.ndim else value) for name, value in series.items()}
        if has(model, HasCodes):
            for name in series:
                if name.endswith("/active_units"):
                    classes = (model.classes or 0) if has(model, Conditional) else 0
                    values[name.replace("units", "share")] = float(series[name]) / (model.latent - classes)
        if has(model, HasLatentPosterior):
            values |= self._reconstructed(model)
        return values

    def _reconstructed(self, model: HasLatentPosterior) -> dict[str, float]:
        """How far reconstructions of training examples are from the data.

        The prior has holes where samples are far from the data and reconstructions are close to it.
        """
        chosen = self._fitted_on[:RECONSTRUCTED]
        if self._held_out is not None:
            chosen = chosen[: len(self._measured_on)]
        if len(chosen) < 2:
            return {}
        training = self._dataset.x[chosen].to(self._weights.devices.device)
        reconstructed = model.decode(model.encode(training))
        return {f"{model.encoder_player}/reconstruction_distance": self._quality.distance(reconstructed)}

    def has_finite_weights(self) -> bool:
        """Return whether all weights and moving averages are finite."""
        modules = [
            *self._model.players.values(),
            *(average.module for average in self._weights.averages.values()),
        ]
        weights = [parameter.detach() for module in modules for parameter in module.parameters()]
        if not weights:  # what the model learns is not a network
            learnt = [value for value in self._model.extra_state().values() if value.is_floating_point()]
            return all(bool(value.isfinite().all()) for value in learnt)
        # A norm is finite if all its terms are, unless it overflows; single weights are tested only where one is not.
        if bool(torch.stack([norm.float() for norm in torch._foreach_norm(weights)]).isfinite().all()):
            return True
        return all(bool(weight.isfinite().all()) for weight in weights)

    def fit(self) -> bool:
        """Fit the parts that are not trained to the current weights, once for each step.

        Call this before every use of the fitted parts. The fit then depends on the step only, not on earlier measurements or
        checkpoints. If the fit fails, an earlier fit, which belongs to other weights, is discarded.

        Returns:
            Whether the model can be sampled.
        """
        model = self._model
        if not has(model, Fits) or self._fitted_at == self._weights.step:
            return self._can_sample
        self._fitted_at, self._can_sample = self._weights.step, False
        with self._attempt("The distribution of codes", "fitted"):
            try:
                model.fit(self._examples(), self._generator())
                self._can_sample = True
            except Exception:
                self._model.load_extra_state({})
                raise
        return self._can_sample

    def _examples(self) -> Tensor:
        return self._dataset.x[self._fitted_on].to(self._weights.devices.device)

    def _generator(self) -> torch.Generator:
        return torch.Generator(self._weights.devices.device).manual_seed(self._seed)
