"""Resume a run from its newest complete checkpoint."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from saddlepoint.arguments import check_count, check_listener, check_modules
from saddlepoint.data.dataset import Dataset
from saddlepoint.diagnosis.verdict import FAILED
from saddlepoint.errors import RunError
from saddlepoint.experiment import examples as examples_file
from saddlepoint.experiment import module_objects, rates
from saddlepoint.experiment.assemble import prepare
from saddlepoint.experiment.attempts import train_to_end
from saddlepoint.experiment.data_argument import with_source
from saddlepoint.experiment.display import listener_or_default
from saddlepoint.experiment.examples import DATA_FILE
from saddlepoint.experiment.listener import Listener
from saddlepoint.experiment.loading import event_of
from saddlepoint.experiment.rollback import finish_rollback, unfinished_rollback
from saddlepoint.experiment.run import Run
from saddlepoint.experiment.session import Session
from saddlepoint.recipe import Recipe
from saddlepoint.recipe.trust import require_trust
from saddlepoint.records import RunFolder, replaced, shell_command, writing
from saddlepoint.report.verdict import recorded_process
from saddlepoint.training import checkpoint

if TYPE_CHECKING:
    from torch import nn


def resume(
    run: str | Path,
    *,
    steps: int | None = None,
    keep_rate: bool = False,
    pictures: bool = True,
    modules: Mapping[str, nn.Module] | None = None,
    loss: object = None,
    trust: bool = False,
    listener: Listener | None = None,
) -> Run:
    """Continue an interrupted run from its newest complete checkpoint; the result is bit-equal to an uninterrupted run.

    A run that was killed between its last step and its report is completed.

    Args:
        run: the run's folder.
        steps: the new last step; the recipe in the folder is changed. A cosine or linear schedule is then stretched, so that
            the learning rate jumps; both rates are reported.
        keep_rate: whether such a schedule ends at the same step as before, so that the learning rate does not jump. The recipe
            in the folder then repeats the whole run.
        pictures: as in `train`.
        modules: the networks that were given to `train` as objects, by role; their weights are replaced.
        loss: the loss that was given to `train` as an object.
        trust: whether code that the run names by import path may run, as in `train`.
        listener: as in `train`.

    Returns:
        The run.

    Raises:
        RunError: the folder is not a run, another process is training it, it is at its last step, or it cannot be loaded. In
            these cases nothing is written.
        TrustError: the run names code by import path that is not trusted.
    """
    check_modules("resume", modules)
    modules = module_objects.with_loss(modules, loss)
    check_listener("resume", listener)
    if steps is not None:
        steps = check_count("resume", "steps", steps, 1)
    folder = Run(run).folder
    # Everything is read, and everything that the user can fix is refused, before anything is written.
    with listener_or_default(listener) as active_listener, writing(folder):
        recipe, unfinished = unfinished_rollback(recipe_of(folder), folder)
        earlier = recipe
        if steps is not None:
            recipe = recipe.override({"training.steps": steps}, where="resume")
            recipe = rates.keep_rates(earlier, recipe) if keep_rate else recipe
        module_objects.require_loss(recipe, modules, where=str(folder.path))
        require_trust(recipe.model, trust=trust, modules=modules, where=str(folder.path))
        session = prepare(
            recipe,
            folder,
            dataset=data_of(recipe, folder),
            modules=modules,
            listener=active_listener,
            pictures=pictures,
        )
        session.load(None if unfinished is None else unfinished.returned_to)
        _require_steps_left(session)
        _report_rate_jumps(session, earlier, listener)
        if unfinished is not None:
            finish_rollback(folder, unfinished, earlier)
        if steps is not None:
            with replaced(folder.recipe) as file:
                file.write(recipe.to_yaml())
        train_to_end(session, modules)
    return Run(run, modules=modules)


def recipe_of(folder: RunFolder) -> Recipe:
    """Return a run's recipe; examples that the run stores are read from its folder, which may have been copied or moved."""
    recipe, own = Recipe.load(folder.recipe), folder.path / DATA_FILE
    return with_source(recipe, own) if own.exists() else recipe


def data_of(recipe: Recipe, folder: RunFolder) -> Dataset | None:
    """Return a run's data, read as when the run began; None if no checkpoint describes how they were read."""
    try:
        path, _ = checkpoint.newest_valid(folder)
    except RunError:
        return None
    return examples_file.load_as(recipe.data, event_of(path))


def _require_steps_left(session: Session) -> None:
    """Raise RunError if the run is complete."""
    folder, recipe, step = session.folder, session.recipe, session.state.step
    if step < recipe.training.steps or not _is_complete(folder):
        return
    if recorded_process(folder, folder.read_summary()) == FAILED:
        then = f"What failed, and what to change: {shell_command('diagnose', folder.path)}"
    else:
        longer = shell_command("resume", folder.path, f"--steps {2 * step}", rates.keep_rate_option(recipe))
        then = f"To train on: {longer}"
    raise RunError(f"{folder.path} is at its last step, {step}: there is nothing to resume. {then}")


def _is_complete(folder: RunFolder) -> bool:
    """Return whether the last session ended; a run that was killed before that can be completed."""
    if not folder.summary.is_file():
        return False
    if folder.read_summary().get("pictures") is False:  # the summary was written last
        return True
    report = folder.report
    return report.is_file() and report.stat().st_mtime >= folder.summary.stat().st_mtime


def _report_rate_jumps(session: Session, earlier: Recipe, listener: Listener | None) -> None:
    """Report learning rates that jump because the run is longer now: to the listener, or as a warning if there is none."""
    training = session.recipe.training
    roles = [session.model.roles[player] for player in session.state.settings]
    jumps = rates.rate_jumps(earlier.training, training, roles, session.state.step)
    can_keep = bool(rates.keep_rate_option(earlier))
    message = rates.jump_in_words(jumps, earlier.training.steps, training.steps, can_keep=can_keep)
    if message and listener is not None:
        listener.note(message)
    elif message:
        warnings.warn(message, UserWarning, stacklevel=3)
