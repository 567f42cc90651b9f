"""Run a recipe: data, model, training loop, records, live diagnosis, pictures and report.

`train` and `resume` train a run, `Run` gives access to it, `load` loads its model, and `evaluate` measures its samples. Importing
this package does not import torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from saddlepoint.experiment.listener import Listener, Outline

if TYPE_CHECKING:
    from saddlepoint.experiment.assemble import prepare
    from saddlepoint.experiment.evaluation import evaluate
    from saddlepoint.experiment.loading import load
    from saddlepoint.experiment.resumption import resume
    from saddlepoint.experiment.run import Run
    from saddlepoint.experiment.run_evaluation import Evaluation
    from saddlepoint.experiment.start import train

__all__ = ["Evaluation", "Listener", "Outline", "Run", "evaluate", "load", "prepare", "resume", "train"]

_HOMES = {
    "Evaluation": "run_evaluation",
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
