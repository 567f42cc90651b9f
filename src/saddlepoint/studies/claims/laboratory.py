"""Trains the setups of claims: hundreds of seeds at once, and every setup once, even if several claims need it."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.mixtures import gaussian
from saddlepoint.data.settings import DataSettings
from saddlepoint.lanes import Replica, Replicas
from saddlepoint.models import build
from saddlepoint.models.base import Model
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.studies.claims.trial import SHORT, SettingsTrial, TrainedTrial, Trial
from saddlepoint.studies.claims.trial_store import TrialStore
from saddlepoint.studies.convergence import Convergence, Target, spread_noise
from saddlepoint.training.settings import TrainingSettings

SEEDS, QUICK_SEEDS = 256, 8
QUICK_STEPS = 20
SAMPLES = 1_024  # of every seed, at the end
MODELS = 8  # number of first seeds whose networks the outcome holds
COMPILED = 256 * 2_000  # seed-steps from which compiling saves much more time than it takes


@dataclass(frozen=True)
class Setup(SettingsTrial):
    """A GAN on one-dimensional data, trained from many seeds for `training.steps` steps.

    Attributes:
        model: settings of the model.
        training: settings of training.
        data: settings of the data.
        most: largest number of seeds; None for no limit.
    """

    model: GANSettings
    training: TrainingSettings
    data: DataSettings
    most: int | None = None

    @property
    def weight(self) -> float:
        """Training time relative to other trials, from the number of operations and a fixed cost per layer."""
        widths = [[1, *net.hidden, 1] for net in (self.model.generator, self.model.discriminator)]
        layers = sum(len(own) - 1 for own in widths)
        numbers = sum(a * b for own in widths for a, b in itertools.pairwise(own))
        share = 1.0 if self.most is None else min(1.0, self.most / SEEDS)
        return share * self.training.steps * (500.0 * layers + self.training.batch_size * numbers)

    def train(self, seeds: int, *, threads: int, report: Callable[[float], None]) -> Outcome:
        """Train from seeds 0, 1, ...; see `Trial.train`."""
        dataset = gaussian(self.data)
        seeds = seeds if self.most is None else min(seeds, self.most)
        tick = max(1, min(250, self.training.steps // 20))
        training = self.training.model_copy(update={"tick": tick, "observe_every": tick})
        replicas = Replicas(
            Replica.over_seeds(self.model, training, dataset, seeds),
            device="cpu",
            compiled=seeds * training.steps >= COMPILED,
            threads=threads,
            traced=self.training.steps > SHORT,
        )
        convergence = Convergence(dataset, seeds)
        distances: list[Tensor] = []

        def check(step: int) -> None:
            if convergence.check(replicas, step):
                distances.append(convergence.distance)

        for record in replicas.play(watch=check):
            report(record.step / training.steps)
        samples = replicas.decode(spread_noise(replicas, SAMPLES)).reshape(seeds, SAMPLES)
        return Outcome(
            self,
            dataset,
            convergence.steps,
            training.steps,
            torch.tensor(convergence.checked),
            torch.stack(distances),
            samples.cpu().sort(1).values,
            tuple(replicas.model(replica) for replica in range(min(MODELS, seeds))),
            int((replicas.frozen >= 0).sum()),
        )

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> Outcome:
        """Restore the outcome from its `parts()`."""
        dataset = gaussian(self.data)
        found = []
        for replica in range(facts["models"]):
            model = build(self.model, dataset.event, seed=replica)
            for player, network in model.players.items():
                begin = f"models/{replica}/{player}/"
                network.load_state_dict(
                    {name.removeprefix(begin): value for name, value in tensors.items() if name.startswith(begin)}
                )
            found.append(model)
        return Outcome(
            self,
            dataset,
            tensors["steps"],
            self.training.steps,
            tensors["checked"],
            tensors["distance"],
            tensors["samples"],
            tuple(found),
            facts["frozen"],
        )


@dataclass(frozen=True, eq=False)
class Outcome:
    """The results of S seeds of a setup.

    Attributes:
        setup: the setup.
        dataset: the data.
        steps: (S,) float64, step at which each seed converged (see `studies.convergence`); NaN if it had not by step
            `last`.
        last: the last step.
        checked: (L,) int64, steps at which convergence was checked.
        distance: (L, S) float64, Wasserstein-1 distance at these steps, in standard deviations of the data.
        samples: (S, n) float32, samples at the end, in ascending order.
        models: the models of the first seeds at the end.
        frozen: number of seeds whose numbers became non-finite.
    """

    setup: Setup
    dataset: Dataset
    steps: Tensor
    last: int
    checked: Tensor
    distance: Tensor
    samples: Tensor
    models: tuple[Model, ...] = field(repr=False)
    frozen: int = 0

    @property
    def seeds(self) -> int:
        """Number of seeds that were trained."""
        return len(self.steps)

    @property
    def converged(self) -> Tensor:
        """(S,) bool, whether each seed converged."""
        return ~self.steps.isnan()

    @property
    def times(self) -> Tensor:
        """(S,) float64, step at which each seed converged, or the last step if it did not (censored)."""
        return torch.where(self.converged, self.steps, float(self.last))

    @property
    def closest(self) -> Tensor:
        """(S,) float64, the smallest distance at any check."""
        return self.distance.nan_to_num(math.inf).amin(0)

    def parts(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The tensors and facts from which `Setup.restore` restores the outcome."""
        tensors = {"steps": self.steps, "checked": self.checked, "distance": self.distance, "samples": self.samples}
        for replica, model in enumerate(self.models):
            for player, network in model.players.items():
                tensors |= {f"models/{replica}/{player}/{name}": value for name, value in network.state_dict().items()}
        return tensors, {"models": len(self.models), "frozen": self.frozen}


