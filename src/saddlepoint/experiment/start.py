"""Start or resume a run: from settings to a folder with a trained model. The library and the command line call this."""

from __future__ import annotations

import copy
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint import data as data_package
from saddlepoint.arguments import check_count, check_listener, check_mapping, check_modules, check_path
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.diagnosis.verdict import FAILED
from saddlepoint.errors import RunError
from saddlepoint.experiment import cure, module_objects, rates
from saddlepoint.experiment import examples as examples_file
from saddlepoint.experiment.capacity import require_memory
from saddlepoint.experiment.display import listener_or_default
from saddlepoint.experiment.examples import DATA_FILE, Arrays
from saddlepoint.experiment.listener import Listener
from saddlepoint.experiment.location import new_folder
from saddlepoint.experiment.run import Run, event_of
from saddlepoint.experiment.session import Session
from saddlepoint.models import build
from saddlepoint.recipe import Recipe
from saddlepoint.recipe.trust import require_trust
from saddlepoint.records import RunFolder, replaced, shell_command, writing
from saddlepoint.report.verdict import recorded_process
from saddlepoint.training import checkpoint

if TYPE_CHECKING:
    from torch import nn


_EXAMPLES = {  # of how a section of settings is written
    "data": '{"source": "digits", "limit": 500}',
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
    trust: bool = False,
    listener: Listener | None = None,
) -> Run:
    """Train a recipe and return its run.

    recipe: the name of a ready-made recipe, a YAML file, a run folder to repeat, or a Recipe.
    data: settings of the `data` section; or a source (name or path); or examples themselves, an array or tensor
        (N, *event), or a pair of examples and labels (N,); or a Dataset, with its own held-out part, to which the
        settings of the `data` section no longer apply. Examples are kept in the run's folder as data.npz.
    model, training, evaluation: settings that differ from the recipe's, nested or with dotted names:
        `{"steps": 2000, "discriminator.learning_rate": 1e-4}`.
    run: the folder to write; by default runs/RECIPE-N. An existing run is replaced only with `overwrite`.
    pictures: whether the last pictures, the film and report.html are made at the end, which may take longer than a short
        training; records, findings, samples and checkpoints are written in any case, and `saddlepoint report RUN
        --pictures` makes the rest later.
    modules: your own networks as objects, by role: {"generator": ..., "discriminator": ...}. They are trained themselves;
        who loads, resumes or repeats the run has to bring such objects again.
    trust: whether code that the recipe itself names by import path may run; paths given in `model` need no trust. What
        was given or trusted once is remembered for this user (see SECURITY.md).
    listener: hears of everything that happens; by default a line of progress on a terminal or in a notebook.

    Raises:
        SettingError, DataError, RunError: what the user can mend, before anything is written.
        TrustError: the recipe names code by import path that is not trusted.
        RunError: while training, where the folder can no longer be written; what was saved can be resumed.
    """
    _check_arguments("train", modules, listener)
    if run is not None:
        check_path("train", "run", run)
    loaded = recipe if isinstance(recipe, Recipe) else Recipe.load(recipe)
    changes: dict[str, Any] = {}
    for section, given in (("model", model), ("training", training), ("evaluation", evaluation)):
        if given is not None:
            check_mapping("train", section, given, _EXAMPLES[section])
            changes |= _dotted(section, given)
    settings, examples = _told_apart(data)
    changes |= settings
    loaded = loaded.override(changes, where="train") if changes else loaded
    loaded = _absolute_source(module_objects.named(loaded, modules))
    require_trust(loaded.model, trust=trust, given=changes, modules=modules, where=loaded.name)
    with listener_or_default(listener) as ears, new_folder(loaded.name, run, overwrite) as place:
        staged = loaded
        if examples is not None:
            examples_file.write(place.staging / DATA_FILE, examples)
            loaded = loaded.override({"data.source": "examples given in Python"})  # for its description
        elif _belongs_to_a_run(loaded.data.source):
            shutil.copyfile(loaded.data.source, place.staging / DATA_FILE)
        if (place.staging / DATA_FILE).exists():
            staged = _with_source(loaded, place.staging / DATA_FILE)
            loaded = _with_source(loaded, place.path / DATA_FILE)
        dataset = examples_file.load(staged.data)
        session = prepare(
            loaded, RunFolder(place.path), dataset=dataset, modules=modules, listener=ears, pictures=pictures
        )
        with replaced(place.staging / session.folder.recipe.name) as file:
            file.write(loaded.to_yaml())
        place.settle()
        _played(session, modules)
    return Run(place.path, modules=modules)


