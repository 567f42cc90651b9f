"""Read files that may be damaged or forged, with limits, and write files completely or not at all.

A run folder may come from anywhere. A file in it may be a link to a device, be gigabytes long, or hold JSON that is
nested ten thousand deep. Reading refuses what is no regular file or too large; writing never follows a link.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from saddlepoint.errors import RunError
from saddlepoint.records.schema import number_to_json

MOST_BYTES = 64 * 2**20  # of a JSON file or picture of a run: a scorecard of 1,000 classes has about 1 MB
_NON_FINITE = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_CREATE = os.O_CREAT | os.O_EXCL | NO_FOLLOW | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def open_regular(path: Path, *, most: int | None = MOST_BYTES) -> IO[bytes]:
    """Open a regular file for reading.

    Args:
        path: the file; a link to a regular file is followed.
        most: the largest size in bytes, or None for any.

    Raises:
        RunError: it cannot be read, is a folder, device or pipe, or is larger than `most`.
    """
    try:
        # Without O_NONBLOCK a pipe that nobody writes to would block the call.
        handle = os.open(path, _READ)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise RunError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise RunError(f"{path} is not a regular file: replace it with one, or remove it.")
    if most is not None and status.st_size > most:
        os.close(handle)
        raise RunError(
            f"{path} has {status.st_size:,} bytes, and at most {most:,} are read: replace or remove the file."
        )
    return os.fdopen(handle, "rb")


def read_bytes(path: Path, *, most: int | None = MOST_BYTES) -> bytes:
    """The content of a regular file; raises RunError as `open_regular` does."""
    with open_regular(path, most=most) as file:
        try:
            return file.read()
        except OSError as error:
            raise RunError(f"{path} cannot be read: {error.strerror}.") from None


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file, with non-finite numbers as the strings "nan", "inf" and "-inf".

    Raises:
        RunError: the file cannot be read, or holds no JSON object.
    """
    return parse_json(read_bytes(path), str(path))


def write_json(path: Path, content: Mapping[str, Any]) -> dict[str, Any]:
    """Write a JSON object, whole or not at all.

    Returns:
        What was written: the content with non-finite numbers as the strings "nan", "inf" and "-inf".
    """
    document: dict[str, Any] = number_to_json(content)
    with replaced(path) as file:
        json.dump(document, file, indent=2, allow_nan=False)
    return document


def parse_json(data: bytes | str, where: str) -> dict[str, Any]:
    """The JSON object in `data`; `where` names its source in messages. Non-finite numbers become strings.

    Raises:
        RunError: it is no JSON object.
    """
    try:
        value = json.loads(data, parse_constant=_NON_FINITE.__getitem__, parse_float=_number)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise RunError(
            f"{where}: expected one JSON object, got other content ({reason}). Restore it, or remove it."
        ) from None
    if not isinstance(value, dict):
        raise RunError(f"{where}: expected one JSON object, got a {_kind(value)}. Restore it, or remove it.")
    return value


def _number(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else str(value)  # 1e999


def _kind(value: Any) -> str:
    kinds = {list: "list", str: "string", bool: "boolean", type(None): "null"}
    return kinds.get(type(value), "number")


@contextlib.contextmanager
def replaced(path: str | Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a temporary file that replaces `path` when the block ends without an error; otherwise `path` is unchanged.

    The folder of `path` is created where it is missing, but not that folder's parent: a run folder that was removed
    during training must not come back half. The file's mode follows the umask.

    Args:
        path: the file to replace; a link at this path is replaced, not followed.
        mode: "w" for UTF-8 text, "wb" for bytes.
    """
    path = Path(path)
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.part")
    handle = os.open(temporary, _CREATE | os.O_WRONLY, 0o666)
    try:
        with os.fdopen(handle, mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
