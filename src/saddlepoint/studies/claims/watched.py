"""Trains many seeds of a model and asks the rules of diagnosis, seed by seed, on the records that a run would have left."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from saddlepoint import data
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.diagnosis import Diagnosis, Facts
from saddlepoint.evaluation.monitors import Neighbourhood, adversarial, codes
from saddlepoint.evaluation.monitors.neighbourhood import modes_covered
from saddlepoint.evaluation.monitors.quality import SERIES, Quality
from saddlepoint.evaluation.settings import EvaluationSettings
from saddlepoint.lanes import Lane, Lanes
from saddlepoint.models.base import Model
from saddlepoint.models.gan.model import GAN
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.vae.model import VAE
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.objectives.divergence import kl_standard_normal
from saddlepoint.objectives.likelihood import log_likelihood
from saddlepoint.objectives.phase import Batch
from saddlepoint.records import Finding, Record
from saddlepoint.studies.claims.mistakes import with_mistake
from saddlepoint.training.settings import TrainingSettings

LOOKS = 20  # in a run
MEASURED = 2  # looks between two measurements of quality
SAMPLES = 256  # of every seed, at a look
JUDGED = 128  # examples that networks look at
FITTED = 2_000  # training examples behind neighbourhoods
HELD_OUT_BOUND = "vae/held_out_bound"


@dataclass(frozen=True)
class Watched:
    """Many seeds of one model on one data set. mistake: see `mistakes`; "" is none. most: seeds at most.
    first: the first seed."""

    model: VAESettings | GANSettings
    training: TrainingSettings
    data: DataSettings
    mistake: str = ""
    most: int = 64
    first: int = 0

    @cached_property
    def key(self) -> str:
        """The same for trials that are the same."""
        parts = (self.model, self.training, self.data)
        return "\n".join([*(part.model_dump_json() for part in parts), self.mistake, str(self.most), str(self.first)])

    @property
    def weight(self) -> float:
        """How long it takes, as `Setup.weight` counts."""
        turns = 1 if isinstance(self.model, VAESettings) else 1 + self.model.discriminator_steps
        return 2e4 * turns * self.training.steps * self.most / 64

    def train(self, seeds: int, *, threads: int, tell: Callable[[float], None]) -> Told:
        """From seed `first` on; tell hears the share that is done."""
        dataset = data.load(self.data)
        seeds = min(seeds, self.most)
        tick = max(1, self.training.steps // LOOKS)
        training = self.training.model_copy(update={"tick": tick, "observe_every": max(1, tick // 10)})
        lanes = Lanes(
            Lane.over_seeds(self.model, training, dataset, seeds, self.first),
            device="cpu",
            compiled=False,
            threads=threads,
            build=lambda settings, event, seed: with_mistake(settings, event, seed, self.mistake),
        )
        watch = _Watch(dataset, lanes)
        told = [Diagnosis({self.model.family, *self._objective}, facts=self._facts()) for _ in range(seeds)]
        found: list[dict[str, Finding]] = [{} for _ in range(seeds)]
        steps: list[int] = []
        series: dict[str, list[Tensor]] = {}

        def keep(step: int, seconds: float, values: Mapping[str, Tensor]) -> None:
            steps.append(step)
            for name, value in values.items():
                own = series.setdefault(name, [])
                missed = len(steps) - 1 - len(own)
                own.extend([torch.full((seeds,), torch.nan, dtype=torch.float64)] * missed)
                own.append(value)
            for lane, diagnosis in enumerate(told):
                record = Record(step, seconds, {name: float(value[lane]) for name, value in values.items()})
                for finding in diagnosis.watch(record):
                    if finding.state == "open":
                        found[lane].setdefault(finding.code, finding)

        keep(0, 0.0, watch.look(measure=True))
        for number, record in enumerate(lanes.play(), 1):
            keep(record.step, record.seconds, {**record.values, **watch.look(measure=number % MEASURED == 0)})
            tell(record.step / self.training.steps)
        filled = {
            name: own + [torch.full((seeds,), torch.nan, dtype=torch.float64)] * (len(steps) - len(own))
            for name, own in series.items()
        }
        return Told(
            self,
            torch.tensor(steps),
            {name: torch.stack(own) for name, own in filled.items()},
            tuple(found),
            watch.samples() if isinstance(lanes.game.template, GAN) else None,
        )

    def restored(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> Told:
        """Undo `Told.parts`."""
        found = tuple({code: Finding.from_json(line) for code, line in own.items()} for own in facts["found"])
        series = {name: tensors[f"series/{name}"] for name in facts["series"]}
        return Told(self, tensors["looked"], series, found, tensors.get("samples"))

    @property
    def _objective(self) -> tuple[str, ...]:
        return (self.model.objective,) if isinstance(self.model, GANSettings) else ()

    def _facts(self) -> Facts:
        """What the rules may know of a run of these settings."""
        settings = {f"model.{name}": value for name, value in self.model.model_dump().items()}
        for role in ("optimiser", "discriminator", "generator"):
            own = getattr(self.training, role).model_dump()
            settings |= {f"training.{role}.{name}": value for name, value in own.items()}
        return Facts(steps=self.training.steps, settings=settings)


@dataclass(frozen=True, eq=False)
class Told:
    """What S seeds came to, and what the rules said.

    looked: (L,) int64 steps. series: by the name that training gives them, (L, S) float64; NaN where not measured.
    found: a seed, by code, the first finding that opened. samples: of a GAN (S, n, *event) at the end.
    """

    setup: Watched
    looked: Tensor
    series: Mapping[str, Tensor]
    found: tuple[Mapping[str, Finding], ...]
    samples: Tensor | None

    @property
    def seeds(self) -> int:
        """How many seeds were trained."""
        return len(self.found)

    def with_any(self, *codes: str) -> int:
        """Seeds in which a finding of one of these codes opened."""
        return sum(any(code in own for code in codes) for own in self.found)

    def at_end(self, name: str) -> Tensor:
        """(S,) the newest value of a series."""
        values = self.series[name]
        measured = (~values.isnan()).any(1).nonzero()
        return values[int(measured[-1])] if len(measured) else values[-1]

    def through(self, name: str, share: float = 0.5) -> Tensor:
        """(S,) median of a series over the last `share` of its looks."""
        values = self.series[name]
        return values[int(len(values) * (1 - share)) :].nanmedian(0).values

    def parts(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All that `Watched.restored` needs beside the setup."""
        tensors = {"looked": self.looked} | {f"series/{name}": value for name, value in self.series.items()}
        if self.samples is not None:
            tensors["samples"] = self.samples
        found = [{code: finding.to_json() for code, finding in own.items()} for own in self.found]
        return tensors, {"series": list(self.series), "found": found}


