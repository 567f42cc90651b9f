"""The memory and disk space of this machine, checked before something large is created."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from saddlepoint.errors import DataError

# Limits of the container that the program runs in: control groups, version 2 and version 1.
CGROUP_FILES = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def memory_limit() -> int | None:
    """The most bytes that this process can use: the machine's memory, or a lower limit; None if unknown."""
    return min(_limits(), default=None)


def require_memory(needed: int, what: str, remedy: str) -> None:
    """Check that this process can use `needed` bytes of memory.

    Args:
        needed: bytes.
        what: what needs them, for the message.
        remedy: what to do instead, for the message.

    Raises:
        DataError: this process cannot use so much memory.
    """
    limit = memory_limit()
    if limit is not None and needed > limit:
        raise DataError(f"{what} needs {size(needed)} of memory, and this process can use {size(limit)}: {remedy}.")


def require_disk(needed: int, folder: Path, what: str, remedy: str) -> None:
    """Check that `needed` bytes are free on the disk of `folder`.

    Args:
        needed: bytes.
        folder: a folder that exists.
        what: what needs them, for the message.
        remedy: what to do instead, for the message.

    Raises:
        DataError: less is free.
    """
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DataError(f"{what} needs {size(needed)} in {folder}, where {size(free)} are free: {remedy}.")


def size(count: int) -> str:
    """Bytes as text: 12345678 -> "12.3 MB"."""
    for power, unit in ((12, "TB"), (9, "GB"), (6, "MB")):
        if count >= 10**power:
            return (
                f"{count / 10**power:,.3g} {unit}" if count < 10 ** (power + 3) else f"{count / 10**power:,.0f} {unit}"
            )
    return f"{count:,} bytes"


def _limits() -> Iterator[int]:
    with contextlib.suppress(AttributeError, ValueError, OSError):  # on Windows
        yield os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for name in CGROUP_FILES:
        with contextlib.suppress(OSError, ValueError):  # "max" is no number: no limit
            yield int(Path(name).read_text("ascii"))
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_AS)
        if soft != resource.RLIM_INFINITY:
            yield soft
