"""Trains what claims ask for: hundreds of seeds of one setup at once, each setup once however many claims ask."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.mixtures import gaussian
from saddlepoint.data.settings import DataSettings
from saddlepoint.lanes import Lane, Lanes
from saddlepoint.models import build
from saddlepoint.models.base import Model
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.studies.claims.kept import Finished, KeptOutcomes
from saddlepoint.studies.convergence import Convergence, Target, spread_noise
from saddlepoint.training.settings import TrainingSettings

SEEDS, QUICK_SEEDS = 256, 8
QUICK_STEPS = 20
SAMPLES = 1_024  # of every seed, at the end
MODELS = 8  # first seeds whose networks are kept
COMPILED = 256 * 2_000  # seed-steps from which compiling pays by far


class Trial(Protocol):
    """What a laboratory can train.

    key: the same for trials that are the same. weight: how long it takes, roughly and in relation to others.
    most: seeds at most; None takes as many as are asked for.
    train: from that many seeds, or fewer; what it returns says how many, `seeds`. tell hears the share that is done.
    restored: the outcome again, of the tensors and facts that its own `parts()` gave (which JSON has held since).
    """

    @property
    def key(self) -> str:
        """The same for trials that are the same."""

    @property
    def weight(self) -> float:
        """How long the trial takes, relative to others."""

    @property
    def most(self) -> int | None:
        """The most seeds; None for as many as are asked for."""

    def train(self, seeds: int, *, threads: int, tell: Callable[[float], None]) -> Any:
        """Train from `seeds` seeds, or fewer, and return the outcome."""

    def restored(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> Any:
        """The outcome again, from the tensors and facts of its `parts()`."""


@dataclass(frozen=True)
class Setup:
    """A GAN on a line, to be trained from many seeds. `training.steps` is where runs are cut off.

    most: seeds at most, where there are many setups; None takes as many as are asked for.
    """

    model: GANSettings
    training: TrainingSettings
    data: DataSettings
    most: int | None = None

    @cached_property
    def key(self) -> str:
        """The same for setups that are the same."""
        return "\n".join([*(part.model_dump_json() for part in (self.model, self.training, self.data)), str(self.most)])

    @property
    def weight(self) -> float:
        """How long it takes, roughly and in relation to others: operations, and as much again for every operator called."""
        widths = [[1, *net.hidden, 1] for net in (self.model.generator, self.model.discriminator)]
        layers = sum(len(own) - 1 for own in widths)
        numbers = sum(a * b for own in widths for a, b in itertools.pairwise(own))
        share = 1.0 if self.most is None else min(1.0, self.most / SEEDS)
        return share * self.training.steps * (500.0 * layers + self.training.batch_size * numbers)

    def train(self, seeds: int, *, threads: int, tell: Callable[[float], None]) -> Outcome:
        """From seeds 0 on; tell hears the share that is done."""
        dataset = gaussian(self.data)
        seeds = seeds if self.most is None else min(seeds, self.most)
        tick = max(1, min(250, self.training.steps // 20))
        training = self.training.model_copy(update={"tick": tick, "observe_every": tick})
        lanes = Lanes(
            Lane.over_seeds(self.model, training, dataset, seeds),
            device="cpu",
            compiled=seeds * training.steps >= COMPILED,
            threads=threads,
        )
        convergence = Convergence(dataset, seeds)
        distances: list[Tensor] = []

        def look(step: int) -> None:
            if convergence.check(lanes, step):
                distances.append(convergence.distance)

        for record in lanes.play(watch=look):
            tell(record.step / training.steps)
        samples = lanes.decode(spread_noise(lanes, SAMPLES)).reshape(seeds, SAMPLES)
        return Outcome(
            self,
            dataset,
            convergence.steps,
            training.steps,
            torch.tensor(convergence.looked),
            torch.stack(distances),
            samples.cpu().sort(1).values,
            tuple(lanes.model(lane) for lane in range(min(MODELS, seeds))),
            int((lanes.frozen >= 0).sum()),
        )

    def restored(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> Outcome:
        """Undo `Outcome.parts`."""
        dataset = gaussian(self.data)
        found = []
        for lane in range(facts["models"]):
            model = build(self.model, dataset.event, seed=lane)
            for player, network in model.players.items():
                begin = f"models/{lane}/{player}/"
                network.load_state_dict(
                    {name.removeprefix(begin): value for name, value in tensors.items() if name.startswith(begin)}
                )
            found.append(model)
        return Outcome(
            self,
            dataset,
            tensors["steps"],
            self.training.steps,
            tensors["looked"],
            tensors["distance"],
            tensors["samples"],
            tuple(found),
            facts["frozen"],
        )


@dataclass(frozen=True, eq=False)
class Outcome:
    """What S seeds of a setup came to.

    steps: (S,) float64, when each converged (see `studies.convergence`); NaN where it had not by `last`.
    looked: (L,) int64 steps at which was looked. distance: (L, S) float64, Wasserstein-1 in standard deviations of the data.
    samples: (S, n) float32 at the end, in ascending order. models: of the first seeds, at the end.
    frozen: seeds that ceased to be finite.
    """

    setup: Setup
    dataset: Dataset
    steps: Tensor
    last: int
    looked: Tensor
    distance: Tensor
    samples: Tensor
    models: tuple[Model, ...] = field(repr=False)
    frozen: int = 0

    @property
    def seeds(self) -> int:
        """How many seeds were trained."""
        return len(self.steps)

    @property
    def converged(self) -> Tensor:
        """(S,) bool."""
        return ~self.steps.isnan()

    @property
    def times(self) -> Tensor:
        """(S,) float64: when each converged, or until when it was known not to have."""
        return torch.where(self.converged, self.steps, float(self.last))

    @property
    def closest(self) -> Tensor:
        """(S,) float64: the least distance at any look."""
        return self.distance.nan_to_num(math.inf).amin(0)

    def parts(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All that `Setup.restored` needs beside the setup."""
        tensors = {"steps": self.steps, "looked": self.looked, "distance": self.distance, "samples": self.samples}
        for lane, model in enumerate(self.models):
            for player, network in model.players.items():
                tensors |= {f"models/{lane}/{player}/{name}": value for name, value in network.state_dict().items()}
        return tensors, {"models": len(self.models), "frozen": self.frozen}


