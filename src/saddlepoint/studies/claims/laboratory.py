"""Trains what claims ask for: hundreds of seeds of one setup at once, each setup once however many claims ask."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.mixtures import gaussian
from saddlepoint.data.settings import DataSettings
from saddlepoint.models.base import Model
from saddlepoint.models.settings import GANSettings
from saddlepoint.studies.convergence import Convergence, Target, spread_noise
from saddlepoint.studies.lanes import Lane, Lanes
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
    """

    @property
    def key(self) -> str: ...

    @property
    def weight(self) -> float: ...

    @property
    def most(self) -> int | None: ...

    def train(self, seeds: int, *, threads: int, tell: Callable[[float], None]) -> Any: ...


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


class Laboratory:
    """Trains setups and keeps what they came to.

    seeds: of every setup, from 0 on. tell: hears how many seed-steps' worth of work (`Setup.weight`) are done.
    threads: processor threads.
    """

    def __init__(self, *, seeds: int, tell: Callable[[float], None] = lambda done: None, threads: int = 1) -> None:
        self.seeds, self._tell, self._threads = seeds, tell, threads
        self._kept: dict[str, Any] = {}
        self.done = 0.0  # work, in weights
        self.seconds = 0.0  # spent training

    def outcome(self, setup: Trial) -> Any:
        """Of that setup, trained now if it has not been before."""
        if setup.key not in self._kept:
            began = time.monotonic()
            self._kept[setup.key] = setup.train(
                self.seeds, threads=self._threads, tell=lambda share: self._tell(self.done + setup.weight * share)
            )
            self.done += setup.weight
            self.seconds += time.monotonic() - began
        return self._kept[setup.key]

    def forget(self, needed: Iterable[Trial]) -> None:
        """Drop all outcomes but those of the setups that are still `needed`."""
        keys = {setup.key for setup in needed}
        self._kept = {key: outcome for key, outcome in self._kept.items() if key in keys}


def target(outcome: Outcome) -> Target:
    """What the samples of an outcome are compared with."""
    return Target.of(outcome.dataset, outcome.samples.shape[1])
