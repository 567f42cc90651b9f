"""The folder in which decoded and downloaded data are kept between runs."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from saddlepoint.data.settings import DataSettings


def cache_folder(settings: DataSettings) -> Path:
    """The cache: `settings.cache`, else $SADDLEPOINT_CACHE, else ~/.cache/saddlepoint; it may not exist yet."""
    return Path(settings.cache or os.environ.get("SADDLEPOINT_CACHE") or "~/.cache/saddlepoint").expanduser()


LEFT_FOR = 86_400.0  # seconds without a change after which a temporary folder is taken for a killed process's
_TEMPORARY = re.compile(r"\.[0-9a-f]{8,}\.[0-9a-z_]{8}")  # as `temporary_folder` names them


@contextmanager
def temporary_folder(beside: Path) -> Iterator[Path]:
    """A folder beside the cache entry `beside`, which exists, to prepare that entry in; removed at the end.

    Those that killed processes left there are removed first: all in which nothing was written for a day.
    """
    for path in beside.parent.glob(".*"):
        if _TEMPORARY.fullmatch(path.name) and not path.is_symlink() and time.time() - _last_change(path) > LEFT_FOR:
            shutil.rmtree(path, ignore_errors=True)
    prefix = f".{beside.stem}."
    with tempfile.TemporaryDirectory(dir=beside.parent, prefix=prefix, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _last_change(folder: Path) -> float:
    """The time of the last write in the folder, in seconds since 1970; the present if it is not known."""
    with suppress(OSError):
        return max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
    return time.time()
