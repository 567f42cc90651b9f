"""Check where `--out` may write, before anything is loaded or measured."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path

from saddlepoint.errors import RunError, SettingError


def check_file(
    command: str, path: Path, endings: Sequence[str] = (), *, overwrite: bool, option: str = "--out"
) -> None:
    """Check that a file can and may be written.

    Args:
        command: begins the message.
        path: of the file.
        endings: that it may have; none for any.
        overwrite: whether an existing file may be replaced.
        option: that names the file, for the message.

    Raises:
        SettingError: it is a folder, has another ending, or lies where no file can be.
        RunError: it exists, and `overwrite` was not asked for.
    """
    if path.is_dir():
        raise SettingError(f"{command}: {option} {path} is a folder: name a file in it.")
    if endings and path.suffix not in endings:
        raise SettingError(f"{command}: {option} {path} must end with {' or '.join(endings)}.")
    check_place(command, path, option)
    if path.exists() and not overwrite:
        raise RunError(f"{path} exists: name another file, or replace it with --overwrite.")


def check_place(command: str, path: Path, option: str = "--out") -> None:
    """Check that the folder of a file takes files, by creating one and removing it again, with any new folders.

    Raises:
        SettingError: it does not, or it is a file.
    """
    folder = path.parent
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        files = [str(one) for one in (folder, *folder.parents) if one.is_file()]
        why = f"{files[0]} is a file, not a folder" if files else f"nothing can be written there ({error.strerror})"
        raise SettingError(f"{command}: {option} {path}: {why}; name another place.") from None
    finally:
        with contextlib.suppress(OSError):  # folders that were never made, or that another process fills meanwhile
            for made in missing:
                made.rmdir()


def check_written_here(folder: Path, mark: str) -> None:
    """Check that a folder is new, empty or of an earlier call of the same command, so that nobody else's files are replaced.

    Args:
        folder: that a command writes into.
        mark: name of a file that the command writes into each of its folders.

    Raises:
        RunError: it has other content, or is no folder.
    """
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / mark).is_file())):
        raise RunError(f"{folder} exists and was not written by this command; name another place with --out.")


def check_companion(folder: Path, mark: str) -> None:
    """`check_written_here` for a folder beside the output, whose place was not named by the user: it must not be a link.

    Raises:
        RunError: it is one, or has other content, or is no folder.
    """
    if folder.is_symlink():
        raise RunError(f"{folder} is a link, and results are not written through it; name another place with --out.")
    check_written_here(folder, mark)


def check_outside(command: str, path: Path, source: Path, option: str = "--out") -> None:
    """Check that what is written is neither what is read nor lies in it: a later call would take it for data.

    Args:
        command: begins the message.
        path: that is written.
        source: file or folder that is read.
        option: that names the path, for the message.

    Raises:
        SettingError: it is or does.
    """
    written, read = path.resolve(), source.expanduser().resolve()
    if written == read or read in written.parents:
        how = "is" if written == read else "lies in"
        raise SettingError(f"{command}: {option} {path} {how} {source}, which is read; name another place.")
