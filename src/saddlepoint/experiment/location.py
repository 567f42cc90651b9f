"""The folder of a new run: it is complete before it gets its name, and is written by one process only.

A new run is prepared in a hidden folder beside its final path. After all checks of the user's input it is renamed to the final
path. The hidden folder also reserves the path: a second process with the same path gets an error. A run that will be replaced
stays unchanged until the renaming. If the process is killed at any moment, either the old or the new run is there; if it was
killed between the two renames, the next command restores the old run (see `saddlepoint.records.leftovers`).
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from saddlepoint.errors import RunError, SaddlepointError, SettingError
from saddlepoint.experiment.examples import DATA_FILE
from saddlepoint.recipe import Recipe
from saddlepoint.records import RunFolder, locked
from saddlepoint.records.leftovers import (
    NEW_RUN,
    REPLACED_RUN,
    absolute,
    is_claimed,
    remove_tree,
    settle_replaced,
)
from saddlepoint.records.lock import LOCK, locked_entries

MOST_NAME = 200  # bytes: file systems take 255, and hidden names are longer
# In messages: commands and functions of Python write the same folders.
RUN, OVERWRITE = "--run, in Python run=", "--overwrite, in Python overwrite=True"
OTHER_FOLDER = f"name another folder ({RUN})"
_INSIDE = ".new"  # in an existing empty folder, which may be a mount point that cannot be renamed
# ENOENT: file systems in which folders cannot be made, such as /proc, report this although the parent exists.
_PLACE_ERRORS = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOENT, errno.ENAMETOOLONG, errno.EINVAL,
)  # fmt: skip
_OWN = {"recipe.yaml", LOCK, DATA_FILE}  # the files of a run that was killed before its first record


@dataclass(frozen=True)
class NewFolder:
    """The paths of a new run.

    Attributes:
        staging: where the run is prepared.
        path: where `settle` moves it.
        replaces: the identity of the run at `path` that will be replaced, or None.
    """

    staging: Path
    path: Path
    replaces: os.stat_result | None = None

    def settle(self) -> None:
        """Move the prepared run to its path, and remove the run that was there.

        Raises:
            RunError: another program has written something there in the meantime.
        """
        if self.staging.parent == self.path:
            self._move_inside()
            return
        aside = self.path.with_name(f".{self.path.name}{REPLACED_RUN}{_unique()}")
        with locked_entries(self.path.parent):
            self._check_place()
            if self.replaces is not None and self.path.exists():
                self.path.rename(aside)
            try:
                self.staging.rename(self.path)
            except OSError:
                if aside.exists():
                    aside.rename(self.path)
                raise
        shutil.rmtree(aside, ignore_errors=True)

    def _check_place(self) -> None:
        if not os.path.lexists(self.path):
            return
        if self.replaces is None or not os.path.samestat(self.replaces, self.path.lstat()):
            raise RunError(
                f"{self.path} was made by another program while this run was prepared, so it is left alone: "
                f"{OTHER_FOLDER}."
            )

    def _move_inside(self) -> None:
        """Move the prepared files, recipe.yaml last, since a folder with recipe.yaml is a run."""
        for path in sorted(self.staging.iterdir(), key=lambda path: path.name == "recipe.yaml"):
            path.replace(self.path / path.name)
        self.staging.rmdir()


@contextlib.contextmanager
def new_folder(name: str, run: str | Path | None, overwrite: bool) -> Iterator[NewFolder]:
    """Context manager: reserve and lock a path for a new run. If the block ends before `settle`, nothing is left.

    Args:
        name: the recipe's name; without `run`, the path is runs/NAME-N with the smallest free N.
        run: the folder of the run.
        overwrite: whether an existing run may be replaced.

    Raises:
        RunError: the path is taken, is being prepared by another process, or cannot be written.
        SettingError: `name` cannot name a folder.
    """
    with contextlib.ExitStack() as stack:
        try:
            place = _reserve_next(name, stack) if run is None else _reserve(Path(run), overwrite, stack)
        except OSError as error:
            if error.errno not in _PLACE_ERRORS:
                raise
            raise RunError(
                f"A run cannot be written to {run or 'runs'}: {error.strerror}. Name another folder."
            ) from error
        # Outside of the `try`: errors while the run is prepared and trained have other causes.
        yield place


def check_name(name: str) -> None:
    """Check that a recipe's name can be the name of a folder in runs/.

    Args:
        name: the recipe's.

    Raises:
        SettingError: it cannot.
    """
    plain = name and name not in (".", "..") and name.isprintable() and not {"/", "\\"} & set(name)
    if not plain or len(name.encode("utf-8", "replace")) > MOST_NAME:
        raise SettingError(
            f"name is {name[:60]!r}, which cannot name a run's folder: use letters, digits and hyphens, no slashes, and at "
            f"most {MOST_NAME} bytes; or name the folder ({RUN})."
        )


def _reserve_next(name: str, stack: contextlib.ExitStack) -> NewFolder:
    """Reserve runs/NAME-N with the smallest N for which there is no run, no run being prepared, and no run to restore."""
    check_name(name)
    runs = Path("runs")
    _make_parents(runs / name, stack)
    number = 1
    while True:
        path = runs / f"{name}-{number}"
        with locked_entries(runs):
            if not os.path.lexists(path) and not is_claimed(path):
                settle_replaced(path)
            if not os.path.lexists(path) and not is_claimed(path):
                return NewFolder(_staging(path, stack), path)
        number += 1


def _reserve(path: Path, overwrite: bool, stack: contextlib.ExitStack) -> NewFolder:
    """Reserve and lock `path`; closing `stack` releases it."""
    path = absolute(path)
    if "\0" in path.name or len(os.fsencode(path.name)) > MOST_NAME:
        raise RunError(f"run: {path.name[:60]!r} ... cannot name a folder: use a name of at most {MOST_NAME} bytes.")
    _make_parents(path, stack)
    with locked_entries(path.parent):
        if is_claimed(path):
            raise RunError(f"{path} is being prepared by another process: wait for it, or name another folder.")
        settle_replaced(path)
        if not path.exists():
            return NewFolder(_staging(path, stack), path)
        if _is_free(path):
            return NewFolder(_staging_inside(path, stack), path)
        _check_replaceable(path, overwrite)
        stack.enter_context(locked(path))
        if path.resolve() == Path.cwd():
            raise RunError(f"{path} is the current folder, which cannot be replaced: change to another folder first.")
        return NewFolder(_staging(path, stack), path, path.lstat())


def _make_parents(path: Path, stack: contextlib.ExitStack) -> None:
    """Make the folders above `path`; closing `stack` removes those that are empty."""
    missing = [parent for parent in path.parents if not parent.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)

    def remove_empty() -> None:
        for parent in missing:
            with contextlib.suppress(OSError):
                parent.rmdir()

    stack.callback(remove_empty)


def _staging(path: Path, stack: contextlib.ExitStack) -> Path:
    staging = path.with_name(f".{path.name}{NEW_RUN}{_unique()}")
    staging.mkdir()
    stack.callback(shutil.rmtree, staging, ignore_errors=True)
    stack.enter_context(locked(staging))
    return staging


def _staging_inside(path: Path, stack: contextlib.ExitStack) -> Path:
    stack.callback(_empty, path)
    stack.enter_context(locked(path))
    staging = path / _INSIDE
    if os.path.lexists(staging):
        remove_tree(staging)
        (path / DATA_FILE).unlink(missing_ok=True)
    staging.mkdir()
    return staging


def _empty(path: Path) -> None:
    """Remove prepared files from `path` if it did not become a run."""
    if not (path / "recipe.yaml").exists():
        shutil.rmtree(path / _INSIDE, ignore_errors=True)
        (path / LOCK).unlink(missing_ok=True)


def _is_free(path: Path) -> bool:
    """Return whether a folder is empty, or contains only files that a killed process prepared there."""
    if not path.is_dir():
        return False
    names = {entry.name for entry in path.iterdir()}
    return names <= {LOCK} or (_INSIDE in names and names <= {LOCK, _INSIDE, DATA_FILE})


def _check_replaceable(path: Path, overwrite: bool) -> None:
    """Raise RunError where `path` is not a run, or is one that may not be replaced."""
    folder = RunFolder(path)
    if not folder.exists():
        raise RunError(f"{path} exists and is not a run, so it is left alone: {OTHER_FOLDER}.")
    if not overwrite:
        raise RunError(f"{path} already holds a run: {OTHER_FOLDER}, or replace it ({OVERWRITE}).")
    try:
        Recipe.load(folder.recipe)
    except SaddlepointError as error:
        raise RunError(
            f"{path} is left alone, since its recipe.yaml is not the recipe of a run ({error}): remove the folder yourself, "
            f"or {OTHER_FOLDER}."
        ) from None
    names = {entry.name for entry in path.iterdir()}
    if not (folder.records.is_file() or folder.checkpoints.is_dir() or names <= _OWN):
        raise RunError(
            f"{path} holds a recipe but neither records nor checkpoints, so it is left alone: remove the folder yourself, "
            f"or {OTHER_FOLDER}."
        )


def _unique() -> str:
    """Return digits that no other staging folder has."""
    return f"{os.getpid()}{secrets.randbelow(10**6):06d}"
