"""Train a recipe in memory, without a run folder and without measurements."""

from __future__ import annotations

import math
import time
from pathlib import Path

import torch

from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import DataError
from saddlepoint.experiment.training_batches import training_batches
from saddlepoint.models import build
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Fits, has
from saddlepoint.progress.protocol import Report
from saddlepoint.recipe import Recipe
from saddlepoint.records import RunFolder
from saddlepoint.training import Devices, TrainingState, checkpoint, play
from saddlepoint.training.threads import threads_for, using_threads

TICK = 20  # steps after which the clock is read
WARMING = 1.0  # seconds, before which the speed is not known
KEEPING = 60.0  # seconds between checkpoints


def train_in_memory(
    recipe: Recipe,
    dataset: Dataset,
    seed: int,
    seconds: float = math.inf,
    *,
    keep: Path | None = None,
    report: Report | None = None,
) -> Model:
    """Train a model as a run of the recipe would, without measurements. Fewer examples than a batch are one batch.

    Args:
        recipe: all settings.
        dataset: the training examples.
        seed: in place of the recipe's.
        seconds: the time that training may take.
        keep: a folder for a checkpoint every minute, from which a training that was killed goes on with the same result; None for none.
        report: receives the progress.

    Returns:
        The trained model; players that keep a moving average are that average.

    Raises:
        DataError: training would take longer, or there are too few examples.
        SettingError: the model does not suit the data.
    """
    training = recipe.training.model_copy(update={"seed": seed, "tick": TICK})
    model = build(recipe.model, dataset.event, seed=seed)
    devices = Devices.choose(training.device, training.precision, model)
    state = TrainingState.start(model, training, devices)
    size = min(recipe.model.batch_size(training.batch_size, len(dataset)), len(dataset))
    batches = training_batches(model, dataset, size, seed, devices.device, balanced=training.balance_classes)
    model.pass_steps = batches.per_epoch
    model.check_first_batch(size, dataset.y if size == len(dataset) and not training.balance_classes else None)
    folder = None if keep is None else RunFolder(keep)
    if folder is not None and checkpoint.exists(folder):
        checkpoint.load(checkpoint.newest_valid(folder)[0], model, state)
    began = saved = time.perf_counter()
    first = state.step
    with using_threads(threads_for(model, size, training.threads)):
        for record in play(model, batches, training, state):
            spent = time.perf_counter() - began
            if record is not None and spent > min(WARMING, seconds):
                needed = spent * (training.steps - first) / max(record.step - first, 1)
                if needed > seconds:
                    raise DataError(f"it needs about {needed:,.0f} s, and {seconds:,.0f} s were left for it")
            if record is not None and report is not None:
                report(
                    f"training {recipe.name}, step {record.step:,} of {training.steps:,}", record.step / training.steps
                )
            if folder is not None and time.perf_counter() - saved > KEEPING:
                checkpoint.save(folder, model, state)
                checkpoint.prune(folder, 1)
                saved = time.perf_counter()
    model.players.update({name: average.module for name, average in state.averages.items()})
    if has(model, Fits):
        model.fit(dataset.x, torch.Generator(devices.device).manual_seed(seed))
    model.trained_steps = state.step
    for player in model.players.values():
        player.eval()
    return model
