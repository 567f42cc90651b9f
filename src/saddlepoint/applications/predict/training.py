"""The run of a predictor: trained, or continued if an earlier call was killed."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from saddlepoint.applications.predict.settings import BATCH
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import RunError
from saddlepoint.experiment import Listener, Run, resume, train
from saddlepoint.recipe import Recipe
from saddlepoint.records import RunFolder

CHECKPOINTS = 4  # of a training


def predictor_recipe(data: DataSettings, frames_in: int, loss: str, steps: int, seed: int, width: int | None) -> Recipe:
    """The recipe of a predictor.

    Args:
        data: of the videos.
        frames_in: frames that are given.
        loss: a name in `METHODS`.
        steps: of training.
        seed: of training.
        width: channels of the network; None for the usual number.
    """
    changes = {
        "model.frames_in": frames_in,
        "model.objective": loss,
        "training.steps": steps,
        "training.seed": seed,
        "training.batch_size": BATCH,
        "training.checkpoint_every": max(1, steps // CHECKPOINTS),
        "training.sample_every": max(1, steps // CHECKPOINTS),
        "evaluation.every": max(1, steps // CHECKPOINTS),
        **({} if width is None else {"model.predictor.width": width}),
    }
    base = Recipe.load("predictor-digits")
    return base.model_copy(update={"name": f"predictor-{loss}", "data": data}).override(changes, where="predict")


def trained_run(
    recipe: Recipe, dataset: Dataset, folder: Path, listener: Listener | None = None, *, pictures: bool = True
) -> Run:
    """The run of a recipe in a folder: trained, continued from its newest checkpoint, or as it is if it is complete.

    Args:
        recipe: of the predictor; its batches become smaller where there are fewer training examples.
        dataset: the data of the recipe.
        folder: of the run. A run of another recipe, or on data that have changed since, is replaced.
        listener: gets callbacks.
        pictures: whether the run's last pictures and its report are made.
    """
    batch = min(recipe.training.batch_size, len(dataset))
    recipe = recipe.override({"training.batch_size": batch}, where="predict")
    own = RunFolder(folder).recipe
    if own.is_file() and Recipe.load(own) == recipe:
        run = Run(folder)
        if not run.folder.summary.exists() or run.folder.read_summary().get("step") != recipe.training.steps:
            # A run without a checkpoint, or on other data, cannot be continued.
            with suppress(RunError):
                return resume(folder, listener=listener, pictures=pictures)
        elif run.folder.read_summary()["data"]["fingerprint"] == dataset.fingerprint:
            return run
    return train(recipe, run=folder, overwrite=True, listener=listener, pictures=pictures)
