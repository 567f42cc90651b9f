"""Train an autoencoding recipe on data that have no model, once: the run is kept and used again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from saddlepoint.applications.cluster.settings import MIDDLE, RECIPES, SMALL
from saddlepoint.applications.cluster.sources import Source
from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError
from saddlepoint.experiment.listener import Listener, Outline
from saddlepoint.experiment.resumption import resume
from saddlepoint.experiment.run import Run
from saddlepoint.experiment.start import train
from saddlepoint.models import build
from saddlepoint.models.capabilities import Encodes, lacks
from saddlepoint.progress.protocol import Report
from saddlepoint.recipe import Recipe
from saddlepoint.records import Record, RunFolder
from saddlepoint.training import checkpoint

COMPLETE = ("finished", "failed")  # states of runs; the findings of a failed one are among the notes
SHARE = 0.6  # of the progress that is training


class TrainingReport(Listener):
    """Reports the steps of a training as progress."""

    def __init__(self, report: Report) -> None:
        self.report, self.name, self.steps = report, "", 1

    def started(self, outline: Outline) -> None:
        self.name, self.steps = outline.name, outline.steps

    def record(self, record: Record) -> None:
        self.report(f"training {self.name}, step {record.step:,} of {self.steps:,}", SHARE * record.step / self.steps)


def choose_recipe(event: Event, is_table: bool, name: str | Path | None, steps: int | None, seed: int) -> Recipe:
    """The recipe to train.

    Args:
        event: what one example is.
        is_table: whether examples are rows of a table.
        name: of a recipe or its file; None chooses by the kind and size of the examples.
        steps: of training; None for the recipe's.
        seed: of training.

    Raises:
        SettingError: no recipe is recommended for such data, or the recipe's model has no codes.
    """
    changes: dict[str, Any] = {"training.seed": seed}
    if steps is not None:
        changes["training.steps"] = steps
    if name is not None:
        return Recipe.load(name).override(changes, where="cluster")
    kind = _kind(event, is_table)
    if kind not in RECIPES:
        raise SettingError(
            f"cluster: no recipe is recommended for {event.plural}; name one whose model has codes (--recipe), or give a trained run."
        )
    recommended = RECIPES[kind]
    recipe = Recipe.load(recommended.recipe).override(dict(recommended.changes), where="cluster")
    changes["model.latent"] = min(recipe.model.model_dump()["latent"], event.size)
    if event.kind == "image" and not event.bounded:
        changes["model.likelihood"] = "gaussian-learnt"
    return recipe.override(changes, where="cluster")


def _kind(event: Event, is_table: bool) -> str:
    if is_table:
        return "table"
    if event.kind == "image":
        return "small image" if event.size <= SMALL else "image" if event.size <= MIDDLE else "large image"
    return event.kind


def check_encodes(recipe: Recipe, event: Event) -> None:
    """Raise SettingError where the model of a recipe has no codes, before it is trained."""
    reason = lacks(build(recipe.model, event, seed=0), Encodes)
    if reason is not None:
        raise SettingError(
            f"cluster: the recipe {recipe.name} has no codes: {reason.rstrip('.')}; choose an autoencoder, such as vae-digits."
        )


def train_once(source: Source, recipe: Recipe, folder: Path, report: Report | None, *, trust: bool = False) -> Run:
    """Return the trained run of a recipe on data; a run of the same request is used again, or resumed.

    Args:
        source: the data.
        recipe: to train; its data section has the settings of the source.
        folder: of runs; that of this one has a name which depends on the request.
        report: receives the progress.
        trust: whether code that the recipe names by import path may run.

    Raises:
        KeyboardInterrupt: training was interrupted; the same call goes on.
    """
    place = folder / f"{recipe.name}-{_seal(source, recipe)}"
    run = RunFolder(place)
    listener = Listener() if report is None else TrainingReport(report)
    if _state(run) in COMPLETE:
        return Run(place, trust=trust)
    if checkpoint.exists(run):
        trained = resume(place, pictures=False, trust=trust, listener=listener)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        data: Any = source.dataset if source.settings is None else None
        trained = train(
            recipe, data=data, run=place, overwrite=place.exists(), pictures=False, trust=trust, listener=listener
        )
    if (
        _state(run) not in COMPLETE
    ):  # the training loop answers Ctrl-C by a checkpoint, from which the next call goes on
        raise KeyboardInterrupt
    return trained


def _state(run: RunFolder) -> str | None:
    """How a run ended; None if it has not."""
    return str(run.read_summary().get("state")) if run.summary.is_file() else None


def _seal(source: Source, recipe: Recipe) -> str:
    """Hash of what determines the trained run."""
    sections = recipe.model_dump(mode="json", include={"model", "training", "evaluation"})
    decisive = json.dumps([source.dataset.fingerprint, sections], sort_keys=True, default=str)
    return hashlib.sha256(decisive.encode()).hexdigest()[:8]
