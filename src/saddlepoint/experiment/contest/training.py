"""Train a recipe in memory, without a run folder, and give up where it would take too long."""

from __future__ import annotations

import time

import torch

from saddlepoint.data.batches import Batches
from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import DataError
from saddlepoint.experiment.batch_size import examples_in_batch
from saddlepoint.models import build
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Fits, has
from saddlepoint.recipe import Recipe
from saddlepoint.training import Devices, TrainingState, play
from saddlepoint.training.threads import threads_for, using_threads

TICK = 20  # steps after which the clock is read
WARMING = 1.0  # seconds, before which the speed is not known


def train_in_memory(recipe: Recipe, dataset: Dataset, seconds: float) -> Model:
    """Train a model as a run of the recipe would, without measurements.

    Args:
        recipe: all settings.
        dataset: the training examples.
        seconds: the time that training may take.

    Returns:
        The trained model; players that keep a moving average are that average.

    Raises:
        DataError: training would take longer, or there are too few examples.
        SettingError: the model does not suit the data.
    """
    training = recipe.training
    model = build(recipe.model, dataset.event, seed=training.seed)
    devices = Devices.choose(training.device, training.precision, model)
    state = TrainingState.start(model, training, devices)
    batches = Batches(
        dataset,
        examples_in_batch(recipe, dataset),
        training.seed,
        devices.device,
        model.scaling,
        labels=model.classes is not None,
        balanced=training.balance_classes,
    )
    model.pass_steps = batches.per_epoch
    model.check_first_batch(batches.batch_size, dataset.y if batches.batch_size == len(dataset) else None)
    ticks = training.model_copy(update={"tick": TICK})
    began = time.perf_counter()
    with using_threads(threads_for(model, training.batch_size, training.threads)):
        for record in play(model, batches, ticks, state):
            spent = time.perf_counter() - began
            if record is not None and spent > min(WARMING, seconds):
                needed = spent * training.steps / record.step
                if needed > seconds:
                    raise DataError(f"it needs about {needed:,.0f} s a split, and {seconds:,.0f} s were left for it")
    model.players.update({name: average.module for name, average in state.averages.items()})
    if has(model, Fits):
        model.fit(dataset.x, torch.Generator(devices.device).manual_seed(training.seed))
    return model
