"""A lock for a folder, so that only one process writes there at a time.

The lock is the file `.lock` in the folder. The operating system frees it when the process that holds it dies.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from saddlepoint.errors import RunError
from saddlepoint.records.files import NO_FOLLOW

LOCK = ".lock"
_OPEN = os.O_RDWR | os.O_CREAT | NO_FOLLOW | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_POLL = 0.05  # seconds between two attempts to take a lock that is waited for


@contextlib.contextmanager
def locked(folder: Path, *, wait: float = 0.0, otherwise: str = "wait for it, or stop it") -> Iterator[None]:
    """Hold the folder's lock. The lock file is never truncated, and a link in its place is refused.

    Args:
        folder: an existing folder.
        wait: seconds to wait for another process that holds the lock.
        otherwise: what to do where another process holds it, for the message.

    Raises:
        RunError: another process holds the lock, `.lock` is no regular file, or the folder cannot be written.
    """
    try:
        import fcntl
    except ImportError:  # Windows has no fcntl; there the user has to keep two processes out of one folder.
        yield
        return
    path = folder / LOCK
    until = time.monotonic() + wait
    while True:
        handle = _open_lock_file(path)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() >= until:
                    raise RunError(f"{folder} is being worked on by another process: {otherwise}.") from None
                time.sleep(_POLL)
                continue
            # Between opening and locking, the process that held it may have removed or moved the folder.
            if _is_at(handle, path):
                yield
                return
        finally:
            os.close(handle)


@contextlib.contextmanager
def locked_entries(folder: Path) -> Iterator[None]:
    """Hold a lock on the entries of `folder` while some are renamed, and wait for whoever holds it.

    Nothing is created for it. Where the file system has no such lock, the block runs without.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def is_locked(folder: Path) -> bool:
    """Whether a process holds the folder's lock. A folder without a lock file is held by nobody."""
    if not (folder / LOCK).is_file():
        return False
    try:
        with locked(folder):
            return False
    except RunError:
        return True


def _open_lock_file(path: Path) -> int:
    try:
        handle = os.open(path, _OPEN, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise RunError(f"{path} is a link: remove it, so that the lock can be a file of the folder.") from None
        if error.errno == errno.ENOENT:
            raise RunError(f"{path.parent}: there is no such folder.") from None
        raise RunError(f"{path} cannot be opened: {error.strerror}.") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise RunError(f"{path} is not a regular file: remove it.")
    return handle


def _is_at(handle: int, path: Path) -> bool:
    """Whether the file that was opened still is the one at `path`."""
    try:
        return os.path.samestat(os.fstat(handle), os.lstat(path))
    except OSError:
        return False
