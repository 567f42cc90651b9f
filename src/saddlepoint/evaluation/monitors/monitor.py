"""The monitor of a run: cheap series that are probed often, and costly series that are measured rarely.

It works for any number of players: the series depend on the model's capabilities.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.monitors import adversarial, codes
from saddlepoint.evaluation.monitors.classes import ClassMonitor
from saddlepoint.evaluation.monitors.copies import (
    copying_beside_held_out,
    copying_beside_training,
    distance_to_nearest,
    distance_to_others,
    standard_error,
)
from saddlepoint.evaluation.monitors.leaks import leak_series
from saddlepoint.evaluation.monitors.neighbourhood import Neighbourhood, Project, modes_covered, shares_at, turnover
from saddlepoint.evaluation.monitors.quality import parts
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import (
    Adversarial,
    Augments,
    Composed,
    Conditional,
    HasLatentPosterior,
    Judges,
    has,
)
from saddlepoint.models.own_noise import global_seed_from
from saddlepoint.networks.activity import Activity, record_activity
from saddlepoint.objectives.phase import Batch

SAMPLES = 256  # generated for one probe
JUDGED = 128  # examples of each kind that networks are run on, and samples that are compared with all examples
PASSED = 1_024  # training examples, and as many samples, that `pass_through` runs through the networks
FITTED = 2_000  # training examples behind neighbourhoods
SEARCHED = 100_000  # training examples that copies are searched among; copies of the others are not found
ENOUGH = 100  # held-out examples; with fewer, copies are recognised by the training examples alone
FEWEST = 8  # training examples in each half that are compared for signs of augmentation

Signals = dict[str, Tensor]


class Monitor:
    """Measures one model repeatedly, always with the same examples and noise."""

    def __init__(self, dataset: Dataset, model: Model, project: Project, seed: int, device: torch.device) -> None:
        """Select the examples and fit the neighbourhoods.

        Args:
            dataset: training and held-out examples.
            model: to measure.
            project: (N, *event) in the data's units -> (N, d) float32, on the device of its argument.
            seed: of the examples and of the noise.
            device: of the model.
        """
        self._model, self._device, self._seed = model, device, seed
        self._project = project
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(dataset), generator=generator)
        held_out = dataset.held_out if dataset.held_out is not None and len(dataset.held_out) >= 2 else None
        self._training = self._examples(dataset, order[:JUDGED])
        self._dataset, self._many = dataset, order[:PASSED]
        self._held_out: Batch | None = None
        if held_out is not None:
            chosen = torch.randperm(len(held_out), generator=generator)
            self._held_out = self._examples(held_out, chosen[:JUDGED])
        self._before: Tensor | None = None
        if not has(model, Adversarial):
            return
        size = dataset.event.size
        fitted = torch.cat([project(dataset.x[part]) for part in parts(order[:FITTED], size)])
        self._neighbourhood = Neighbourhood(project, fitted, seed)
        self._neighbourhood.to(device)
        self._by_class: ClassMonitor | None = None
        if has(model, Conditional) and model.classes and dataset.y is not None:
            self._by_class = ClassMonitor(fitted, dataset.y[order[:FITTED]], model.classes)
            self._by_class.to(device)
        truth = dataset.truth
        self._modes: tuple[Tensor, float] | None = None
        if truth is not None and truth.modes is not None and truth.mode_std is not None:
            self._modes = (truth.modes.to(device).float(), float(truth.mode_std))
        self._searched = torch.cat([project(dataset.x[part]) for part in parts(order[:SEARCHED], size)])
        self._usual: Tensor | None = None
        self._others: Tensor | None = None
        if held_out is not None and len(held_out) >= ENOUGH:
            # All of them: the standard error of `copies` increases as their number decreases.
            self._others = torch.cat([project(held_out.x[part]) for part in parts(chosen[:SEARCHED], size)])

    def _examples(self, dataset: Dataset, index: Tensor) -> Batch:
        """Examples in the data's units with their labels, on the device."""
        y = dataset.y
        return Batch(dataset.x[index].to(self._device), None if y is None else y[index].to(self._device))

    def _scaled(self, examples: Batch) -> Batch:
        """The same examples in the model's units."""
        return Batch(self._model.model_units(examples.x), examples.y)

    def to_json(self) -> list[float] | None:
        """The shares of the last probe, which the next one is compared with."""
        return None if self._before is None else self._before.tolist()

    def load(self, state: list[float] | None) -> None:
        """Restore the state of `to_json`."""
        self._before = None if state is None else torch.tensor(state, device=self._device)

    def probe(self, sampled: Mapping[str, Any]) -> dict[str, float]:
        """All cheap series of the present model, by one transfer to the host.

        Args:
            sampled: by name, the players that generate samples instead of the model's own (moving averages).
        """
        with torch.no_grad():
            return _to_host(self._signals(sampled))

    def measure(self) -> dict[str, float]:
        """Costly series: signs of copying, and of augmentation in the samples. The caller activates moving averages first."""
        model = self._model
        if not has(model, Adversarial) or len(self._searched) < 3:
            return {}
        g = model.generator_player
        with torch.no_grad():
            samples = self._project(model.decode(self._noise(model)[:JUDGED])).cpu()
            if not samples.isfinite().all():
                return {}  # the quality series says so
            leaks = self._leaks()
            if self._others is None:
                if self._usual is None:
                    self._usual = distance_to_others(self._searched[:FITTED])
                ratio, closest = copying_beside_training(samples, self._searched, self._usual)
                return _to_host({f"{g}/nearest_ratio": ratio, f"{g}/copied": closest} | leaks)
            if self._usual is None:
                self._usual = distance_to_nearest(self._others[:FITTED], self._searched)
            copies, ratio, closest = copying_beside_held_out(samples, self._searched, self._others, self._usual)
        error = standard_error(len(samples), len(self._searched), len(self._others))
        return {
            **_to_host({f"{g}/copies": copies, f"{g}/nearest_ratio": ratio, f"{g}/copied": closest} | leaks),
            f"{g}/copies_error": error,
        }

    def _leaks(self) -> Signals:
        """Series of augmentation in samples; none for a critic that gets unchanged examples."""
        model = self._model
        if not has(model, Augments) or len(self._many) < 2 * FEWEST:
            return {}
        half = len(self._many) // 2
        real, others = (self._dataset.x[part].to(self._device) for part in (self._many[:half], self._many[half:]))
        changed = model.augmented(self._model.model_units(others), self._generator())
        samples = self._project(model.decode(self._noise(model)))
        parts = (samples, self._project(real), self._project(self._model.scaling.to_data(changed)))
        series = leak_series(*(part.cpu() for part in parts))
        return {f"{model.generator_player}/{name}": value for name, value in series.items()}

    def pass_through(self) -> None:
        """Run the players in evaluation mode on many examples, for observers of their layers."""
        model = self._model
        with torch.no_grad(), model.at_rest():
            for number, part in enumerate(torch.split(self._many, JUDGED)):
                real = self._scaled(self._examples(self._dataset, part))
                if has(model, Adversarial):
                    generator = torch.Generator(self._device).manual_seed(self._seed + number)
                    z = model.fixed_noise(len(real.x), generator).to(real.x.dtype)
                    if has(model, Judges):
                        adversarial.score_series(model, real, adversarial.generated(model, z), None, z)
                    self._run_others(model, real.x)
                else:
                    self._model.run_players(real.x, self._generator())

    def _generator(self) -> torch.Generator:
        return torch.Generator(self._device).manual_seed(self._seed)

    def _noise(self, model: Adversarial) -> Tensor:
        return model.fixed_noise(SAMPLES, self._generator())

    def _run_others(self, model: Adversarial, x: Tensor) -> None:
        """Run the players other than generator and critic (an encoder) on examples x (B, *event) in the model's units."""
        both = {model.generator_player, model.critic_player}
        if model.players.keys() <= both:
            return
        for name, arguments in self._model.player_inputs(x, self._generator()).items():
            if name not in both:
                model.players[name](*arguments)

    def _signals(self, sampled: Mapping[str, Any]) -> Signals:
        model = self._model
        real = self._scaled(self._training)
        x = real.x
        signals: Signals = {}
        with contextlib.ExitStack() as stack:
            stack.enter_context(model.at_rest())
            activities = {name: stack.enter_context(record_activity(player)) for name, player in model.players.items()}
            if has(model, Adversarial):
                z = self._noise(model).to(x.dtype)
                with global_seed_from(z):
                    made = adversarial.generated(model, z)
                held_out = None if self._held_out is None else self._scaled(self._held_out)
                if has(model, Judges):
                    signals |= adversarial.score_series(model, real, _first(made, JUDGED), held_out, z[:JUDGED])
                self._run_others(model, x)
            else:
                self._model.run_players(x, self._generator())
        signals |= _dead_units(activities) | _of_constraints(model)
        if has(model, Adversarial):
            signals |= self._sample_series(model, x, z, made, sampled)
        if has(model, HasLatentPosterior):
            with self._model.at_rest():
                signals |= codes.head_series(model, x, real.y)
        return signals

    def _sample_series(
        self, model: Adversarial, real: Tensor, z: Tensor, made: Batch, sampled: Mapping[str, Any]
    ) -> Signals:
        """Series of generated examples: of the generator as it trains, and of the player that generates samples.

        Args:
            real: (B, *event) training examples in the model's units.
            z: (N, latent) codes.
            made: the examples that the generator returned for them, in the model's units.
            sampled: by name, the players that generate samples instead of the model's own.
        """
        name = model.generator_player
        signals: Signals = {}
        few = min(JUDGED, len(real))
        if (gradient := adversarial.sample_gradient(model, real[:few], _first(made, few), z[:few])) is not None:
            signals[f"{name}/sample_gradient"] = gradient
        samples = self._model.scaling.to_data(made.x)
        projected = self._project(samples)
        signals |= self._movement(name, samples, projected)
        own = model.players[name]
        average = sampled.get(name, own)
        if average is own:
            return signals | self._places(name, samples, projected, made.y)
        model.players[name] = average
        try:
            samples = model.decode(z)
        finally:
            model.players[name] = own
        return signals | self._places(name, samples, self._project(samples), made.y)

    def _movement(self, name: str, samples: Tensor, projected: Tensor) -> Signals:
        """Series of how the samples of the generator itself, not of its moving average, changed since the last probe."""
        around = self._neighbourhood
        shares = around.shares_of(projected) if self._modes is None else shares_at(samples.float(), self._modes[0])
        signals = {f"{name}/reach": around.reach(projected)}
        if self._before is not None:
            signals[f"{name}/turnover"] = turnover(shares, self._before)
        self._before = shares
        return signals

    def _places(self, name: str, samples: Tensor, projected: Tensor, labels: Tensor | None) -> Signals:
        """Series of diversity and coverage of samples, and of their classes if they have labels (N,)."""
        around = self._neighbourhood
        signals = {
            f"{name}/diversity": around.diversity(projected),
            f"{name}/coverage": around.coverage(around.shares_of(projected)),
        }
        if self._modes is None:
            signals[f"{name}/coverage_widened"] = around.coverage(around.shares_of(around.widened(projected)))
        else:
            found = modes_covered(samples.float(), *self._modes)
            signals[f"{name}/modes"], signals[f"{name}/high_quality"] = found
        if self._by_class is not None and labels is not None:
            signals |= {f"{name}/{key}": value for key, value in self._by_class.series(projected, labels).items()}
        return signals


def _first(batch: Batch, n: int) -> Batch:
    return Batch(batch.x[:n], None if batch.y is None else batch.y[:n])


def _dead_units(activities: Mapping[str, Activity]) -> Signals:
    """For each player, the share of hidden units with the same output for all examples."""
    shares = {name: activity.dead_share() for name, activity in activities.items()}
    return {f"{name}/dead_units": share for name, share in shares.items() if share is not None}


def _of_constraints(model: Model) -> Signals:
    """Series of the constraints of players."""
    if not has(model, Composed):
        return {}
    observers = {player: getattr(part, "observe", None) for player, part in model.parts.constraints.items()}
    return {
        f"{player}/{name}": value
        for player, observe in observers.items()
        if observe is not None
        for name, value in observe(model.players[player]).items()
    }


def _to_host(signals: Signals) -> dict[str, float]:
    """The numbers, by one transfer from the device."""
    if not signals:
        return {}
    values = torch.stack([value.float() for value in signals.values()]).cpu().double().tolist()
    return dict(zip(signals, values, strict=True))
