"""Lanes: many runs of one game trained as one.

A *replica* is one of these runs: its seed, settings and data. A *group* is a set of replicas that are trained together: their
weights are stacked along one axis, and one step moves all of them, like cars side by side in the lanes of a road.

Importing this package imports no torch; the names below import their module when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saddlepoint.lanes.checkpoint import load, save
    from saddlepoint.lanes.record import ReplicaRecord
    from saddlepoint.lanes.replica import Replica, compatible_groups
    from saddlepoint.lanes.replicas import Replicas

__all__ = ["Replica", "ReplicaRecord", "Replicas", "compatible_groups", "load", "save"]

_HOMES = {
    "Replica": "replica",
    "ReplicaRecord": "record",
    "Replicas": "replicas",
    "compatible_groups": "replica",
    "load": "checkpoint",
    "save": "checkpoint",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