def resume(
    run: str | Path,
    *,
    steps: int | None = None,
    keep_rate: bool = False,
    pictures: bool = True,
    modules: Mapping[str, nn.Module] | None = None,
    trust: bool = False,
    listener: Listener | None = None,
) -> Run:
    """Go on with an interrupted run from its newest whole checkpoint, bit-equal to a run that was never interrupted.

    A run that was killed between its last step and its report is finished.

    steps: train to this step instead of the recipe's (the recipe in the folder is changed). A cosine or linear schedule is
        then stretched, so that the learning rate jumps; this is said with both numbers.
    keep_rate: let such a schedule end where it did, so that the rate goes on from where it is. The recipe in the folder
        then repeats the whole run.
    pictures: as in `train`.
    modules: the networks that were given to `train` as objects, by role; their weights are replaced.
    trust: whether code that the run names by import path may run, as in `train`.
    listener: as in `train`.

    Raises:
        RunError: not a run, another process is training it, it is at its last step, or it cannot be loaded. Nothing is
            written then.
        TrustError: the run names code by import path that is not trusted.
    """
    _check_arguments("resume", modules, listener)
    if steps is not None:
        steps = check_count("resume", "steps", steps, 1)
    folder = Run(run).folder
    # Everything is read, and everything the user can fix is refused, before anything is written.
    with listener_or_default(listener) as ears, writing(folder):
        recipe, unfinished = cure.unfinished(recipe_of(folder), folder)
        cured = recipe
        earlier = recipe
        if steps is not None:
            recipe = recipe.override({"training.steps": steps}, where="resume")
            recipe = rates.keep_rates(earlier, recipe) if keep_rate else recipe
        require_trust(recipe.model, trust=trust, modules=modules, where=str(folder.path))
        session = prepare(
            recipe, folder, dataset=data_of(recipe, folder), modules=modules, listener=ears, pictures=pictures
        )
        session.load(None if unfinished is None else unfinished.returned_to)
        if session.state.step >= recipe.training.steps and _is_complete(folder):
            failed = recorded_process(folder, folder.read_summary()) == FAILED
            raise RunError(
                f"{folder.path} is at its last step, {session.state.step}: there is nothing to resume. "
                + (
                    f"What failed, and what to change: {shell_command('diagnose', folder.path)}"
                    if failed
                    else f"To train on: {_further(folder, recipe, session.state.step)}"
                )
            )
        trained = [session.model.roles[player] for player in session.state.settings]
        jumps = rates.rate_jumps(earlier.training, recipe.training, trained, session.state.step)
        can_keep = bool(rates.keep_rate_option(earlier))
        if said := rates.jump_in_words(jumps, earlier.training.steps, recipe.training.steps, can_keep=can_keep):
            _warn(said, listener)
        if unfinished is not None:
            cure.finish(folder, unfinished, cured)
        if steps is not None:
            with replaced(folder.recipe) as file:
                file.write(recipe.to_yaml())
        _played(session, modules)
    return Run(run, modules=modules)


def recipe_of(folder: RunFolder) -> Recipe:
    """The run's recipe; its own examples are looked for in the folder, which may have been copied or moved since."""
    recipe, own = Recipe.load(folder.recipe), folder.path / DATA_FILE
    return _with_source(recipe, own) if own.exists() else recipe


def data_of(recipe: Recipe, folder: RunFolder) -> Dataset | None:
    """The run's data, read as when it began; None where it has no checkpoint that says how."""
    try:
        path, _ = checkpoint.newest_valid(folder)
    except RunError:
        return None
    return examples_file.load_as(recipe.data, event_of(path))


