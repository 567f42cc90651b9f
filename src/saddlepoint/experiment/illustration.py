"""Draw the last pictures of a run that was trained without them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from saddlepoint.errors import RunError
from saddlepoint.experiment.assemble import prepare
from saddlepoint.experiment.listener import Listener
from saddlepoint.experiment.resumption import data_of, recipe_of
from saddlepoint.experiment.run import Run
from saddlepoint.experiment.summary import note_pictures
from saddlepoint.recipe.trust import require_trust
from saddlepoint.records import shell_command, writing
from saddlepoint.training import checkpoint
from saddlepoint.training.threads import using_threads

if TYPE_CHECKING:
    from torch import nn


def draw_pictures(
    run: str | Path,
    *,
    modules: Mapping[str, nn.Module] | None = None,
    trust: bool = False,
    listener: Listener | None = None,
) -> None:
    """Draw the last pictures and the time-lapse of a run from its newest complete checkpoint, as at the end of training.

    Args:
        run: the run's folder.
        modules: the user's own networks by role, if the run was trained with such objects.
        trust: whether code that the run names by import path may run.
        listener: gets a note about each picture that could not be drawn.

    Raises:
        RunError: the folder is not a run, has no checkpoint, or another process is writing to it.
        TrustError: the run names code by import path that is not trusted.
    """
    folder = Run(run).folder
    with writing(folder):
        if not checkpoint.exists(folder):
            raise RunError(
                f"{folder.path} has no checkpoint, so there is no model to draw pictures of. To train it: "
                f"{shell_command('resume', folder.path)}"
            )
        recipe = recipe_of(folder)
        require_trust(recipe.model, trust=trust, modules=modules, where=str(folder.path))
        session = prepare(recipe, folder, dataset=data_of(recipe, folder), modules=modules, listener=listener)
        session.load()
        with using_threads(session.threads):
            session.end.draw_last()
        summary = folder.read_summary()
        if summary:
            note_pictures(folder, summary, summary.get("session_seconds") or {}, drawn=True)
