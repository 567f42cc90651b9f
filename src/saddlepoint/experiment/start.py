"""Train a recipe: from settings and data to a run folder with a trained model. The library and the command line call this."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.arguments import check_listener, check_mapping, check_modules, check_path
from saddlepoint.errors import DataError, SettingError
from saddlepoint.experiment import data_argument, module_objects
from saddlepoint.experiment import examples as examples_file
from saddlepoint.experiment.assemble import prepare
from saddlepoint.experiment.attempts import train_to_end
from saddlepoint.experiment.contest.candidates import is_contest
from saddlepoint.experiment.contest.outcome import Contest
from saddlepoint.experiment.display import listener_or_default
from saddlepoint.experiment.examples import DATA_FILE
from saddlepoint.experiment.listener import Listener
from saddlepoint.experiment.location import new_folder
from saddlepoint.experiment.run import Run
from saddlepoint.recipe import Recipe
from saddlepoint.recipe.bases import dotted
from saddlepoint.recipe.targets import with_labels_of_target
from saddlepoint.recipe.trust import require_trust
from saddlepoint.records import RunFolder, replaced
from saddlepoint.records.leftovers import remove_tree

if TYPE_CHECKING:
    from torch import nn

_EXAMPLES = {  # how the settings of a section are written, for an error
    "model": '{"latent": 16}',
    "training": '{"steps": 500}',
    "evaluation": '{"every": 100}',
}


def train(
    recipe: str | Path | Recipe,
    *,
    data: Any = None,
    model: Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
    evaluation: Mapping[str, Any] | None = None,
    run: str | Path | None = None,
    overwrite: bool = False,
    pictures: bool = True,
    modules: Mapping[str, nn.Module] | None = None,
    loss: object = None,
    trust: bool = False,
    listener: Listener | None = None,
    contest: Mapping[str, Any] | Contest | None = None,
) -> Run:
    """Train a recipe and return its run.

    Args:
        recipe: the name of a ready-made recipe, a YAML file, a run folder to repeat, or a Recipe. "auto-table" holds a contest
            between the recipes for tables on splits of the training rows, and trains the winner; the run has the contest's
            result in contest.json.
        data: settings of the `data` section; or a source (name or path); or examples, an array or tensor (N, *event), or a pair
            of examples and labels (N,); or a Dataset with its own held-out part, to which the settings of the `data` section do
            not apply; or a table, a data frame of pandas or polars or a NumPy record array, also as the source among settings:
            `{"source": frame, "target": "sex"}`. Examples are kept in the run's folder as data.npz.
        model: settings that differ from the recipe's, nested or with dotted names:
            `{"latent": 16, "discriminator.width": 32}`.
        training: as `model`: `{"steps": 2000}`.
        evaluation: as `model`: `{"every": 100}`.
        run: the folder to write; by default runs/RECIPE-N.
        overwrite: whether an existing run may be replaced.
        pictures: whether the last pictures, the time-lapse and report.html are made at the end, which may take longer than a
            short training. Records, findings, samples and checkpoints are always written; `saddlepoint report RUN --pictures`
            makes the other files later.
        modules: your own networks as objects, by role: `{"generator": ..., "discriminator": ...}`. These objects themselves are
            trained. To load, resume or repeat the run, pass such objects again.
        loss: your own loss as an object, instead of `model.objective`. For a GAN, an object with the functions `real`, `fake`
            and `generator` of logits (`saddlepoint.objectives.adversarial.losses.AdversarialLoss`); for other families, a
            function of (nets, batch, noise) that returns one value for each example, (B,), and a dictionary of observations. To
            resume or repeat the run, pass it again. A recipe can contain its import path instead:
            `model={"objective": "mypackage.losses:MyLoss"}`.
        trust: whether code that the recipe names by import path may run; paths in `model` need no trust. Trust is stored for
            this user (see SECURITY.md).
        listener: gets callbacks; by default, a progress line is shown on a terminal or in a notebook.
        contest: settings of the contest of "auto-table": `{"minutes": 5}` is the time that it may take, and the default. Or a contest
            that was held already, whose winner is `recipe`.

    Returns:
        The run: its model, findings, records and verdict.

    Raises:
        SettingError: a setting or argument is invalid; nothing is written.
        DataError: the data cannot be read or do not fit; nothing is written.
        TrustError: the recipe names code by import path that is not trusted; nothing is written.
        RunError: the path of the run is taken, or its folder can no longer be written during training; the run can then be
            resumed from its last checkpoint.
    """
    check_modules("train", modules)
    modules = module_objects.with_loss(modules, loss)
    check_listener("train", listener)
    if run is not None:
        check_path("train", "run", run)
    changes: dict[str, Any] = {}
    for section, given in (("model", model), ("training", training), ("evaluation", evaluation)):
        if given is not None:
            check_mapping("train", section, given, _EXAMPLES[section])
            changes |= dotted(section, given)
    settings, examples = data_argument.split_argument(data)
    changes |= settings
    found = contest if isinstance(contest, Contest) else None
    if is_contest(recipe):
        from saddlepoint.experiment.contest.start import choose_recipe

        found = choose_recipe(changes, examples, None if found else contest, run=run, overwrite=overwrite)
        recipe = found.winner
    elif contest is not None and found is None:
        raise SettingError("train: contest is for the recipe auto-table; leave it out.")
    loaded = recipe if isinstance(recipe, Recipe) else Recipe.load(recipe)
    loaded = with_labels_of_target(loaded.override(changes, where="train"), changes) if changes else loaded
    loaded = data_argument.with_absolute_source(module_objects.named(loaded, modules))
    module_objects.require_loss(loaded, modules, where=loaded.name)
    require_trust(loaded.model, trust=trust, given=changes, modules=modules, where=loaded.name)
    with listener_or_default(listener) as active_listener, new_folder(loaded.name, run, overwrite) as place:
        staged = loaded
        if isinstance(examples, data_argument.Table):
            examples = examples.arrays(loaded.data)
        if examples is not None:
            examples_file.write(place.staging / DATA_FILE, examples)
            loaded = loaded.override({"data.source": "examples given in Python"})  # for its description
        elif data_argument.belongs_in_the_run(loaded.data.source):
            shutil.copyfile(loaded.data.source, place.staging / DATA_FILE)
        if (place.staging / DATA_FILE).exists():
            staged = data_argument.with_source(loaded, place.staging / DATA_FILE)
            loaded = data_argument.with_source(loaded, place.path / DATA_FILE)
        dataset = examples_file.load(staged.data)
        session = prepare(
            loaded,
            RunFolder(place.path),
            dataset=dataset,
            modules=modules,
            listener=active_listener,
            pictures=pictures,
        )
        with replaced(place.staging / session.folder.recipe.name) as file:
            file.write(loaded.to_yaml())
        if found is not None:
            active_listener.note(str(found))
            found.write(place.staging / session.folder.contest.name)
        place.settle()
        try:
            train_to_end(session, modules)
        except (SettingError, DataError):
            # Settings that only the first step could find wrong. A folder that was there before the run stays.
            if not session.state.step and place.staging.parent != place.path:
                with contextlib.suppress(OSError):
                    remove_tree(place.path)
            raise
    return Run(place.path, modules=modules)
