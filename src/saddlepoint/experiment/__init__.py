"""Runs a recipe: data, model, training loop, records, live diagnosis, pictures, report.

`train` and `resume` make runs, `Run` and `load` hold them, `evaluate` measures them. Importing this package brings no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from saddlepoint.experiment.listener import Listener, Outline

if TYPE_CHECKING:
    from saddlepoint.experiment.assemble import prepare
    from saddlepoint.experiment.evaluation import Evaluation, evaluate
    from saddlepoint.experiment.loading import load
    from saddlepoint.experiment.resumption import resume
    from saddlepoint.experiment.run import Run
    from saddlepoint.experiment.start import train

__all__ = ["Evaluation", "Listener", "Outline", "Run", "evaluate", "load", "prepare", "resume", "train"]

_HOMES = {
    "Evaluation": "evaluation",
    "Run": "run",
    "evaluate": "evaluation",
    "load": "loading",
    "prepare": "assemble",
    "resume": "resumption",
    "train": "start",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
