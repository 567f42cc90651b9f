"""Where a run goes: a folder that is whole before it has its name, and that only one process trains.

A new run is prepared under a hidden name beside its place and takes the place by rename, once nothing the user can
mend is left to go wrong. Until then a run that it replaces stays as it is; killed at any moment, this leaves one of the two.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from saddlepoint.errors import RunError
from saddlepoint.records import locked

NEW, REPLACED = ".new-", ".replaced-"


@dataclass(frozen=True)
class NewFolder:
    """`staging`: where the new run is prepared; `path`: the place that `settle` gives it."""

    staging: Path
    path: Path

    def settle(self) -> None:
        """Take the place; the run that was there is removed."""
        aside = self.path.with_name(f".{self.path.name}{REPLACED}{os.getpid()}")
        if self.path.exists():
            self.path.rename(aside)
        self.staging.rename(self.path)
        if aside.exists():
            shutil.rmtree(aside)


@contextlib.contextmanager
def new_folder(name: str, run: str | Path | None, overwrite: bool) -> Iterator[NewFolder]:
    """A locked place for a new run: `run`, else runs/NAME-N. Where the block ends before `settle`, nothing is left.

    Raises:
        RunError: the place is taken, or cannot be written.
    """
    with contextlib.ExitStack() as held:
        try:
            place = _reserved(name, run, overwrite, held)
        except (PermissionError, NotADirectoryError, FileExistsError) as error:
            raise RunError(
                f"A run cannot be written to {run or 'runs'}: {error.strerror}. Name another folder."
            ) from error
        # Outside of that `try`: what fails while the run is prepared and trained has reasons of its own.
        yield place


def _reserved(name: str, run: str | Path | None, overwrite: bool, held: contextlib.ExitStack) -> NewFolder:
    """The place, locked, and in `held` whatever takes it back."""
    path = Path(run).expanduser() if run is not None else _next_free(name)
    if run is None:
        held.callback(_give_back, path)
    path = path.resolve() if path.is_symlink() else path
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        _check_replaceable(path, overwrite)
        held.enter_context(locked(path))
    staging = path.with_name(f".{path.name}{NEW}{os.getpid()}")
    staging.mkdir()
    held.callback(shutil.rmtree, staging, ignore_errors=True)
    held.enter_context(locked(staging))
    return NewFolder(staging, path)


def _give_back(path: Path) -> None:
    """Drop a name that was reserved in vain: its folder, and runs/, where they are empty."""
    for folder in (path, path.parent):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _check_replaceable(path: Path, overwrite: bool) -> None:
    if not (path / "recipe.yaml").is_file():
        raise RunError(f"{path} exists and is not a run, so it is left alone: name another folder with --run.")
    if not overwrite:
        raise RunError(f"{path} already holds a run: name another folder with --run, or replace it with --overwrite.")


def _next_free(name: str) -> Path:
    """runs/NAME-N with the smallest free N, made at once so that two processes never take the same."""
    number = 1
    while True:
        path = Path("runs") / f"{name}-{number}"
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            if not path.parent.is_dir():
                raise
            number += 1
        else:
            return path


def _sweep(path: Path) -> None:
    """Tidy after a process that was killed: drop what it was preparing; a run it had just moved aside returns."""
    for leftover in path.parent.glob(f".{path.name}{NEW}*"):
        with contextlib.suppress(RunError), locked(leftover):
            shutil.rmtree(leftover)
    for leftover in path.parent.glob(f".{path.name}{REPLACED}*"):
        with contextlib.suppress(RunError), locked(leftover):
            if path.exists():
                shutil.rmtree(leftover)
            else:
                leftover.rename(path)
