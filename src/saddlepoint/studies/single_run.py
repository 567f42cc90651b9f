"""A single run with the interface of replicas, for games that cannot be trained as replicas.

A study measures replicas and single runs in the same way.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from saddlepoint.data.batches import Batches
from saddlepoint.lanes import Replica, ReplicaRecord
from saddlepoint.models import build
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import HasCodes, require
from saddlepoint.training import Devices, TrainingState, play
from saddlepoint.training.threads import using_threads


class SingleRun:
    """One run in the ordinary training loop, with the methods of `Replicas` that a study uses.

    Attributes:
        frozen: (1,) step of the last record with finite numbers if the run became non-finite, otherwise -1.
    """

    def __init__(self, replicas: Sequence[Replica], threads: int = 1) -> None:
        (replica,) = replicas
        self.replicas = (replica,)
        training = replica.training
        self._model = build(replica.model, replica.dataset.event, seed=training.seed)
        self._devices = Devices.choose(training.device, training.precision, self._model)
        self._state = TrainingState.start(self._model, training, self._devices)
        self._batches = Batches(
            replica.dataset,
            replica.model.batch_size(training.batch_size, len(replica.dataset)),
            training.seed,
            self._devices.device,
            self._model.scaling,
            labels=self._model.classes is not None,
            balanced=training.balance_classes,
        )
        self._model.pass_steps = self._batches.per_epoch
        self._threads = threads
        self.device = self._devices.device
        self.game = SimpleNamespace(template=self._model)
        self.frozen = torch.tensor([-1])

    def __len__(self) -> int:
        return 1

    def play(self, watch: Callable[[int], object] | None = None) -> Iterator[ReplicaRecord]:
        """Train to the last step.

        Args:
            watch: called after every step, as in `Replicas`.

        Yields:
            A record every `training.tick` steps.
        """
        training, state = self.replicas[0].training, self._state
        state.pause = watch is not None  # the loop then yields after every step
        finite = 0
        with using_threads(self._threads):
            for record in play(self._model, self._batches, training, state):
                if record is not None and self.frozen[0] < 0 and not all(map(math.isfinite, record.values.values())):
                    self.frozen = torch.tensor([finite])
                frozen = bool(self.frozen[0] >= 0)
                if watch is not None:
                    watch(state.step)
                if record is None:
                    continue
                finite = record.step
                values = {
                    name: torch.tensor([math.nan if frozen else value], dtype=torch.float64)
                    for name, value in record.values.items()
                }
                yield ReplicaRecord(record.step, record.seconds, values, self.frozen)

    def each(self, function: Callable[..., Any], *stacked: Tensor, averaged: bool = False) -> Any:
        """Call `function(model, *arguments)` for the run.

        Args:
            function: takes the model and arguments without the first axis.
            stacked: arguments of shape (1, ...).
            averaged: use the moving average of the weights.

        Returns:
            The result, (1, ...).
        """
        with torch.no_grad():
            if averaged:
                with self._state.averaged(self._model):
                    return function(self._model, *(part[0] for part in stacked))[None]
            return function(self._model, *(part[0] for part in stacked))[None]

    def decode(self, z: Tensor, *, averaged: bool = True) -> Tensor:
        """Decode latent vectors.

        Args:
            z: (n, latent) or (1, n, latent).
            averaged: use the moving average of the weights.

        Returns:
            (1, n, *event) samples in the data's units.
        """
        own = z if z.ndim == 3 else z[None]
        found: Tensor = self.each(lambda model, part: model.decode(part), own, averaged=averaged)
        return found

    def sample(self, n: int, generator: torch.Generator | None = None, *, averaged: bool = True) -> Tensor:
        """Draw samples.

        Args:
            n: number of samples.
            generator: source of the noise.
            averaged: use the moving average of the weights.

        Returns:
            (1, n, *event) samples in the data's units.
        """
        z = require(self._model, HasCodes).fixed_noise(n, generator or torch.Generator().manual_seed(0)).to(self.device)
        return self.decode(z, averaged=averaged)

    def model(self, replica: int) -> Model:
        """The model with its averaged weights; valid until training continues."""
        found = copy.copy(self._model)
        found.players = {**self._model.players, **{name: own.module for name, own in self._state.averages.items()}}
        return found
