"""Our side: what a run does between two pictures, monitoring included."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from saddlepoint import models
from saddlepoint.data import Batches, DataSettings, from_array
from saddlepoint.diagnosis import Diagnosis
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.experiment.tensorboard import TensorBoard
from saddlepoint.records import JsonLines, Record
from saddlepoint.training import Devices, TrainingState, play
from saddlepoint.training.threads import threads_for, using_threads

from . import pictures
from .tasks import Task


class Ours:
    """Trains tick by tick; every record is written to records.jsonl and TensorBoard and read by the diagnosis."""

    def __init__(
        self, task: Task, images: Tensor, folder: Path, tick: int, precision: str = "auto", device: str = "cpu"
    ) -> None:
        training = task.training.model_copy(update={"tick": tick, "device": device, "precision": precision})
        # Labels, because MNIST has them and a run fetches them with the images; what they say costs nothing.
        labels = torch.arange(len(images)) % 10
        self.dataset = from_array(pictures.resized(images, task.size), labels, DataSettings(held_out=0.0))
        torch.manual_seed(training.seed)
        modules = None
        if task.networks is not None:
            modules = dict(zip(("generator", "discriminator"), task.networks(), strict=True))
        self.model = models.build(task.model, self.dataset.event, modules=modules, seed=training.seed)
        self.devices = Devices.choose(training.device, training.precision, self.model)
        self.precision = self.devices.precision
        self.threads = threads_for(self.model, training.batch_size, training.threads)
        self.state = TrainingState.start(self.model, training, self.devices)
        batches = Batches(self.dataset, training.batch_size, training.seed, self.devices.device, self.model.scaling)
        self._tick = tick
        self._records = JsonLines(folder / "records.jsonl")
        self._board = TensorBoard(folder / "tensorboard")
        self._diagnosis = Diagnosis(getattr(task.model, "objective", task.model.family), RULES)
        self._play = play(self.model, batches, training, self.state)

    def parameters(self) -> dict[str, int]:
        """Trainable numbers by player."""
        roles = {role: player for player, role in self.model.roles.items()}
        return {roles[role]: count for role, count in self.model.parameter_counts().items()}

    def steps(self, n: int) -> None:
        """Train for n steps, whole ticks."""
        self._ticks(n)

    def losses(self, n: int) -> dict[str, float]:
        """The mean loss of each player over n steps more."""
        records = self._ticks(n)
        return {
            player: sum(record.values[f"{player}/loss"] for record in records) / len(records)
            for player in self.model.players
        }

    def _ticks(self, n: int) -> list[Record]:
        assert n % self._tick == 0, (n, self._tick)
        records = []
        with using_threads(self.threads):
            for _ in range(n // self._tick):
                record = next(self._play)
                assert record is not None
                self._records.append(record.to_json())
                self._board.record(record)
                self._diagnosis.watch(record)
                records.append(record)
        return records

    def close(self) -> None:
        self._play.close()
        self._records.close()
        self._board.close()
