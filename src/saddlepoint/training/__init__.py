"""Plays a game: the loop, its state, checkpoints.

Importing this package (or its `settings`) brings no torch; the names below load their module when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saddlepoint.training.checkpoint import load, load_weights, newest_valid, prune, save
    from saddlepoint.training.devices import Devices
    from saddlepoint.training.interruption import pausing
    from saddlepoint.training.loop import play
    from saddlepoint.training.state import TrainingState

__all__ = [
    "Devices",
    "TrainingState",
    "load",
    "load_weights",
    "newest_valid",
    "pausing",
    "play",
    "prune",
    "save",
]

_HOMES = {
    "Devices": "devices",
    "TrainingState": "state",
    "load": "checkpoint",
    "load_weights": "checkpoint",
    "newest_valid": "checkpoint",
    "pausing": "interruption",
    "play": "loop",
    "prune": "checkpoint",
    "save": "checkpoint",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
