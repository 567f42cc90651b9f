"""Append-only JSON-lines files, written so that a crash costs at most the line being written.

A line is written with its newline in one call and flushed. A reader ignores a last line without a newline, and a writer that
opens the file again removes it. `truncate_to` cuts a file back to a known length, so that a resumed run neither repeats nor
loses a record.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from saddlepoint.errors import RunError
from saddlepoint.records.commands import retrain_command
from saddlepoint.records.files import NO_FOLLOW, open_regular, parse_json

MOST_LINE = 16 * 2**20  # bytes
_APPEND = os.O_RDWR | os.O_CREAT | os.O_APPEND | NO_FOLLOW
_APPEND |= getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class JsonLines:
    """An append-only file of one JSON object a line. Use as a context manager, or call `close`."""

    def __init__(self, path: Path, *, truncate_to: int | None = None) -> None:
        """Open `path` for appending; with `truncate_to`, first cut it to that many bytes.

        Raises:
            RunError: the file holds fewer bytes than that, so that lines which the caller counts on are gone; or it is a
                link or no regular file.
        """
        self.path = path
        if truncate_to is not None:
            require_length(path, truncate_to)
        self._file = _appending(path)
        try:
            length = os.fstat(self._file.fileno()).st_size
            self._file.truncate(_whole_lines(path, length) if truncate_to is None else truncate_to)
        except BaseException:
            self._file.close()
            raise
        self._file.seek(0, os.SEEK_END)

    @property
    def size(self) -> int:
        """Bytes written so far: a position to return to with `truncate_to`."""
        return self._file.tell()

    def append(self, value: Mapping[str, Any]) -> None:
        """Write one object as a line of its own."""
        self._file.write(json.dumps(value, allow_nan=False).encode() + b"\n")
        self._file.flush()

    def sync(self) -> None:
        """Ask the disk to hold what was written (before a checkpoint that counts on it)."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON-lines file, oldest first; see `placed_lines`."""
    return (line for _, line in placed_lines(path))


def placed_lines(path: Path, until: int | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a JSON-lines file with their place ("FILE, line N"), oldest first.

    A torn last line is left out, and a missing file is empty. Non-finite numbers are strings (see `read_json`).

    Args:
        path: the file.
        until: a length in bytes that ends with a line; what follows is not read. None reads everything.

    Raises:
        RunError: at a whole line that is not a JSON object: no crash of ours leaves one. Or no line ends at `until`.
    """
    if not os.path.lexists(path):
        return
    with open_regular(path, most=None) as lines:
        number, read = 0, 0
        while (until is None or read < until) and (line := lines.readline(MOST_LINE)):
            number, read = number + 1, read + len(line)
            where = f"{path}, line {number}"
            if len(line) == MOST_LINE and not line.endswith(b"\n"):
                raise RunError(
                    f"{where}: expected one JSON object, got more than {MOST_LINE:,} bytes. Remove that line."
                )
            if until is not None and (read > until or not line.endswith(b"\n")):
                raise RunError(f"{where}: no line ends after {until:,} bytes, as it should. Restore the file.")
            if line.endswith(b"\n"):
                yield where, parse_json(line, where)


def _whole_lines(path: Path, length: int) -> int:
    """The bytes up to and including the last newline."""
    if not length:
        return 0
    with path.open("rb") as file:
        end = length
        while end:
            start = max(0, end - 65_536)
            file.seek(start)
            newline = file.read(end - start).rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            end = start
    return 0


def require_length(path: Path, length: int) -> None:
    """Check that the file holds at least `length` bytes.

    Raises:
        RunError: it holds fewer, or is no regular file of its own.
    """
    try:
        status = path.lstat()
    except OSError:
        status = None
    if status is not None and not stat.S_ISREG(status.st_mode):
        raise RunError(f"{path} is a link or no regular file: replace it with a file.")
    present = 0 if status is None else status.st_size
    if length > present:
        raise RunError(
            f"{path}: lines are missing: {length:,} bytes were written and {present:,} are there. "
            f"Restore the file, or train again from the first step: {retrain_command(path.parent)}"
        )


def _appending(path: Path) -> IO[bytes]:
    """The file opened for appending, made where it is missing; a link is not followed."""
    try:
        handle = os.open(path, _APPEND, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise RunError(f"{path} is a link: replace it with a file.") from None
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise RunError(f"{path} is not a regular file: replace it with one.")
    return os.fdopen(handle, "ab")
