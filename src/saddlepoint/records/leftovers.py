"""Handles leftovers of killed processes and links in a run folder, before anything is written there.

Files and folders under construction or removal have hidden names. While a process holds the run's lock, nobody else
writes there, so every such name belongs to a process that died.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from saddlepoint.arguments import check_path
from saddlepoint.errors import RunError
from saddlepoint.records.folder import RunFolder
from saddlepoint.records.lock import locked, locked_entries

PART, REPLACED, REMOVED = ".part-", ".replaced-", ".removed-"
NEW_RUN, REPLACED_RUN = ".new-", ".replaced-"  # behind ".NAME", beside the run NAME
# What a process writes in a run, except data.npz, which it only reads after the start.
_FILES = (
    "recipe.yaml", "records.jsonl", "findings.jsonl", "cures.jsonl", "interventions.jsonl", "scorecard.json",
    "summary.json", "report.html",
)  # fmt: skip
_FOLDERS = ("samples", "figures", "checkpoints", "tensorboard", "attempts")


@contextlib.contextmanager
def writing(folder: RunFolder, *, wait: float = 0.0, otherwise: str = "wait for it, or stop it") -> Iterator[None]:
    """Hold the run's lock while it is written; first check its files and folders and remove what killed processes left.

    Args:
        folder: an existing run.
        wait: seconds to wait for another process that holds the lock.
        otherwise: what to do where another process holds it, for the message.

    Raises:
        RunError: another process holds the lock, or a file or folder of the run is a link or of another kind.
    """
    with locked(folder.path, wait=wait, otherwise=otherwise):
        check_layout(folder)
        remove_leftovers(folder)
        _remove_beside(absolute(folder.path))
        yield


def check_layout(folder: RunFolder) -> None:
    """Check that what a run writes are files and folders of its own.

    Raises:
        RunError: one is a link, whose target writing would change, or there is a file in the place of a folder or the reverse.
    """
    for name in (*_FILES, *_FOLDERS):
        path = folder.path / name
        if path.is_symlink():
            raise RunError(
                f"{path} is a link to {str(path.readlink())!r}, which writing would change: replace it with a "
                "file or folder of the run's own."
            )
        if path.exists() and not (path.is_dir() if name in _FOLDERS else path.is_file()):
            raise RunError(f"{path} is no {'folder' if name in _FOLDERS else 'regular file'}: move it elsewhere.")


def remove_leftovers(folder: RunFolder) -> None:
    """Remove files and folders that a killed process was writing or removing. For the process that holds the lock."""
    for place in (folder.path, folder.samples, folder.figures, folder.path / "attempts"):
        for path in _entries(place):
            if path.name.startswith(".") and path.name.endswith(".part") and not _is_folder(path):
                path.unlink(missing_ok=True)
    for path in _entries(folder.path / "attempts"):
        if path.name.startswith(PART):
            remove_tree(path)
    sweep_checkpoints(folder)


def sweep_checkpoints(folder: RunFolder) -> None:
    """Repair checkpoints after a killed process: drop partly written or removed ones, and restore a replaced one."""
    for path in _entries(folder.checkpoints):
        if path.name.startswith(REPLACED):
            proper = path.with_name(path.name.removeprefix(REPLACED))
            if proper.exists():
                remove_tree(path)
            else:
                path.rename(proper)
        elif path.name.startswith((PART, REMOVED)):
            remove_tree(path)


def find_run(path: str | os.PathLike[str]) -> RunFolder:
    """The run at `path`; one that a killed `--overwrite` had moved aside is restored first.

    Args:
        path: the folder, or an object that has one: a `Run` or a `RunFolder`.

    Raises:
        RunError: there is no run.
        SettingError: this is no path.
    """
    held = getattr(path, "folder", path)
    folder = RunFolder(check_path("run", "the folder", getattr(held, "path", held)))
    if not folder.exists():
        restore_run(folder.path)
    if not folder.exists():
        raise RunError(f"{folder.path} is not a run: it holds no recipe.yaml.")
    return folder


def restore_run(path: Path) -> None:
    """Bring back the run of this path that a process had moved aside when it was killed."""
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: links in a circle
        path = absolute(path)
        if run_leftovers(path, REPLACED_RUN):
            with locked_entries(path.parent):
                settle_replaced(path)


def is_claimed(path: Path) -> bool:
    """Whether a living process prepares a run for this place; what dead ones prepared is removed. Call within
    `locked_entries` of the parent."""
    for staging in run_leftovers(path, NEW_RUN):
        try:
            with locked(staging):
                remove_tree(staging)
        except RunError:
            return True
    return False


def _remove_beside(path: Path) -> None:
    """Remove what killed processes left beside the run; a place that cannot be written keeps it."""
    with contextlib.suppress(OSError):
        if run_leftovers(path, NEW_RUN) or run_leftovers(path, REPLACED_RUN):
            with locked_entries(path.parent):
                is_claimed(path)
                settle_replaced(path)


def settle_replaced(path: Path) -> None:
    """For every run that was moved aside from `path` by a process that died: remove it if its successor is at
    `path`, else move it back. Call within `locked_entries` of the parent."""
    for aside in run_leftovers(path, REPLACED_RUN):
        with contextlib.suppress(RunError), locked(aside):
            if RunFolder(path).exists():
                remove_tree(aside)
            elif RunFolder(aside).exists() and (not path.exists() or (path.is_dir() and not any(path.iterdir()))):
                aside.rename(path)


def run_leftovers(path: Path, mark: str) -> list[Path]:
    """Folders beside the run `path` that hold it under construction (NEW_RUN) or moved aside (REPLACED_RUN)."""
    pattern = re.compile(re.escape(f".{path.name}{mark}") + r"\d+")
    return [entry for entry in _entries(path.parent) if pattern.fullmatch(entry.name) and _is_folder(entry)]


def absolute(path: Path) -> Path:
    """`path` with a name of its own (`.` has none), and with a link at its end followed."""
    path = path.expanduser()
    return path.resolve() if path.is_symlink() or not path.name or path.name == ".." else path


def remove_tree(path: Path) -> None:
    """Remove a folder, or a link or file in its place; what a link points to stays."""
    if _is_folder(path):
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _entries(folder: Path) -> list[Path]:
    """The entries of a folder in order of their names; none where it is missing, a file or a link."""
    try:
        return sorted(folder.iterdir()) if not folder.is_symlink() else []
    except (FileNotFoundError, NotADirectoryError):
        return []
