"""Trains many seeds of a model and applies the diagnosis rules to each seed's records, as to a single run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from saddlepoint import data
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.diagnosis import Diagnosis, Facts
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.evaluation.monitors import Neighbourhood, adversarial, codes
from saddlepoint.evaluation.monitors.neighbourhood import modes_covered
from saddlepoint.evaluation.monitors.quality import SERIES, Quality
from saddlepoint.evaluation.settings import EvaluationSettings
from saddlepoint.lanes import Replica, Replicas
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Adversarial, HasCodes, Variational, has, require
from saddlepoint.models.settings import ModelSettings
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.divergence import kl_standard_normal
from saddlepoint.objectives.likelihood import log_likelihood
from saddlepoint.objectives.phase import Batch
from saddlepoint.recipe.bases import dotted
from saddlepoint.records import Finding, Record
from saddlepoint.studies.claims.mistakes import build_with_mistake
from saddlepoint.studies.claims.trial import SHORT, SettingsTrial
from saddlepoint.training.settings import PlayerSettings, TrainingSettings

MEASUREMENTS = 20  # per run
QUALITY_EVERY = 2  # measurements between two measurements of quality
SAMPLES = 256  # per seed and measurement
BATCH = 128  # examples that networks are measured on
FITTED = 2_000  # training examples that neighbourhoods are fitted to
HELD_OUT_BOUND = "vae/held_out_bound"


@dataclass(frozen=True)
class Watched(SettingsTrial):
    """Many seeds of one model on one dataset.

    Attributes:
        model: settings of the model.
        training: settings of training.
        data: settings of the data.
        mistake: name of an injected mistake, see `mistakes`; "" for none.
        most: largest number of seeds.
        first: the first seed.
    """

    model: ModelSettings
    training: TrainingSettings
    data: DataSettings
    mistake: str = ""
    most: int = 64
    first: int = 0

    @property
    def weight(self) -> float:
        """Training time relative to other trials, in the units of `Setup.weight`."""
        turns = 1 + getattr(getattr(self.model, "updates", None), "discriminator", 0)
        return 2e4 * turns * self.training.steps * self.most / 64

    def train(self, seeds: int, *, threads: int, report: Callable[[float], None]) -> WatchedOutcome:
        """Train from seeds `first`, `first` + 1, ...; see `Trial.train`."""
        dataset = data.load(self.data)
        seeds = min(seeds, self.most)
        tick = max(1, self.training.steps // MEASUREMENTS)
        training = self.training.model_copy(update={"tick": tick, "observe_every": max(1, tick // 10)})
        replicas = Replicas(
            Replica.over_seeds(self.model, training, dataset, seeds, self.first),
            device="cpu",
            compiled=False,
            threads=threads,
            traced=self.training.steps > SHORT,
            build=lambda settings, event, seed: build_with_mistake(settings, event, seed, self.mistake),
        )
        monitor = _Monitor(dataset, replicas)
        diagnoses = [Diagnosis({self.model.family, *self._objective}, RULES, self._facts()) for _ in range(seeds)]
        findings: list[dict[str, Finding]] = [{} for _ in range(seeds)]
        steps: list[int] = []
        series: dict[str, list[Tensor]] = {}

        def record_all(step: int, seconds: float, values: Mapping[str, Tensor]) -> None:
            steps.append(step)
            for name, value in values.items():
                own = series.setdefault(name, [])
                missed = len(steps) - 1 - len(own)
                own.extend([torch.full((seeds,), torch.nan, dtype=torch.float64)] * missed)
                own.append(value)
            for replica, diagnosis in enumerate(diagnoses):
                record = Record(step, seconds, {name: float(value[replica]) for name, value in values.items()})
                for finding in diagnosis.watch(record):
                    if finding.state == "open":
                        findings[replica].setdefault(finding.code, finding)

        record_all(0, 0.0, monitor.measure(quality=True))
        for number, record in enumerate(replicas.play(), 1):
            record_all(
                record.step, record.seconds, {**record.values, **monitor.measure(quality=number % QUALITY_EVERY == 0)}
            )
            report(record.step / self.training.steps)
        filled = {
            name: own + [torch.full((seeds,), torch.nan, dtype=torch.float64)] * (len(steps) - len(own))
            for name, own in series.items()
        }
        return WatchedOutcome(
            self,
            torch.tensor(steps),
            {name: torch.stack(own) for name, own in filled.items()},
            tuple(findings),
            monitor.samples() if has(replicas.game.template, Adversarial) else None,
        )

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> WatchedOutcome:
        """Restore the outcome from its `parts()`."""
        findings = tuple({code: Finding.from_json(line) for code, line in own.items()} for own in facts["findings"])
        series = {name: tensors[f"series/{name}"] for name in facts["series"]}
        return WatchedOutcome(self, tensors["measured_at"], series, findings, tensors.get("samples"))

    @property
    def _objective(self) -> tuple[str, ...]:
        objective = getattr(self.model, "objective", None)
        return () if objective is None else (objective,)

    def _facts(self) -> Facts:
        """The facts about a run with these settings that the rules may use."""
        settings = dotted("model", self.model.model_dump())
        players = {role: self.training.players.get(role, PlayerSettings()) for role in self.model.roles}
        optimisers = {"optimiser": self.training.optimiser} | {f"players.{role}": own for role, own in players.items()}
        for section, own in optimisers.items():
            settings |= dotted(f"training.{section}", own.model_dump())
        return Facts(steps=self.training.steps, settings=settings)


@dataclass(frozen=True, eq=False)
class WatchedOutcome:
    """The results of S seeds, and their findings.

    Attributes:
        setup: the trial.
        measured_at: (L,) int64, steps at which series were measured.
        series: by the name that training gives them, (L, S) float64; NaN where not measured.
        findings: for each seed, by code, the first finding that opened.
        samples: samples of a GAN at the end, (S, n, *event); None for other models.
    """

    setup: Watched
    measured_at: Tensor
    series: Mapping[str, Tensor]
    findings: tuple[Mapping[str, Finding], ...]
    samples: Tensor | None

    @property
    def seeds(self) -> int:
        """Number of seeds that were trained."""
        return len(self.findings)

    def with_any(self, *codes: str) -> int:
        """Number of seeds with a finding of one of these codes."""
        return sum(any(code in own for code in codes) for own in self.findings)

    def at_end(self, name: str) -> Tensor:
        """The last measured value of a series.

        Args:
            name: name of the series.

        Returns:
            (S,) values.
        """
        values = self.series[name]
        measured = (~values.isnan()).any(1).nonzero()
        return values[int(measured[-1])] if len(measured) else values[-1]

    def through(self, name: str, share: float = 0.5) -> Tensor:
        """Median of a series over its last measurements.

        Args:
            name: name of the series.
            share: share of the measurements that are used, in (0, 1].

        Returns:
            (S,) medians.
        """
        values = self.series[name]
        return values[int(len(values) * (1 - share)) :].nanmedian(0).values

    def parts(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The tensors and facts from which `Watched.restore` restores the outcome."""
        tensors = {"measured_at": self.measured_at} | {f"series/{name}": value for name, value in self.series.items()}
        if self.samples is not None:
            tensors["samples"] = self.samples
        findings = [{code: finding.to_json() for code, finding in own.items()} for own in self.findings]
        return tensors, {"series": list(self.series), "findings": findings}


