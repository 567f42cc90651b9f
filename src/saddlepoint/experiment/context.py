"""The context that all parts of a session share: recipe, data, model, state of training and run folder."""

from __future__ import annotations

from dataclasses import dataclass

from saddlepoint.data.dataset import Dataset
from saddlepoint.experiment.best_effort import BestEffort
from saddlepoint.experiment.listener import Listener
from saddlepoint.experiment.own_parts import OwnPart
from saddlepoint.models.base import Model
from saddlepoint.recipe import Recipe
from saddlepoint.records import RunFolder
from saddlepoint.training import TrainingState


@dataclass
class RunContext:
    """A run during one session.

    Attributes:
        recipe: all settings.
        folder: where the run is written.
        dataset: training examples with their held-out part.
        model: the model that is trained.
        state: the state of its training.
        threads: number of processor threads that torch uses.
        listener: gets callbacks.
        best_effort: a context for work whose failure must not stop training.
        parts: of the model that are the user's own code.
    """

    recipe: Recipe
    folder: RunFolder
    dataset: Dataset
    model: Model
    state: TrainingState
    threads: int
    listener: Listener
    best_effort: BestEffort
    parts: tuple[OwnPart, ...] = ()
