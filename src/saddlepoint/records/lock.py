"""One process a folder: what writes into a folder holds its lock for as long."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from saddlepoint.errors import RunError


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, the file `.lock`; the system frees it when the process dies.

    Raises RunError where another process holds it.
    """
    try:
        import fcntl
    except ImportError:  # Windows has no fcntl; two processes in one folder are then the user's to avoid.
        yield
        return
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RunError(f"{folder} is being worked on by another process: wait for it, or stop it.") from None
        yield