class _Watch:
    """Looks at all lanes as a session's watch looks at its model: the same signals, examples shared by all lanes."""

    def __init__(self, dataset: Dataset, lanes: Lanes) -> None:
        self._lanes, self._dataset = lanes, dataset
        self._model: Model = lanes.game.template
        generator = torch.Generator().manual_seed(0)
        order = torch.randperm(len(dataset), generator=generator)
        self._real = self._model.model_units(dataset.x[order[:JUDGED]])
        if isinstance(self._model, VAE):
            assert dataset.held_out is not None
            self._held_out = self._model.model_units(dataset.held_out.x)
            self._epsilon = torch.randn(len(self._held_out), self._model.settings.latent, generator=generator)
            return
        self._noise = self._model.fixed_noise(SAMPLES, generator)
        self._quality = Quality(dataset, EvaluationSettings(samples=SAMPLES))
        project = self._quality.project
        self._neighbourhood = Neighbourhood(project, project(dataset.x[order[:FITTED]]))

    def look(self, *, measure: bool) -> dict[str, Tensor]:
        """(S,) float64 a series."""
        if isinstance(self._model, VAE):
            values = self._lanes.each(lambda model: codes.heads(model, self._real))
            if measure:
                values[HELD_OUT_BOUND] = self._lanes.each(self._bound)
        else:
            values = self._lanes.each(self._judged) | self._placed(measure)
        return {name: value.double() for name, value in values.items()}

    def samples(self) -> Tensor:
        """(S, n, *event) in the data's units, on the same noise every time."""
        return self._lanes.decode(self._noise)

    def _bound(self, model: Any) -> Tensor:
        """() of the held-out examples, with one draw of z each, the same in all lanes and at all steps."""
        output, mean, log_variance, log_std = model.player(self._held_out, self._epsilon)
        terms = log_likelihood(self._held_out, output, log_std) - kl_standard_normal(mean, log_variance)
        return terms.mean()

    def _judged(self, model: Any) -> dict[str, Tensor]:
        made = model.players["g"](self._noise[:JUDGED])
        signals = adversarial.scores(model, self._real, made, None)
        loss = model.phases[-1].loss

        def total(samples: Tensor) -> Tensor:
            own: Tensor = loss({**model.players, "g": lambda _: samples}, Batch(self._real), {"z": samples})[0].sum()
            return own

        gradient: Tensor = torch.func.grad(total)(made)
        return signals | {"g/sample_gradient": gradient.flatten(1).norm(dim=1).mean()}

    def _placed(self, measure: bool) -> dict[str, Tensor]:
        """Where samples are, lane by lane."""
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
            if measure:
                row[SERIES] = torch.tensor(self._quality.distance(samples))
            rows.append(row)
        return {name: torch.stack([row[name] for row in rows]) for name in rows[0]}
