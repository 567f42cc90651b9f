"""The folder of a run's checkpoints: they are written atomically, by renaming, and verified when they are read.

A folder whose name begins with a dot is being written or removed. One process writes to a run; others may read it at any
time.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from saddlepoint.errors import RunError
from saddlepoint.records import RunFolder, read_bytes
from saddlepoint.records.leftovers import PART, REMOVED, REPLACED, sweep_checkpoints
from saddlepoint.training.manifest import Manifest, digest, encode_manifest, load_manifest

MANIFEST = "manifest.json"
_NAME = re.compile(rf"({re.escape(REPLACED)})?step-\d{{1,19}}")


def write_checkpoint(folder: RunFolder, step: int, contents: Mapping[str, bytes], manifest: Manifest) -> Path:
    """Write a checkpoint; an existing one of this step is replaced.

    Checkpoints of later steps are removed. They exist if the run returned to an earlier step because they were damaged, and
    `prune` must not take them for the newest ones.

    Args:
        folder: of the run.
        step: of the checkpoint.
        contents: the files by name.
        manifest: of the checkpoint.

    Returns:
        The path of the checkpoint.

    Raises:
        RunError: the folder of the checkpoints is a link.
    """
    folder.checkpoints.mkdir(exist_ok=True)  # not its parents: a removed run folder must not be created again in part
    if folder.checkpoints.is_symlink():
        raise RunError(f"{folder.checkpoints} is a link: replace it with a folder inside the run.")
    sweep_checkpoints(folder)
    path = folder.checkpoint(step)
    part = path.with_name(PART + path.name)
    part.mkdir()
    for name, data in contents.items():
        _write(part / name, data)
    _write(part / MANIFEST, encode_manifest(manifest))
    _sync(part)
    if path.exists():
        # Until the new folder is renamed, `candidates` finds the old one under this name.
        path.rename(path.with_name(REPLACED + path.name))
    part.rename(path)
    _sync(folder.checkpoints)
    remove_after(folder, step)
    return path


def read_verified(path: Path, names: tuple[str, ...]) -> tuple[Manifest, dict[str, bytes]]:
    """Read and verify files of a checkpoint.

    Args:
        path: of the checkpoint.
        names: of the files.

    Returns:
        The manifest, and the contents of the files by name.

    Raises:
        RunError: a file is damaged; the message says which and how.
    """
    manifest = load_manifest(path / MANIFEST)
    contents = {}
    for name in names:
        expected = manifest["files"].get(name)
        if expected is None:
            raise RunError(f"{path / MANIFEST} does not list the file {name}.")
        size = (path / name).stat().st_size if (path / name).is_file() else expected["bytes"]
        if size != expected["bytes"]:  # checked first, since the file may be too large to read
            raise RunError(f"{path / name} has {size:,} bytes instead of {expected['bytes']:,}.")
        data = read_bytes(path / name, most=expected["bytes"])
        if digest(data) != expected["sha256"]:
            raise RunError(f"{path / name} is damaged: its SHA-256 differs from the one in its manifest.")
        contents[name] = data
    return manifest, contents


def remove_after(folder: RunFolder, step: int) -> None:
    """Remove the checkpoints of steps later than `step`, from which the run continues differently."""
    for path in _complete(folder):
        if step_of(path) > step:
            _remove(path)
    sweep_checkpoints(folder)


def exists(folder: RunFolder, last: int | None = None) -> bool:
    """Whether a checkpoint of a step up to `last` was completed, even if it is damaged now."""
    return bool(candidates(folder, last))


def steps(folder: RunFolder) -> list[int]:
    """The steps that have a checkpoint, in ascending order."""
    return sorted(step_of(path) for path in _complete(folder))


def prune(folder: RunFolder, keep: int, best_step: int | None = None) -> None:
    """Remove all checkpoints except the newest `keep` and the one of `best_step`."""
    best = {folder.checkpoint(best_step)} if best_step is not None else set()
    for path in sorted(_complete(folder), key=step_of, reverse=True)[keep:]:
        if path not in best:
            _remove(path)
    sweep_checkpoints(folder)


def candidates(folder: RunFolder, last: int | None = None) -> list[Path]:
    """All checkpoints of steps up to `last`, newest first.

    If the process died while it replaced a checkpoint, the old one is used in place of the new one.
    """
    found = {step_of(path): path for path in folder.checkpoints.glob(f"{REPLACED}*") if is_checkpoint(path)}
    found |= {step_of(path): path for path in _complete(folder)}
    return [found[step] for step in sorted(found, reverse=True) if last is None or step <= last]


def is_checkpoint(path: Path) -> bool:
    """Whether the path has the name of a checkpoint and is not a link."""
    return _NAME.fullmatch(path.name) is not None and not path.is_symlink()


def step_of(path: Path) -> int:
    """The step in a checkpoint's name."""
    return int(path.name.rpartition("-")[2])


def _complete(folder: RunFolder) -> list[Path]:
    return [path for path in folder.checkpoints.glob("step-*") if is_checkpoint(path)]


def _remove(path: Path) -> None:
    """Rename before removing, so that a partly removed checkpoint is never found under its name."""
    hidden = path.with_name(REMOVED + path.name.lstrip("."))
    path.rename(hidden)
    shutil.rmtree(hidden)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Write the names in `folder` to the disk; Windows cannot open folders and does not need this."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
