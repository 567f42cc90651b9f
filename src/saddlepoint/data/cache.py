"""Where decoded and downloaded data are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path

from saddlepoint.data.settings import DataSettings


def cache_folder(settings: DataSettings) -> Path:
    """`settings.cache`, else $SADDLEPOINT_CACHE, else ~/.cache/saddlepoint; not made yet."""
    return Path(settings.cache or os.environ.get("SADDLEPOINT_CACHE") or "~/.cache/saddlepoint").expanduser()
