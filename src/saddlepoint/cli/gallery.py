"""Write a folder of pictures, one file each, completely or not at all, without replacing files that the command did not write.

A list in the folder, such as `.samples.json`, names the files that the command wrote; `--overwrite` replaces only these. A
new folder appears by rename. In an existing folder the new files move in first and the old ones are removed last, so that a
killed process leaves only files that are on the list.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from saddlepoint.errors import RunError
from saddlepoint.records import Fields, locked, read_json, replaced
from saddlepoint.records.leftovers import remove_tree
from saddlepoint.records.lock import LOCK, locked_entries

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Contents:
    """What a command writes into a folder.

    Attributes:
        what: the plural, which names the list `.WHAT.json` and the folder in construction.
        pattern: of the names, relative to the folder; it matches no path that leaves the folder, since a list may be forged.
    """

    what: str
    pattern: re.Pattern[str]

    @property
    def list(self) -> str:
        """Name of the list of files that the command wrote."""
        return f".{self.what}.json"

    @property
    def inside(self) -> str:
        """Begins the name of a folder in construction inside an existing folder."""
        return f".{self.what}-"


_FOLDER = r"(?:(?!\.{1,2}/)[^/\\\0]+/)"
SAMPLES = Contents("samples", re.compile(_FOLDER + r"?sample-\d+\.(?:png|wav|npy|csv|txt)"))
COMPLETED = Contents("completed", re.compile(_FOLDER + r"*[^/\\\0]+\.png"))


def check_gallery(path: Path, contents: Contents = SAMPLES, *, overwrite: bool) -> None:
    """Check that files can be written into the folder `path`, without changing anything.

    Args:
        path: the folder; it may be missing.
        contents: what is written.
        overwrite: whether files that the command wrote there are replaced.

    Raises:
        RunError: it holds files and `overwrite` was not asked for, it is a link, or it holds files that would be replaced and
            are not on the list of those that the command wrote.
    """
    if not path.is_dir():
        return
    names = [
        entry.name
        for entry in path.iterdir()
        if not _is_part(entry.name, contents.inside) and not _is_part(entry.name, f".{contents.list}.")
    ]
    if not names:
        return
    if not overwrite:
        raise RunError(
            f"{path} is not empty: name another folder, or replace what this command wrote in it with --overwrite."
        )
    if path.is_symlink():
        raise RunError(f"{path} is a link, through which nothing is replaced: name another folder.")
    known = _read_list(path, contents)
    unknown = [name for name in names if contents.pattern.fullmatch(name) and name not in known]
    if unknown:
        raise _not_listed(path, contents, unknown[0])


def write_gallery(
    files: Iterable[tuple[str, Image | bytes]], path: Path, contents: Contents = SAMPLES, *, overwrite: bool
) -> None:
    """Write files into the folder `path`.

    Args:
        files: (name, picture or the content of a file), where a name matches the pattern of the contents, such as
            `sample-00000.png` or `CLASS/sample-00000.png`.
        path: the folder; new, or one that `check_gallery` accepts.
        contents: what is written.
        overwrite: whether files that the command wrote there are replaced.

    Raises:
        RunError: another process has written there meanwhile, or a file that the command did not write would be replaced.
    """
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        with _staging(path.parent, f".{path.name}.") as staging:
            names = _write(files, staging)
            _write_list(staging, contents, names)
            with locked_entries(path.parent):
                if os.path.lexists(path):
                    raise RunError(f"{path} was made by another process meanwhile: name another folder.")
                (staging / LOCK).unlink(missing_ok=True)
                staging.rename(path)
        return
    with _staging(path, contents.inside) as staging:
        names = _write(files, staging)
        with locked_entries(path):
            for part in path.glob(f".{contents.list}.*.part"):
                part.unlink()
            check_gallery(path, contents, overwrite=overwrite)
            _move_in(staging, path, contents, names)


def _write(files: Iterable[tuple[str, Image | bytes]], folder: Path) -> list[str]:
    names = []
    for name, content in files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            target.write_bytes(content)
        else:
            content.save(target)
        names.append(name)
    return names


def _move_in(staging: Path, path: Path, contents: Contents, names: list[str]) -> None:
    old = _read_list(path, contents)
    for name in (*names, *old):
        for folder in _folders(path, name):
            if folder.is_symlink():
                raise RunError(f"{folder} is a link, through which nothing is replaced: name another folder.")
        if name not in old and os.path.lexists(path / name):
            raise _not_listed(path, contents, name)
    _write_list(path, contents, sorted(old.union(names)))
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (staging / name).replace(path / name)
    for name in old.difference(names):
        (path / name).unlink(missing_ok=True)
    # The deepest first.
    for folder in sorted({folder for name in old for folder in _folders(path, name)}, reverse=True):
        with contextlib.suppress(OSError):  # it holds other files
            folder.rmdir()
    _write_list(path, contents, names)


def _folders(path: Path, name: str) -> list[Path]:
    """The folders inside `path` that lead to a file."""
    return [path / folder for folder in Path(name).parents if folder != Path()]


def _not_listed(path: Path, contents: Contents, name: str) -> RunError:
    return RunError(
        f"{path} holds {name}, which is not on the list of what this command wrote ({contents.list}), so it is left "
        "alone: name another folder."
    )


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


def _read_list(path: Path, contents: Contents) -> set[str]:
    """The files in `path` that the command wrote."""
    listed = path / contents.list
    if not listed.is_file() or listed.is_symlink():
        return set()
    names = Fields(read_json(listed), str(listed)).sequence(contents.what)
    return {name for name in names if isinstance(name, str) and contents.pattern.fullmatch(name)}


def _write_list(path: Path, contents: Contents, names: list[str]) -> None:
    with replaced(path / contents.list) as file:
        json.dump({contents.what: names}, file)
