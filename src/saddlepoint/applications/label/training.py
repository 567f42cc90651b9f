"""Train the networks of methods in memory, by recipes whose sizes follow the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from saddlepoint.applications.label.examples import Floats
from saddlepoint.applications.label.method import Task
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.experiment.in_memory import train_in_memory
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Encodes, HasPosterior, require
from saddlepoint.recipe import Recipe

SMALL = 256  # numbers of an example up to which a smaller network learns it
CODES, MOST_CODES = 4, 50  # a code has one number for so many of an example, and at most so many
STEPS, LARGE_STEPS = 3_000, 30_000


def is_small(event: Event) -> bool:
    """Whether an example has few numbers."""
    return event.size <= SMALL


def vae_settings(event: Event) -> dict[str, Any]:
    """Settings of a variational autoencoder of examples like `event`."""
    layers = {"hidden": [128, 128] if is_small(event) else [500, 500], "activation": "softplus"}
    return {
        "family": "vae",
        "latent": min(MOST_CODES, max(2, event.size // CODES)),
        "encoder": layers,
        "decoder": layers,
        "likelihood": "bernoulli" if event.bounded else "gaussian-learnt",
    }


def train(
    task: Task, name: str, dataset: Dataset, model: Mapping[str, Any], training: Mapping[str, Any] | None = None
) -> Model:
    """Train a model of a task's examples.

    Args:
        task: with seed, steps, folder of checkpoints and progress.
        name: of the training, of which a task may have several.
        dataset: what is trained on.
        model: the `model` section of a recipe.
        training: changes of the `training` section.
    """
    steps = task.steps or (STEPS if is_small(dataset.event) else LARGE_STEPS)
    section: dict[str, Any] = {
        "steps": steps,
        "batch_size": 128,
        "optimiser": {"learning_rate": 1e-3, "schedule": "cosine"},
        **(training or {}),
    }
    recipe = Recipe.model_validate({"name": name, "model": dict(model), "training": section})
    keep = None if task.keep is None else task.keep / name
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
    return train_in_memory(recipe, dataset, task.seed, keep=keep, report=task.report)


def code_model(task: Task) -> Encodes:
    """A VAE of all examples, which knows no label; the folds of a cross-validation share it."""
    if "vae" not in task.shared:
        dataset = Dataset("examples", task.x, task.event)
        # One folder for all folds, so that a call that was killed does not train it again in a later one.
        own = task if task.keep is None else replace(task, keep=task.keep.parent / "shared.training")
        task.shared["vae"] = train(own, "vae", dataset, vae_settings(task.event))
    return require(task.shared["vae"], Encodes)


def codes_of(model: Encodes, x: Tensor) -> Tensor:
    """(M, latent) the means of the codes of examples x (M, *event)."""
    return model.encode(x).detach().cpu().float()


def posterior_of(model: Model, x: Tensor) -> Floats:
    """(M, K) class probabilities of examples x by a model that classifies."""
    with torch.no_grad():
        return np.asarray(require(model, HasPosterior).posterior(x).cpu().numpy(), dtype=np.float64)
