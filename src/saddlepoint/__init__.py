"""Saddlepoint trains generative models, tells you while it trains whether they are failing and why, and measures how
good they are.

    import saddlepoint as sp
    run = sp.train("dcgan-digits", training={"steps": 2000})
    run.model.sample(64); run.findings; run.best
    model = sp.load("runs/dcgan-digits-1")
    sp.evaluate(model, "digits")
    print(sp.diagnose("runs/dcgan-digits-1"))

Functions
    train         train a recipe and return its run
    resume        go on with a run that was interrupted
    load          the trained model of a run, to sample from
    evaluate      how good a model's samples are: a scorecard with intervals
    diagnose      what is wrong with a run, or with another program's log
    watch         a training loop of your own, recorded and diagnosed as a run
    study         many runs along settings and seeds, one table
    augment       generated examples of every class, and whether they help a classifier
    impute        a table with its missing cells filled in
    label         missing labels filled in, with calibrated probabilities
    cluster       clusters, probes and outliers on a model's codes
    predict       a predictor of the next frames of videos, with its scores
    simulate      a task of reinforcement learning, learnt: simulate.record, train, evaluate, plan, environment
    recipes       the ready-made recipes, by name
    load_data     a dataset by its name or path
    from_array    a dataset from arrays
    write_report  the report of a run, as one HTML page

Classes
    Recipe        settings of data, model, training and evaluation; DataSettings is its `data` section
    Run           a run's folder: model, headline, verdict, findings, records, pictures
    Dataset       examples with their held-out part; Event says what one example is
    Scorecard     what `evaluate` returns
    Diagnosed     what `diagnose` returns; a Finding is one entry
    Record        what a run recorded at one step; RunFolder reads and writes a run's files
    Listener      what is called while a run trains, to be overridden
    SaddlepointError  the base of all errors that input can cause

help(sp.train) describes one of them. The version is `__version__`. Each name loads what it needs when it is first used, so
importing the package imports neither torch nor numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str
    from saddlepoint.applications.augment.start import augment
    from saddlepoint.applications.cluster.start import cluster
    from saddlepoint.applications.impute.start import impute
    from saddlepoint.applications.label.start import label
    from saddlepoint.applications.predict.start import predict
    from saddlepoint.applications.simulate import start as simulate
    from saddlepoint.data import Dataset, DataSettings, from_array
    from saddlepoint.data import load as load_data
    from saddlepoint.data.event import Event
    from saddlepoint.errors import SaddlepointError
    from saddlepoint.evaluation.scorecard.scorecard import Scorecard
    from saddlepoint.experiment import Listener, Run, evaluate, load, resume, train
    from saddlepoint.experiment.diagnosed import Diagnosed
    from saddlepoint.experiment.diagnosing import diagnose
    from saddlepoint.experiment.reporting import write_report
    from saddlepoint.experiment.watching.start import watch
    from saddlepoint.recipe import Recipe, recipes
    from saddlepoint.records import Finding, Record, RunFolder
    from saddlepoint.studies.start import study

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
    "augment",
    "cluster",
    "diagnose",
    "evaluate",
    "from_array",
    "impute",
    "label",
    "load",
    "load_data",
    "predict",
    "recipes",
    "resume",
    "simulate",
    "study",
    "train",
    "watch",
    "write_report",
]

_HOMES = {
    "DataSettings": "data:DataSettings",
    "Dataset": "data:Dataset",
    "Diagnosed": "experiment.diagnosed:Diagnosed",
    "Event": "data.event:Event",
    "Finding": "records:Finding",
    "Listener": "experiment:Listener",
    "Recipe": "recipe:Recipe",
    "Record": "records:Record",
    "Run": "experiment:Run",
    "RunFolder": "records:RunFolder",
    "SaddlepointError": "errors:SaddlepointError",
    "Scorecard": "evaluation.scorecard.scorecard:Scorecard",
    "augment": "applications.augment.start:augment",
    "cluster": "applications.cluster.start:cluster",
    "diagnose": "experiment.diagnosing:diagnose",
    "evaluate": "experiment:evaluate",
    "from_array": "data:from_array",
    "impute": "applications.impute.start:impute",
    "label": "applications.label.start:label",
    "load": "experiment:load",
    "load_data": "data:load",
    "predict": "applications.predict.start:predict",
    "recipes": "recipe:recipes",
    "resume": "experiment:resume",
    "simulate": "applications.simulate.start:",
    "study": "studies.start:study",
    "train": "experiment:train",
    "watch": "experiment.watching.start:watch",
    "write_report": "experiment.reporting:write_report",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("saddlepoint")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name].split(":")
    home = import_module(f"{__name__}.{module}")
    return getattr(home, attribute) if attribute else home


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
