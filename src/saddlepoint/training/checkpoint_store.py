"""Where a run's checkpoints stand: each appears whole or not at all, and is checked before it is believed.

A folder whose name begins with a dot is being made or being removed. One process writes a run; others may read it at
any time.
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
from saddlepoint.training.manifest import Manifest, digest, sealed, unsealed

MANIFEST = "manifest.json"
_NAME = re.compile(rf"({re.escape(REPLACED)})?step-\d{{1,19}}")


def place(folder: RunFolder, step: int, contents: Mapping[str, bytes], manifest: Manifest) -> Path:
    """Write the files `contents` and their manifest as the checkpoint of `step`; one that exists already is replaced.

    Those of later steps are removed: the run went back behind them because they were damaged, and `prune` must not take them
    for the newest.
    """
    folder.checkpoints.mkdir(exist_ok=True)  # not its parents: a run folder that was removed must not come back half
    if folder.checkpoints.is_symlink():
        raise RunError(f"{folder.checkpoints} is a link: replace it with a folder of the run's own.")
    sweep_checkpoints(folder)
    path = folder.checkpoint(step)
    part = path.with_name(PART + path.name)
    part.mkdir()
    for name, data in contents.items():
        _write(part / name, data)
    _write(part / MANIFEST, sealed(manifest))
    _sync(part)
    if path.exists():
        # Until the new folder has its name, the old one can be found under this one (see `candidates`).
        path.rename(path.with_name(REPLACED + path.name))
    part.rename(path)
    _sync(folder.checkpoints)
    remove_after(folder, step)
    return path


def verified(path: Path, names: tuple[str, ...]) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest and the contents of the files `names`; RunError says which file is damaged and how."""
    manifest = unsealed(path / MANIFEST)
    contents = {}
    for name in names:
        expected = manifest["files"].get(name)
        if expected is None:
            raise RunError(f"{path / MANIFEST} does not name the file {name}.")
        size = (path / name).stat().st_size if (path / name).is_file() else expected["bytes"]
        if size != expected["bytes"]:  # known without reading it, however large it is
            raise RunError(f"{path / name} has {size:,} bytes instead of {expected['bytes']:,}.")
        data = read_bytes(path / name, most=expected["bytes"])
        if digest(data) != expected["sha256"]:
            raise RunError(f"{path / name} does not have the SHA-256 that its manifest names.")
        contents[name] = data
    return manifest, contents


def remove_after(folder: RunFolder, step: int) -> None:
    """Remove the checkpoints of steps later than `step`: the run goes on from there in another way."""
    for path in _complete(folder):
        if step_of(path) > step:
            _remove(path)
    sweep_checkpoints(folder)


def exists(folder: RunFolder, last: int | None = None) -> bool:
    """Whether any checkpoint, of step `last` at most, was ever completed here, be it damaged since."""
    return bool(candidates(folder, last))


def steps(folder: RunFolder) -> list[int]:
    """The steps that have a checkpoint, in order."""
    return sorted(step_of(path) for path in _complete(folder))


def prune(folder: RunFolder, keep: int, best_step: int | None = None) -> None:
    """Remove all checkpoints but the newest `keep` and the one of `best_step`."""
    spared = {folder.checkpoint(best_step)} if best_step is not None else set()
    for path in sorted(_complete(folder), key=step_of, reverse=True)[keep:]:
        if path not in spared:
            _remove(path)
    sweep_checkpoints(folder)


def candidates(folder: RunFolder, last: int | None = None) -> list[Path]:
    """All checkpoints of step `last` at most, newest first; one that was being replaced when the process died stands in
    for its successor."""
    found = {step_of(path): path for path in folder.checkpoints.glob(f"{REPLACED}*") if is_checkpoint(path)}
    found |= {step_of(path): path for path in _complete(folder)}
    return [found[step] for step in sorted(found, reverse=True) if last is None or step <= last]


def is_checkpoint(path: Path) -> bool:
    """Whether this is a checkpoint by its name, and no link."""
    return _NAME.fullmatch(path.name) is not None and not path.is_symlink()


def step_of(path: Path) -> int:
    """The step in a checkpoint's name."""
    return int(path.name.rpartition("-")[2])


def _complete(folder: RunFolder) -> list[Path]:
    return [path for path in folder.checkpoints.glob("step-*") if is_checkpoint(path)]


def _remove(path: Path) -> None:
    """Rename first: half-removed, a checkpoint must not be found under its name."""
    doomed = path.with_name(REMOVED + path.name.lstrip("."))
    path.rename(doomed)
    shutil.rmtree(doomed)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Have the disk hold the names in `folder`; Windows opens no folders and needs none of this."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
