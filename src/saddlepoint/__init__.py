"""Saddlepoint trains generative models, tells you while it trains whether they are failing and why, and measures how
good they are.

    import saddlepoint as sp
    run = sp.train("dcgan-digits", training={"steps": 2000})
    run.model.sample(64); run.findings; run.best
    model = sp.load("runs/dcgan-digits-1")
    sp.evaluate(model, "digits")
    print(sp.diagnose("runs/dcgan-digits-1"))

The names below load what they need when first used: importing the package imports neither torch nor numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saddlepoint.cli.study import study
    from saddlepoint.data import Dataset, DataSettings, from_array
    from saddlepoint.data import load as load_data
    from saddlepoint.data.dataset import Event
    from saddlepoint.errors import SaddlepointError
    from saddlepoint.evaluation.scorecard import Scorecard
    from saddlepoint.experiment import Listener, Run, evaluate, load, resume, train
    from saddlepoint.experiment.diagnosing import Diagnosed, diagnose
    from saddlepoint.experiment.reporting import write_report
    from saddlepoint.recipe import Recipe
    from saddlepoint.records import Finding, Record, RunFolder

__all__ = [
    "DataSettings",
    "Dataset",
    "Diagnosed",
    "Event",
    "Finding",
    "Listener",
    "Recipe",
    "Record",
    "Run",
    "RunFolder",
    "SaddlepointError",
    "Scorecard",
    "diagnose",
    "evaluate",
    "from_array",
    "load",
    "load_data",
    "resume",
    "study",
    "train",
    "write_report",
]

_HOMES = {
    "DataSettings": "data:DataSettings",
    "Dataset": "data:Dataset",
    "Diagnosed": "experiment.diagnosing:Diagnosed",
    "Event": "data.dataset:Event",
    "Finding": "records:Finding",
    "Listener": "experiment:Listener",
    "Recipe": "recipe:Recipe",
    "Record": "records:Record",
    "Run": "experiment:Run",
    "RunFolder": "records:RunFolder",
    "SaddlepointError": "errors:SaddlepointError",
    "Scorecard": "evaluation.scorecard:Scorecard",
    "diagnose": "experiment.diagnosing:diagnose",
    "evaluate": "experiment:evaluate",
    "from_array": "data:from_array",
    "load": "experiment:load",
    "load_data": "data:load",
    "resume": "experiment:resume",
    "study": "cli.study:study",
    "train": "experiment:train",
    "write_report": "experiment.reporting:write_report",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name].split(":")
    return getattr(import_module(f"{__name__}.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)
