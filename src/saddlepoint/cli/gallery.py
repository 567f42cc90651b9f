"""Write a folder of samples, one file each, completely or not at all, without replacing files that this command did not write.

A list in the folder, `.samples.json`, names the files that this command wrote; `--overwrite` replaces only these. A new
folder appears by rename. In an existing folder the new files move in first and the old ones are removed last, so that a
killed process leaves only files that are on the list.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from saddlepoint.errors import RunError
from saddlepoint.records import Fields, locked, read_json, replaced
from saddlepoint.records.leftovers import remove_tree
from saddlepoint.records.lock import LOCK, locked_entries

if TYPE_CHECKING:
    from PIL.Image import Image

LIST = ".samples.json"
_SAMPLE = re.compile(r"(?:(?!\.{1,2}/)[^/\\\0]+/)?sample-\d+\.(?:png|wav|npy|csv|txt)")
_INSIDE = ".samples-"  # a folder in construction inside an existing one


def check_gallery(path: Path, *, overwrite: bool) -> None:
    """Check that samples can be written into the folder `path`, without changing anything.

    Raises:
        RunError: it holds files and `overwrite` was not asked for, or samples that would be replaced and are not on the
            list of those that this command wrote.
    """
    if not path.is_dir():
        return
    names = [
        entry.name
        for entry in path.iterdir()
        if not _is_part(entry.name, _INSIDE) and not _is_part(entry.name, f".{LIST}.")
    ]
    if names and not overwrite:
        raise RunError(f"{path} is not empty: name another folder, or replace the samples in it with --overwrite.")
    known = _read_list(path)
    unknown = [name for name in names if _SAMPLE.fullmatch(name) and name not in known]
    if unknown:
        raise RunError(
            f"{path} holds {unknown[0]}, which is not on the list of what this command wrote ({LIST}), so it is left "
            "alone: name another folder."
        )


def write_gallery(samples: Iterable[tuple[str, Image | bytes]], path: Path, *, overwrite: bool) -> None:
    """Write samples into the folder `path`.

    Args:
        samples: (name, picture or the content of a file), where a name is `sample-00000.png` or `CLASS/sample-00000.png`.
        path: the folder; new, or one that `check_gallery` accepts.
        overwrite: whether files that this command wrote there are replaced.

    Raises:
        RunError: another process has written there meanwhile.
    """
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        with _staging(path.parent, f".{path.name}.") as staging:
            names = _write(samples, staging)
            _write_list(staging, names)
            with locked_entries(path.parent):
                if os.path.lexists(path):
                    raise RunError(f"{path} was made by another process meanwhile: name another folder.")
                (staging / LOCK).unlink(missing_ok=True)
                staging.rename(path)
        return
    with _staging(path, _INSIDE) as staging:
        names = _write(samples, staging)
        with locked_entries(path):
            for part in path.glob(f".{LIST}.*.part"):
                part.unlink()
            check_gallery(path, overwrite=overwrite)
            _move_in(staging, path, names)


def _write(samples: Iterable[tuple[str, Image | bytes]], folder: Path) -> list[str]:
    names = []
    for name, sample in samples:
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        if isinstance(sample, bytes):
            target.write_bytes(sample)
        else:
            sample.save(target)
        names.append(name)
    return names


def _move_in(staging: Path, path: Path, names: list[str]) -> None:
    old = _read_list(path)
    for name in (*names, *old):
        if (path / name).parent.is_symlink():
            raise RunError(f"{(path / name).parent} is a link, through which nothing is replaced: name another folder.")
    _write_list(path, sorted(old.union(names)))
    for name in names:
        (path / name).parent.mkdir(exist_ok=True)
        (staging / name).replace(path / name)
    for name in old.difference(names):
        (path / name).unlink(missing_ok=True)
    for folder in {(path / name).parent for name in old} - {path}:
        with contextlib.suppress(OSError):  # it holds other files
            folder.rmdir()
    _write_list(path, names)


@contextlib.contextmanager
def _staging(parent: Path, prefix: str) -> Iterator[Path]:
    """A temporary folder for files in preparation; those of dead processes are removed."""
    for entry in parent.iterdir():
        if _is_part(entry.name, prefix) and entry.is_dir() and not entry.is_symlink():
            with contextlib.suppress(RunError), locked(entry):
                remove_tree(entry)
    staging = parent / f"{prefix}{secrets.token_hex(6)}.part"
    with locked_entries(parent):
        staging.mkdir()
        lock = contextlib.ExitStack()
        lock.enter_context(locked(staging))
    with lock:
        try:
            yield staging
        finally:
            if staging.exists():
                remove_tree(staging)


def _is_part(name: str, prefix: str) -> bool:
    return re.fullmatch(re.escape(prefix) + r"[0-9a-f]{12}\.part", name) is not None


def _read_list(path: Path) -> set[str]:
    """The files in `path` that this command wrote."""
    if not (path / LIST).is_file() or (path / LIST).is_symlink():
        return set()
    names = Fields(read_json(path / LIST), str(path / LIST)).sequence("samples")
    return {name for name in names if isinstance(name, str) and _SAMPLE.fullmatch(name)}


def _write_list(path: Path, names: list[str]) -> None:
    with replaced(path / LIST) as file:
        json.dump({"samples": names}, file)
