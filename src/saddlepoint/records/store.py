"""Append-only JSON-lines files, written so that a crash costs at most the line being written.

A line is written whole, with its newline, in one call and flushed; a reader ignores a last line without newline.
`truncate` cuts a file back to a known length: that is how a resumed run repeats no record and misses none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class JsonLines:
    """An append-only file of one JSON object a line. Use as a context manager, or call `close`."""

    def __init__(self, path: Path, *, truncate_to: int | None = None) -> None:
        """Open `path` for appending; with `truncate_to`, first cut it to that many bytes."""
        self.path = path
        self._file = path.open("ab")
        if truncate_to is not None:
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
    """The objects of a JSON-lines file, oldest first; a torn last line is left out, a missing file is empty."""
    if not path.exists():
        return
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                yield json.loads(line)