class _Monitor:
    """Measures all replicas with the monitors of a single run; the examples are the same for all replicas."""

    def __init__(self, dataset: Dataset, replicas: Replicas) -> None:
        self._replicas, self._dataset = replicas, dataset
        self._model: Model = replicas.game.template
        generator = torch.Generator().manual_seed(0)
        order = torch.randperm(len(dataset), generator=generator)
        self._real = self._model.model_units(dataset.x[order[:BATCH]])
        if has(self._model, Variational):
            assert dataset.held_out is not None
            self._held_out = self._model.model_units(dataset.held_out.x)
            self._epsilon = torch.randn(len(self._held_out), self._model.latent, generator=generator)
            return
        self._noise = require(self._model, HasCodes).fixed_noise(SAMPLES, generator)
        self._quality = Quality(dataset, EvaluationSettings(samples=SAMPLES))
        project = self._quality.project
        self._neighbourhood = Neighbourhood(project, project(dataset.x[order[:FITTED]]))

    def measure(self, *, quality: bool) -> dict[str, Tensor]:
        """Measure each series as (S,) float64."""
        if has(self._model, Variational):
            with self._model.at_rest():
                values = self._replicas.each(lambda model: codes.head_series(model, self._real))
            if quality:
                values[HELD_OUT_BOUND] = self._replicas.each(self._bound)
        else:
            values = self._replicas.each(self._critic_signals) | self._sample_signals(quality)
        return {name: value.double() for name, value in values.items()}

    def samples(self) -> Tensor:
        """(S, n, *event) samples in the data's units, from the same noise every time."""
        return self._replicas.decode(self._noise)

    def _bound(self, model: Any) -> Tensor:
        """Bound of the held-out examples, (), with one draw of z each, which is the same for all replicas and steps."""
        output, mean, log_variance, log_std = model.player(self._held_out, self._epsilon)
        terms = log_likelihood(self._held_out, output, log_std) - kl_standard_normal(mean, log_variance)
        return terms.mean()

    def _critic_signals(self, model: Any) -> dict[str, Tensor]:
        made = model.players["g"](self._noise[:BATCH])
        signals = adversarial.score_series(model, Batch(self._real), Batch(made), None)
        loss = model.phases[-1].loss

        def total(samples: Tensor) -> Tensor:
            own: Tensor = loss({**model.players, "g": lambda _: samples}, Batch(self._real), GameNoise(samples))[
                0
            ].sum()
            return own

        gradient: Tensor = torch.func.grad(total)(made)
        return signals | {"g/sample_gradient": gradient.flatten(1).norm(dim=1).mean()}

    def _sample_signals(self, quality: bool) -> dict[str, Tensor]:
        """Diversity, coverage and modes of the samples of each replica."""
        around, truth = self._neighbourhood, self._dataset.truth
        assert truth is not None
        assert truth.modes is not None
        assert truth.mode_std is not None
        rows: list[dict[str, Tensor]] = []
        for samples in self.samples():
            projected = self._quality.project(samples)
            modes, high_quality = modes_covered(samples.float(), truth.modes.float(), float(truth.mode_std))
            row = {
                "g/diversity": around.diversity(projected),
                "g/coverage": around.coverage(around.shares_of(projected)),
                "g/reach": around.reach(projected),
                "g/modes": modes,
                "g/high_quality": high_quality,
            }
            if quality:
                row[SERIES] = torch.tensor(self._quality.distance(samples))
            rows.append(row)
        return {name: torch.stack([row[name] for row in rows]) for name in rows[0]}