class Laboratory:
    """Trains each trial once, and keeps the outcomes in memory.

    Args:
        seeds: number of seeds of every trial, from 0 on.
        report: called with the work that is done, in units of `Trial.weight`.
        threads: number of CPU threads.
        store: where outcomes are saved, and found after an interruption; None saves nothing.
    """

    def __init__(
        self,
        *,
        seeds: int,
        report: Callable[[float], None] = lambda done: None,
        threads: int = 1,
        store: TrialStore | None = None,
    ) -> None:
        self.seeds, self._report, self._threads, self._store = seeds, report, threads, store
        self._known: dict[str, TrainedTrial] = {}
        self.done = 0.0  # work, in weights

    def outcome(self, trial: Trial) -> Any:
        """The outcome of a trial; trains it if necessary."""
        return self.train(trial).outcome

    def train(self, trial: Trial, claim: str = "") -> TrainedTrial:
        """Return the trained trial, from memory or from the store if possible.

        Args:
            trial: what to train.
            claim: the claim that it is trained for, if it is trained now.
        """
        if trial.key not in self._known:
            known = None if self._store is None else self._store.find(trial)
            if known is None:
                started = time.monotonic()
                outcome = trial.train(
                    self.seeds,
                    threads=self._threads,
                    report=lambda share: self._report(self.done + trial.weight * share),
                )
                known = TrainedTrial(outcome, time.monotonic() - started, claim)
                if self._store is not None:
                    self._store.save(trial, known)
            self.done += trial.weight
            self._known[trial.key] = known
        return self._known[trial.key]

    def forget_except(self, needed: Iterable[Trial]) -> None:
        """Forget all outcomes except those of these trials.

        Args:
            needed: trials whose outcomes are still needed.
        """
        keys = {trial.key for trial in needed}
        self._known = {key: known for key, known in self._known.items() if key in keys}


def target(outcome: Outcome) -> Target:
    """The data's quantiles and modes, to compare the outcome's samples with."""
    return Target.of(outcome.dataset, outcome.samples.shape[1])