class Laboratory:
    """Trains setups and keeps what they came to.

    seeds: of every setup, from 0 on. tell: hears how many seed-steps' worth of work (`Setup.weight`) are done.
    threads: processor threads. kept: where outcomes of an interrupted program lie, and these are kept too; None is nowhere.
    """

    def __init__(
        self,
        *,
        seeds: int,
        tell: Callable[[float], None] = lambda done: None,
        threads: int = 1,
        kept: KeptOutcomes | None = None,
    ) -> None:
        self.seeds, self._tell, self._threads, self._kept = seeds, tell, threads, kept
        self._known: dict[str, Finished] = {}
        self.done = 0.0  # work, in weights

    def outcome(self, setup: Trial) -> Any:
        """Of that setup, trained now if it has not been before."""
        return self.finished(setup).outcome

    def finished(self, setup: Trial, by: str = "") -> Finished:
        """The same with what it took. by: the claim that it is trained for, if it is now."""
        if setup.key not in self._known:
            known = None if self._kept is None else self._kept.find(setup)
            if known is None:
                began = time.monotonic()
                outcome = setup.train(
                    self.seeds, threads=self._threads, tell=lambda share: self._tell(self.done + setup.weight * share)
                )
                known = Finished(outcome, time.monotonic() - began, by)
                if self._kept is not None:
                    self._kept.keep(setup, known)
            self.done += setup.weight
            self._known[setup.key] = known
        return self._known[setup.key]

    def forget(self, needed: Iterable[Trial]) -> None:
        """Drop all outcomes but those of the setups that are still `needed`."""
        keys = {setup.key for setup in needed}
        self._known = {key: known for key, known in self._known.items() if key in keys}


def target(outcome: Outcome) -> Target:
    """What the samples of an outcome are compared with."""
    return Target.of(outcome.dataset, outcome.samples.shape[1])
