"""Start or resume a run: from settings to a folder with a trained model. The library and the command line call this."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlepoint import data as data_package
from saddlepoint.errors import RunError, SettingError
from saddlepoint.experiment.listener import Listener
from saddlepoint.experiment.run import Run
from saddlepoint.experiment.session import Session
from saddlepoint.models import build
from saddlepoint.recipe import Recipe
from saddlepoint.records import RunFolder, replaced

if TYPE_CHECKING:
    from torch import nn

DATA_FILE = "data.npz"


def train(
    recipe: str | Path | Recipe,
    *,
    data: Any = None,
    model: Mapping[str, Any] | None = None,
    training: Mapping[str, Any] | None = None,
    evaluation: Mapping[str, Any] | None = None,
    run: str | Path | None = None,
    overwrite: bool = False,
    modules: Mapping[str, nn.Module] | None = None,
    listener: Listener | None = None,
) -> Run:
    """Train a recipe and return its run.

    recipe: the name of a ready-made recipe, a YAML file, a run folder to repeat, or a Recipe.
    data: settings of the `data` section; or a source (name or path); or examples themselves, an array or tensor
        (N, *event), or a pair of examples and labels (N,). Examples are kept in the run's folder as data.npz.
    model, training, evaluation: settings that differ from the recipe's, nested or with dotted names:
        `{"steps": 2000, "discriminator.learning_rate": 1e-4}`.
    run: the folder to write; by default runs/RECIPE-N. An existing run is replaced only with `overwrite`.
    modules: your own networks as objects, by role: {"generator": ..., "discriminator": ...}.
    listener: hears of everything that happens; by default a progress display where there is a terminal or a notebook.

    Raises:
        SettingError, DataError, RunError: what the user can mend, before anything is written.
    """
    loaded = recipe if isinstance(recipe, Recipe) else Recipe.load(recipe)
    changes = {
        **_dotted("model", model or {}),
        **_dotted("training", training or {}),
        **_dotted("evaluation", evaluation or {}),
    }
    examples: tuple[Any, Any] | None = None
    if isinstance(data, str | Path):
        changes["data.source"] = str(data)
    elif isinstance(data, Mapping):
        changes |= _dotted("data", data)
    elif isinstance(data, tuple):
        if len(data) != 2:
            raise SettingError(f"data is a tuple of {len(data)}; give examples, or a pair (examples, labels).")
        examples = data
    elif data is not None:
        examples = (data, None)
    loaded = _absolute_source(loaded.override(changes, where="train")) if changes else _absolute_source(loaded)
    with _new_folder(loaded, run, overwrite) as folder:
        if examples is not None:
            _write_examples(folder.path / DATA_FILE, *examples)
            loaded = loaded.override({"data.source": str((folder.path / DATA_FILE).resolve())})
        session = prepare(loaded, folder, modules=modules, listener=listener)
        with replaced(folder.recipe) as file:
            file.write(loaded.to_yaml())
        session.run()
    return Run(folder.path, modules=modules)


def resume(
    run: str | Path,
    *,
    steps: int | None = None,
    modules: Mapping[str, nn.Module] | None = None,
    listener: Listener | None = None,
) -> Run:
    """Go on with an interrupted run from its newest whole checkpoint, bit-equal to a run that was never interrupted.

    steps: train to this step instead of the recipe's (the recipe in the folder is changed).

    Raises:
        RunError: not a run, another process is training it, it is at its last step, or it cannot be loaded.
    """
    folder = Run(run).folder
    with _locked(folder):
        recipe = Recipe.load(folder.recipe)
        if steps is not None:
            recipe = recipe.override({"training.steps": steps}, where="resume")
        session = prepare(recipe, folder, modules=modules, listener=listener)
        session.load()
        if session.state.step >= recipe.training.steps:
            raise RunError(
                f"{folder.path} is at its last step, {session.state.step}: there is nothing to resume. "
                f"To train on: saddlepoint resume {folder.path} --steps {2 * session.state.step}"
            )
        if steps is not None:
            with replaced(folder.recipe) as file:
                file.write(recipe.to_yaml())
        session.run()
    return Run(run, modules=modules)


def prepare(
    recipe: Recipe,
    folder: RunFolder,
    *,
    modules: Mapping[str, nn.Module] | None = None,
    listener: Listener | None = None,
) -> Session:
    """A session at its first step: data loaded, model built, nothing written."""
    dataset = data_package.load(recipe.data)
    model = build(recipe.model, dataset.event, modules=modules, seed=recipe.training.seed)
    return Session(recipe, folder, dataset, model, listener)


def _write_examples(path: Path, x: Any, y: Any) -> None:
    """Keep arrays or tensors beside the run, so that the run can be resumed and repeated without them."""
    arrays = {"x": x} if y is None else {"x": x, "y": y}
    values: dict[str, Any] = {
        name: np.asarray(a.detach().cpu() if hasattr(a, "detach") else a) for name, a in arrays.items()
    }
    with replaced(path, "wb") as file:
        np.savez(file, **values)


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
    return recipe.override({"data.source": str(path.resolve())})


@contextlib.contextmanager
def _new_folder(recipe: Recipe, run: str | Path | None, overwrite: bool) -> Iterator[RunFolder]:
    """A fresh, locked folder for a run; where the block fails before a recipe is written, nothing is left of it.

    An existing run steps aside first and is removed only once the new one has its recipe; it returns if that fails.
    """
    path = Path(run) if run is not None else _next_free(recipe.name)
    aside: Path | None = None
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        if not (path / "recipe.yaml").is_file():
            raise RunError(f"{path} exists and is not a run, so it is left alone: name another folder with --run.")
        if not overwrite:
            raise RunError(
                f"{path} already holds a run: name another folder with --run, or replace it with --overwrite."
            )
        with _locked(RunFolder(path)):
            aside = path.with_name(f".{path.name}.replaced-{os.getpid()}")
            path.rename(aside)
    path.mkdir(parents=True, exist_ok=True)
    folder = RunFolder(path)
    try:
        with _locked(folder):
            yield folder
    finally:
        if folder.recipe.is_file():
            if aside is not None:
                shutil.rmtree(aside)
        else:
            shutil.rmtree(path, ignore_errors=True)
            if aside is not None:
                aside.rename(path)


def _next_free(name: str) -> Path:
    """runs/NAME-N with the smallest free N, made at once so that two processes never take the same."""
    number = 1
    while True:
        path = Path("runs") / f"{name}-{number}"
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            number += 1
        else:
            return path


@contextlib.contextmanager
def _locked(folder: RunFolder) -> Iterator[None]:
    """Hold the run's lock; RunError where another process trains it. The system frees it when the process dies."""
    try:
        import fcntl
    except ImportError:  # Windows has no fcntl; two trainings of one run are then the user's to avoid.
        yield
        return
    with (folder.path / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunError(f"{folder.path} is being trained by another process: wait for it, or stop it.") from None
        yield
