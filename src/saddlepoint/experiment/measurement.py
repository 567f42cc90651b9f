"""What a session measures of its model, and what it fits to the trained weights: beside training, never part of it.

Examples for both are drawn once, at random by the split's seed: the first so many of data that come in some order, all of
one class say, would be no sample of them.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.split import shuffled_order
from saddlepoint.evaluation.monitors import Watch, quality
from saddlepoint.evaluation.result import MOST, assess_result
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Fits, HasCodes, HasLatentPosterior, Reports, has
from saddlepoint.recipe import Recipe
from saddlepoint.records import Result
from saddlepoint.training import TrainingState
from saddlepoint.training.recycling import recycle
from saddlepoint.training.settings import LARGEST_SEED

MEASURED = 2_000  # held-out examples behind the held-out series
RECONSTRUCTED = 500  # training examples whose reconstructions are held against samples
FITTED = 10_000  # training examples behind what is fitted rather than trained

Spared = Callable[[str, str], contextlib.AbstractContextManager[None]]


class Measurement:
    """Measures one run: the quality series, the model's own held-out series, and which step was best by them.

    best: {"step", "series", "value"} of the best step so far; None while none was better than the untrained model.
    first, last: the quality of the untrained model and the newest one; None where there is none.
    """

    def __init__(self, recipe: Recipe, dataset: Dataset, model: Model, state: TrainingState, spared: Spared) -> None:
        """spared: a context that says what could not be done, and swallows the error, so that training goes on."""
        self.best: dict[str, Any] | None = None
        self._best_shares: Tensor | None = None
        self._last_shares: Tensor | None = None
        self.first: float | None = None
        self.last: float | None = None
        self._precision: float | None = None
        self._untrained: dict[str, float] = {}
        self._quality = quality.Quality(dataset, recipe.evaluation)
        device = state.devices.device
        self._watch = Watch(dataset, model, self._quality.project, recipe.evaluation.seed, device)
        self._recipe, self._dataset, self._model, self._state, self._spared = recipe, dataset, model, state, spared
        self._held_out = dataset.held_out if dataset.held_out is not None and len(dataset.held_out) else None
        seed = recipe.data.split_seed
        self._measured_on = shuffled_order(len(self._held_out or ()), seed)[:MEASURED]
        self._fitted_on = shuffled_order(len(dataset), seed)[:FITTED]
        self._fitted_at: int | None = None
        self._samples = True

    def to_json(self) -> dict[str, Any]:
        """What a checkpoint keeps of this."""
        return {
            "best": self.best,
            "best_shares": None if self._best_shares is None else self._best_shares.tolist(),
            "last_shares": None if self._last_shares is None else self._last_shares.tolist(),
            "first_quality": self.first,
            "last_quality": self.last,
            "last_precision": self._precision,
            "untrained": self._untrained,
            "watched": self._watch.to_json(),
        }

    def load(self, kept: dict[str, Any]) -> None:
        """Undo `to_json`."""
        self.best, self.first, self.last = kept["best"], kept["first_quality"], kept["last_quality"]
        self._untrained, self._precision = kept["untrained"], kept.get("last_precision")
        self._watch.load(kept.get("watched"))
        best, last = (kept.get(name) for name in ("best_shares", "last_shares"))
        self._best_shares = None if best is None else torch.tensor(best, dtype=torch.float64)
        self._last_shares = None if last is None else torch.tensor(last, dtype=torch.float64)

    def told_best(self) -> dict[str, Any] | None:
        """`best`; where it is by the quality series and the last measurement is another, with "behind", by how much that one is
        worse, and "behind_error", the standard error of this difference over draws of the noise, which both share."""
        best, last = self._best_shares, self._last_shares
        if self.best is None or best is None or last is None or self.last is None or not math.isfinite(self.last):
            return self.best
        error = quality.standard_error(last - best)
        return {**self.best, "behind": self.last - self.best["value"], "behind_error": error}

    @property
    def distances(self) -> dict[str, float | None]:
        """Energy distances to held-out data: the untrained model's, the newest, and those of real data; with them the newest
        precision."""
        distances = {"first": self.first, "last": self.last, "floor": self._quality.floor}
        return {**distances, "precision": self._precision}

    def result(self) -> Result:
        """How close samples of the present weights, or their moving averages, are to the data; by all measurements.

        Samples come from a generator of the evaluation's seed, so that the same weights always have the same result.
        """
        if not self.has_finite_weights():
            return Result.not_measured("weights are not finite")
        if not self.fit():
            return Result.not_measured("there is nothing to sample from")
        seed = self._recipe.evaluation.seed
        generator = torch.Generator(self._state.devices.device).manual_seed(seed)
        with self._state.averaged(self._model):
            count = quality.affordable(MOST, self._dataset.event.size)
            samples = self._model.sample(count, generator=generator)
        return assess_result(samples, self._dataset, seed=seed)

    def look(self) -> dict[str, float]:
        """What findings are read from and is cheap; nothing where weights are not finite, which other series say."""
        if not self.has_finite_weights():
            return {}
        state = self._state
        with state.devices.autocast() or contextlib.nullcontext():
            return self._watch.look({name: average.module for name, average in state.averages.items()})

    def recycle(self) -> dict[str, float]:
        """Reinitialise dead hidden units, independently of measurements: by what draws on the run's seed and this step alone."""
        if not self.has_finite_weights():
            return {}
        state, players = self._state, self._model.players
        seed = (self._recipe.training.seed + 1_000_003 * state.step) % LARGEST_SEED
        with state.devices.autocast() or contextlib.nullcontext():
            renewals = recycle(players, self._watch.pass_through, torch.Generator().manual_seed(seed))
        for name, renewal in renewals.items():
            average = state.averages[name].module if name in state.averages else None
            renewal.carry_to(players[name], state.optimisers[name], average)
        return {f"{name}/recycled_units": float(renewal.units) for name, renewal in renewals.items()}

    def measure(self, step: int) -> dict[str, float]:
        """The quality series and the model's own held-out series at this step; notes the best step.

        Without the quality series where the model has nothing to sample from because that could not be fitted: NaN would
        say that training diverged.
        """
        if not self.has_finite_weights():
            self.last, self._precision, self._last_shares = math.nan, None, None
            return {quality.SERIES: math.nan}
        sampling = self.fit()
        values: dict[str, float] = {}
        with self._state.averaged(self._model):
            if sampling:
                values |= self._quality.series(self._model) | self._watch.measure()
            if self._held_out is not None and has(self._model, Reports):
                values |= self._reported(self._model, self._held_out)
        self.last, self._precision = values.get(quality.SERIES), values.get(quality.PRECISION)
        self._last_shares = self._quality.shares if sampling else None
        if step == 0:
            self.first, self._untrained = self.last, values
        self._compare(step, values)
        return values

    def _reported(self, model: Reports, held_out: Dataset) -> dict[str, float]:
        """The model's own series of held-out examples and of as many training examples, with the same noise for both."""
        device = self._state.devices.device

        def generator() -> torch.Generator:
            return torch.Generator(device).manual_seed(self._recipe.evaluation.seed)

        x = held_out.x[self._measured_on].to(device)
        learnt = self._dataset.x[self._fitted_on[: len(x)]].to(device)
        series = {**model.held_out_series(x, generator()), **model.training_series(learnt, generator())}
        values = {name: float(value.float().mean() if value.ndim else value) for name, value in series.items()}
        if has(model, HasCodes):
            for name in series:
                if name.endswith("/active_units"):
                    values[name.replace("units", "share")] = float(series[name]) / model.latent
        if has(model, HasLatentPosterior) and len(learnt) > 1:
            # Far from the data where samples are and reconstructions are not: the prior has holes.
            again = model.decode(model.encode(learnt[:RECONSTRUCTED]))
            values[f"{model.encoder_player}/reconstruction_distance"] = self._quality.distance(again)
        return values

    def _compare(self, step: int, values: dict[str, float]) -> None:
        name, sign = self._model.judged_by if self._model.judged_by[0] in values else (quality.SERIES, -1)
        value = values.get(name, math.nan)
        comparable = self.best is None or self.best["series"] == name
        reached = self._untrained.get(name, math.nan) if self.best is None else self.best["value"]
        better = not math.isfinite(reached) or sign * value > sign * reached
        if step > 0 and math.isfinite(value) and comparable and better:
            self.best = {"step": step, "series": name, "value": value}
            self._best_shares = self._quality.shares if name == quality.SERIES else None

    def has_finite_weights(self) -> bool:
        """Whether every weight is a finite number."""
        modules = [*self._model.players.values(), *(average.module for average in self._state.averages.values())]
        weights = [parameter.detach() for module in modules for parameter in module.parameters()]
        if not weights:  # what the model learns is no network
            weights = [value for value in self._model.extra_state().values() if value.is_floating_point()]
            return all(bool(value.isfinite().all()) for value in weights)
        # A norm is finite where all its terms are, short of overflow; only where one is not, every weight is looked at.
        if bool(torch.stack([norm.float() for norm in torch._foreach_norm(weights)]).isfinite().all()):
            return True
        return all(bool(weight.isfinite().all()) for weight in weights)

    def fit(self) -> bool:
        """Fit what is fitted rather than trained to the present weights, once a step; whether there is what to sample from.

        Whoever uses it asks for it first: it then depends on the step alone, not on what was measured or saved before.
        Where it fails, an earlier fit is forgotten: it belonged to other weights.
        """
        model = self._model
        if not has(model, Fits) or self._fitted_at == self._state.step:
            return self._samples
        self._fitted_at, self._samples = self._state.step, False
        with self._spared("The distribution of codes", "fitted"):
            try:
                model.fit(self._examples(), self._generator())
                self._samples = True
            except Exception:
                self._model.load_extra_state({})
                raise
        return self._samples

    def _examples(self) -> Tensor:
        return self._dataset.x[self._fitted_on].to(self._state.devices.device)

    def _generator(self) -> torch.Generator:
        return torch.Generator(self._state.devices.device).manual_seed(self._recipe.training.seed)
