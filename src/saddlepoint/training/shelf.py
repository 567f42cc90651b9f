"""Where a run's checkpoints stand: each appears whole or not at all, and is checked before it is believed.

A folder whose name begins with a dot is being made or being removed. One process writes a run; others may read it at
any time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from saddlepoint.errors import RunError
from saddlepoint.records import RunFolder
from saddlepoint.training.manifest import Manifest, contents_of, digest, sealed, unsealed

MANIFEST = "manifest.json"
PART, REPLACED, REMOVED = ".part-", ".replaced-", ".removed-"


def place(folder: RunFolder, step: int, contents: Mapping[str, bytes], manifest: Manifest) -> Path:
    """Write the files `contents` and their manifest as the checkpoint of `step`; one that exists already is replaced.

    Those of later steps are removed: the run went back behind them because they were damaged, and `prune` must not take them
    for the newest.
    """
    folder.checkpoints.mkdir(parents=True, exist_ok=True)
    sweep(folder)
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
        data = contents_of(path / name)
        expected = manifest["files"][name]
        if len(data) != expected["bytes"]:
            raise RunError(f"{path / name} has {len(data):,} bytes instead of {expected['bytes']:,}.")
        if digest(data) != expected["sha256"]:
            raise RunError(f"{path / name} does not have the SHA-256 that its manifest names.")
        contents[name] = data
    return manifest, contents


def remove_after(folder: RunFolder, step: int) -> None:
    """Remove the checkpoints of steps later than `step`: the run goes on from there in another way."""
    for path in folder.checkpoints.glob("step-*"):
        if path.name > folder.checkpoint(step).name:
            _remove(path)
    sweep(folder)


def exists(folder: RunFolder) -> bool:
    """Whether any checkpoint was ever completed here, be it damaged since."""
    return bool(candidates(folder))


def prune(folder: RunFolder, keep: int, best_step: int | None = None) -> None:
    """Remove all checkpoints but the newest `keep` and the one of `best_step`."""
    spared = {folder.checkpoint(best_step)} if best_step is not None else set()
    for path in sorted(folder.checkpoints.glob("step-*"), reverse=True)[keep:]:
        if path not in spared:
            _remove(path)
    sweep(folder)


def sweep(folder: RunFolder) -> None:
    """Tidy after a killed process: finish what it was removing, drop what it was making. For the writing process only."""
    for path in folder.checkpoints.glob(f"{REPLACED}*"):
        proper = path.with_name(path.name.removeprefix(REPLACED))
        if proper.exists():
            _remove(path)
        else:
            path.rename(proper)
    for mark in (PART, REMOVED):
        for path in folder.checkpoints.glob(f"{mark}*"):
            shutil.rmtree(path)


def candidates(folder: RunFolder) -> list[Path]:
    """All checkpoints, newest first; one that was being replaced when the process died stands in for its successor."""
    found = {path.name: path for path in folder.checkpoints.glob(f"{REPLACED}*")}
    found = {name.removeprefix(REPLACED): path for name, path in found.items()}
    found |= {path.name: path for path in folder.checkpoints.glob("step-*")}
    return [found[name] for name in sorted(found, reverse=True)]


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
