"""Build a session from a recipe: the data, the model, the state of training, and all other parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from saddlepoint.data.batches import Batches
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.mixed_batches import MixedBatches
from saddlepoint.experiment import examples as examples_file
from saddlepoint.experiment import module_objects
from saddlepoint.experiment.auto_remedy import AutoRemedy
from saddlepoint.experiment.batch_size import examples_in_batch
from saddlepoint.experiment.batch_statistics import check_batch_statistics
from saddlepoint.experiment.best_effort import BestEffort
from saddlepoint.experiment.capacity import require_memory
from saddlepoint.experiment.context import RunContext
from saddlepoint.experiment.journal import Journal
from saddlepoint.experiment.listener import Listener
from saddlepoint.experiment.live_diagnosis import start_diagnosis
from saddlepoint.experiment.measurement import Measurement
from saddlepoint.experiment.own_parts import naming_parts, own_parts
from saddlepoint.experiment.pictures import Pictures
from saddlepoint.experiment.recorder import Recorder
from saddlepoint.experiment.run_checkpoints import RunCheckpoints
from saddlepoint.experiment.samples import draw_samples
from saddlepoint.experiment.schedule import Every, EveryTick
from saddlepoint.experiment.session import Session
from saddlepoint.experiment.session_end import SessionEnd
from saddlepoint.experiment.training_batches import training_batches
from saddlepoint.models import build
from saddlepoint.models.base import Model
from saddlepoint.objectives.phase import Batch
from saddlepoint.recipe import Recipe
from saddlepoint.recipe.trust import require_trust
from saddlepoint.recipe.unused import unused_settings
from saddlepoint.records import RunFolder
from saddlepoint.training import Devices, TrainingState
from saddlepoint.training.precision_check import bf16_deviation
from saddlepoint.training.recycling import recycle_units
from saddlepoint.training.threads import threads_for

if TYPE_CHECKING:
    from torch import nn


def prepare(
    recipe: Recipe,
    folder: RunFolder,
    *,
    dataset: Dataset | None = None,
    modules: Mapping[str, nn.Module] | None = None,
    listener: Listener | None = None,
    pictures: bool = True,
) -> Session:
    """Load the data, build the model, and return a session at its first step. Nothing is written.

    Args:
        recipe: what to train.
        folder: the folder of the run.
        dataset: the recipe's data, if they are already loaded.
        modules: the user's own networks by role.
        listener: gets callbacks.
        pictures: see `new_session`.

    Raises:
        RunError: the recipe needs modules that were not given.
        TrustError: it names code by import path that is not trusted.
        DataError: the data cannot be read.
        SettingError: training would need more memory than is available; or as in `new_session`.
    """
    module_objects.require(recipe, modules, where=recipe.name)
    require_trust(recipe.model, modules=modules, where=recipe.name)
    if dataset is None:
        dataset = examples_file.load(recipe.data)
    require_memory(recipe, dataset.event, len(dataset))
    with naming_parts(own_parts(recipe.model, modules)):
        model = build(recipe.model, dataset.event, modules=modules, seed=recipe.training.seed)
    return new_session(recipe, folder, dataset, model, listener, modules=modules, pictures=pictures)


def new_session(
    recipe: Recipe,
    folder: RunFolder,
    dataset: Dataset,
    model: Model,
    listener: Listener | None = None,
    *,
    modules: Mapping[str, nn.Module] | None = None,
    pictures: bool = True,
) -> Session:
    """Return a session that trains a model at its first step. Nothing is written.

    Args:
        recipe: all settings.
        folder: the folder of the run.
        dataset: training examples with their held-out part.
        model: built for these data.
        listener: gets callbacks.
        modules: the user's own networks and loss by role, with which the model was built.
        pictures: whether the last pictures, the time-lapse and the report are made when training ends. Samples are always drawn
            during training.

    Raises:
        DataError: there are fewer examples than one batch needs.
        PartError: one of the user's own parts fails on a batch.
        SettingError: the device does not exist, a player cannot be trained, BatchNorm cannot normalise the batch, or classes of
            data without labels are to be balanced.
    """
    training, evaluation = recipe.training, recipe.evaluation
    listener = listener or Listener()
    parts = own_parts(recipe.model, modules)
    devices = Devices.choose(training.device, training.precision, model)
    threads = threads_for(model, training.batch_size, training.threads)
    state = TrainingState.start(model, training, devices)
    batches = training_batches(
        model,
        dataset,
        examples_in_batch(recipe, dataset),
        training.seed,
        devices.device,
        balanced=training.balance_classes,
    )
    model.pass_steps = batches.per_epoch
    whole = batches.batch_size == len(dataset) and not training.balance_classes
    model.check_first_batch(batches.batch_size, dataset.y if whole else None)
    with naming_parts(parts):
        check_batch_statistics(model, dataset.x[: training.batch_size])
        unused = unused_settings(recipe)
        notes = [*unused, *dataset.notes, *model.notes, *_check_precision(model, batches, state)]
    best_effort = BestEffort(listener, parts)
    context = RunContext(recipe, folder, dataset, model, state, threads, listener, best_effort, parts)
    journal = Journal(folder, listener, context.best_effort)
    measurement = Measurement(
        dataset,
        model,
        state,
        evaluation,
        context.best_effort,
        seed=training.seed,
        split_seed=recipe.data.split_seed,
    )
    drawing = Pictures(folder, dataset, model, training.seed, training.samples)
    classes = len(dataset.event.class_names or ())
    diagnosis = start_diagnosis(recipe, state.devices.precision, classes)

    def recycle() -> dict[str, float]:
        if not training.recycle_every or not measurement.has_finite_weights():
            return {}
        return recycle_units(model, state, measurement.pass_examples, training.seed)

    steps = training.steps
    recorder = Recorder(
        journal,
        diagnosis,
        series=(
            (Every(evaluation.probe_interval(steps), steps), lambda step: measurement.probe()),
            (Every(evaluation.measurement_interval(steps), steps), measurement.measure),
            (EveryTick(training.recycle_every, training.tick, steps), lambda step: recycle()),
        ),
        actions=((Every(training.sample_every, steps), partial(draw_samples, context, journal, measurement, drawing)),),
    )
    return Session(
        context,
        batches,
        journal=journal,
        measurement=measurement,
        pictures=drawing,
        diagnosis=diagnosis,
        recorder=recorder,
        checkpoints=RunCheckpoints(context, measurement, journal, diagnosis),
        remedies=AutoRemedy(recipe, folder, diagnosis, classes),
        end=SessionEnd(context, journal, measurement, drawing, with_pictures=pictures),
        recycle=recycle,
        notes=notes,
    )


def _check_precision(model: Model, batches: Batches | MixedBatches, state: TrainingState) -> list[str]:
    """Use fp32 where bf16 computes wrong results on this machine; return a note about it."""
    if state.devices.precision != "bf16":
        return []
    wrong = bf16_deviation(model, Batch(*batches[0]), state.devices)
    if not wrong:
        return []
    state.devices = replace(state.devices, precision="fp32")
    return [f"Training in fp32, since bf16 computes wrongly on this machine: {wrong}."]
