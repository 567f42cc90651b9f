"""Append-only JSON-lines files, written so that a crash costs at most the line being written.

A line is written whole, with its newline, in one call and flushed; a reader ignores a last line without newline, and
a writer that opens the file anew removes it. `truncate_to` cuts a file back to a known length: that is how a resumed
run repeats no record and misses none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from saddlepoint.errors import RunError


class JsonLines:
    """An append-only file of one JSON object a line. Use as a context manager, or call `close`."""

    def __init__(self, path: Path, *, truncate_to: int | None = None) -> None:
        """Open `path` for appending; with `truncate_to`, first cut it to that many bytes.

        Raises RunError where the file holds fewer bytes than that: lines that the caller counts on are gone.
        """
        self.path = path
        length = path.stat().st_size if path.exists() else 0
        if truncate_to is None:
            truncate_to = _whole_lines(path, length)
        elif truncate_to > length:
            raise RunError(
                f"{path}: lines are missing: {truncate_to} bytes were written and {length} are there. "
                "Restore the file, or train anew."
            )
        self._file = path.open("ab")
        self._file.truncate(truncate_to)
        self._file.seek(0, os.SEEK_END)

    @property
    def size(self) -> int:
        """Bytes written so far: a position to return to with `truncate_to`."""
        return self._file.tell()

    def append(self, value: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(value, allow_nan=False).encode() + b"\n")
        self._file.flush()

    def sync(self) -> None:
        """Ask the disk to hold what was written (before a checkpoint that counts on it)."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON-lines file, oldest first; a torn last line is left out, a missing file is empty.

    Raises RunError at a whole line that is not a JSON object: no crash of ours leaves one.
    """
    if not path.exists():
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.endswith(b"\n"):
                yield _parsed(line, path, number)


def _parsed(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise RunError(f"{path}, line {number}: expected one JSON object, got {line[:60]!r}. Remove or mend that line.")
    return value


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
