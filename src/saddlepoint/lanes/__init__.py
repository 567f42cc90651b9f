"""Many runs at once: stacked copies of one game.

Importing this package brings no torch; the names below load their module when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saddlepoint.lanes.checkpoint import load, save
    from saddlepoint.lanes.lane import Lane, compatible_groups
    from saddlepoint.lanes.lanes import Lanes
    from saddlepoint.lanes.record import LaneRecord

__all__ = ["Lane", "LaneRecord", "Lanes", "compatible_groups", "load", "save"]

_HOMES = {
    "Lane": "lane",
    "LaneRecord": "record",
    "Lanes": "lanes",
    "compatible_groups": "lane",
    "load": "checkpoint",
    "save": "checkpoint",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