def prepare(
    recipe: Recipe,
    folder: RunFolder,
    *,
    dataset: Dataset | None = None,
    modules: Mapping[str, nn.Module] | None = None,
    listener: Listener | None = None,
    pictures: bool = True,
) -> Session:
    """A session at its first step: data loaded (unless given), model built, nothing written."""
    module_objects.require(recipe, modules, where=recipe.name)
    require_trust(recipe.model, modules=modules, where=recipe.name)
    if dataset is None:
        dataset = examples_file.load(recipe.data)
    require_memory(recipe, dataset.event, len(dataset))
    model = build(recipe.model, dataset.event, modules=modules, seed=recipe.training.seed)
    return Session(recipe, folder, dataset, model, listener, pictures=pictures)


def _played(session: Session, modules: Mapping[str, nn.Module] | None) -> None:
    """Train to the end, cure after cure where the recipe asks for that."""
    own = modules if session.recipe.training.cure == "auto" else None
    first = {role: copy.deepcopy(module.state_dict()) for role, module in (own or {}).items()}
    while session.run() is None:
        assert session.cure is not None
        found, cured = session.cure
        cure.archive(session.folder, found, cured)
        session.listener.note(str(found))
        for role, module in (own or {}).items():
            module.load_state_dict(first[role])
        session = prepare(
            cured,
            session.folder,
            dataset=session.dataset,
            modules=modules,
            listener=session.listener,
            pictures=session.illustrated,
        )
        if found.returned_to:
            session.load()


def _further(folder: RunFolder, recipe: Recipe, step: int) -> str:
    """The command that trains a finished run to twice its step."""
    return shell_command("resume", folder.path, f"--steps {2 * step}", rates.keep_rate_option(recipe))


def _warn(sentence: str, listener: Listener | None) -> None:
    """To the listener; where there is none, as a warning, which scripts show too."""
    if listener is not None:
        listener.note(sentence)
    else:
        warnings.warn(sentence, UserWarning, stacklevel=3)


def _is_complete(folder: RunFolder) -> bool:
    """Whether the last session came to its end, the report; killed before that, the run can still be finished."""
    if not folder.summary.is_file():
        return False
    if folder.read_summary().get("pictures") is False:  # its end is the summary
        return True
    report = folder.report
    return report.is_file() and report.stat().st_mtime >= folder.summary.stat().st_mtime


def _check_arguments(where: str, modules: Any, listener: Any) -> None:
    check_modules(where, modules)
    check_listener(where, listener)


def _told_apart(data: Any) -> tuple[dict[str, Any], Arrays | None]:
    """What `data` means: settings by dotted name, and examples (with labels) as arrays where it holds such."""
    if data is None:
        return {}, None
    if isinstance(data, str | Path):
        return {"data.source": str(data)}, None
    if isinstance(data, DataSettings):
        data = data.model_dump()
    if isinstance(data, Mapping):
        check_mapping("train", "data", data, _EXAMPLES["data"])
        return _dotted("data", data), None
    return {}, examples_file.arrays_of(data)


def _dotted(section: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """{"a": {"b": 1}, "c.d": 2} of section s -> {"s.a.b": 1, "s.c.d": 2}."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping) and name != "arguments":
            flat |= _dotted(f"{section}.{name}", value)
        else:
            flat[f"{section}.{name}"] = value
    return flat


def _absolute_source(recipe: Recipe) -> Recipe:
    """The recipe with a path as data source made absolute, so that the run can be repeated from anywhere."""
    path = Path(recipe.data.source).expanduser()
    if recipe.data.source in data_package.SOURCES or not path.exists():
        return recipe
    return _with_source(recipe, path)


def _with_source(recipe: Recipe, path: Path) -> Recipe:
    """The same data at another path: what describes the recipe stays as it is."""
    return recipe.override({"data.source": str(path.resolve()), "description": recipe.description})


def _belongs_to_a_run(source: str) -> bool:
    """Whether these are examples that another run keeps: a repetition needs a copy, for that run may go."""
    path = Path(source)
    return path.name == DATA_FILE and path.is_file() and RunFolder(path.parent).exists()
