"""Train a model of a task's dynamics: the recipe for trajectories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from saddlepoint.applications.simulate.settings import MODELS, TRAINING_STEPS
from saddlepoint.data.trajectories import Trajectories
from saddlepoint.errors import SettingError, suggestion
from saddlepoint.recipe import Recipe

HIDDEN = (64, 64)


def recipe_for(trajectories: Trajectories, model: str, steps: int | None, seed: int, source: str) -> Recipe:
    """The recipe of a model of dynamics.

    Args:
        trajectories: what it is trained on.
        model: a name in `MODELS`.
        steps: of training; None for the default.
        seed: of training.
        source: the file of the trajectories.

    Raises:
        SettingError: there is no such model.
    """
    if model not in MODELS:
        raise SettingError(
            f"simulate: there is no model {model}.{suggestion(model, MODELS)} Known: {', '.join(MODELS)}."
        )
    steps = TRAINING_STEPS if steps is None else steps
    content: dict[str, Any] = {
        "name": f"simulate-{model}",
        "description": f"The next state, reward and end of {trajectories.task or 'a task'}, given a state and an action.",
        "data": {"source": source},
        "model": {"family": "dynamics", "outcome": model, "given": trajectories.given, "flags": 1, "hidden": HIDDEN},
        "training": {
            "steps": steps,
            "batch_size": 256,
            "seed": seed,
            "precision": "fp32",
            "sample_every": max(200, steps // 5),
            "optimiser": {"learning_rate": 2e-3, "schedule": "cosine"},
        },
        "evaluation": {"samples": 500, "every": max(250, steps // 5)},
    }
    if model == "gan":
        content["training"]["optimiser"] = {"learning_rate": 1e-3, "betas": [0.0, 0.99], "schedule": "cosine"}
    return Recipe.from_mapping(content)


def model_name(folder: Path) -> str:
    """The kind of model of a run: a name in `MODELS`."""
    settings = Recipe.load(folder).model
    return str(getattr(settings, "outcome", settings.family))
