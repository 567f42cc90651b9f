"""The trainings whose samples are judged: each is stopped at 2, 10, 30 and 100 % of its own length.

A training is far shorter than its recipe so that all of them take minutes; "100 %" means the end of the shortened one.
Only the library's loop is used, without a session: no finding, measurement or picture can influence the samples.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from saddlepoint import models
from saddlepoint.data.batches import Batches
from saddlepoint.recipe import Recipe
from saddlepoint.training import Devices, TrainingState
from saddlepoint.training.loop import play
from verdicts.problems import TIMES, load_problem

STOPS = (0.02, 0.1, 0.3, 1.0)  # shares of the training


@dataclass(frozen=True)
class Training:
    """A recipe on one of the problems.

    Attributes:
        name: Key in `TRAININGS`.
        problem: Name of the problem.
        recipe: Shipped recipe that the settings come from.
        steps: Length in training steps, a multiple of 50 so that every stop is a whole number of ticks.
        changes: Other settings by dotted name.
    """

    name: str
    problem: str
    recipe: str
    steps: int
    changes: Mapping[str, Any] = field(default_factory=dict)

    def settings(self, seed: int) -> Recipe:
        fixed = {"training.steps": self.steps, "training.tick": self.steps // 50, "training.seed": seed + 1}
        return Recipe.load(self.recipe).override({**self.changes, **fixed})

    def stops(self) -> list[int]:
        return [round(share * self.steps) for share in STOPS]


_PLANE_VAE = {
    "model.likelihood": "gaussian-learnt",
    "model.latent": 2,
    "model.encoder.hidden": [64, 64],
    "model.decoder.hidden": [64, 64],
    "training.batch_size": 64,
}
_TABLE_VAE = {**_PLANE_VAE, "model.latent": 5, "training.batch_size": 128}
_SMALL = {"model.generator.width": 16, "model.discriminator.width": 16, "training.batch_size": 32}

TRAININGS = {
    training.name: training
    for training in (
        Training("toy-gaussian-2", "gaussian-2", "toy-gaussian-2", 3_000),
        Training("toy-ring", "ring", "toy-ring", 3_000),
        Training("toy-ring-best", "ring", "toy-ring-best", 3_000, {"training.batch_size": 128}),
        Training("toy-grid", "grid", "toy-grid", 3_000, {"training.batch_size": 128}),
        Training(
            "toy-grid-best",
            "grid",
            "toy-grid-best",
            4_000,
            {"model.penalties.r1.half_life": 1_200, "model.penalties.r2.half_life": 1_200},
        ),
        Training("vae-moons", "moons", "vae-mnist", 3_000, _PLANE_VAE),
        Training("gan-moons", "moons", "toy-ring-best", 3_000, {"training.batch_size": 64}),
        Training("vae-diamonds", "diamonds", "vae-mnist", 3_000, _TABLE_VAE),
        Training("gan-diamonds", "diamonds", "toy-ring-best", 3_000, {"training.batch_size": 64, "model.latent": 8}),
        Training("gan-digits", "digits", "gan-digits", 3_000, {"model.penalties.r1": 0.0}),
        Training("vae-digits", "digits", "vae-digits", 3_000),
        Training("dcgan-digits", "digits", "dcgan-digits", 500),
        Training("vae-mnist", "mnist", "vae-mnist", 3_000, {"training.batch_size": 128}),
        Training("gan-mnist", "mnist", "gan-mnist", 2_000, {"training.batch_size": 32}),
        Training("dcgan-mnist", "mnist", "dcgan-mnist", 300, _SMALL),
        Training("dcgan-photographs", "photographs", "dcgan-images", 1_500, _SMALL),
    )
}


def samples_path(keep: Path, name: str, seed: int, stop: int) -> Path:
    return keep / "samples" / name / str(seed) / f"step-{stop:06d}.npy"


def train(name: str, seed: int, keep: Path) -> float:
    """Train once and keep the samples of every stop, unless they are there; returns the seconds it took."""
    training = TRAININGS[name]
    stops = training.stops()
    if samples_path(keep, name, seed, stops[-1]).exists():
        return 0.0
    started = time.perf_counter()
    torch.set_num_threads(1)
    problem = load_problem(training.problem)
    recipe = training.settings(seed)
    model = models.build(recipe.model, problem.dataset.event, seed=recipe.training.seed)
    devices = Devices.choose("cpu", "fp32", model)
    state = TrainingState.start(model, recipe.training, devices)
    batches = Batches(problem.dataset, recipe.training.batch_size, recipe.training.seed, devices.device, model.scaling)
    for record in play(model, batches, recipe.training, state):
        if record is not None and record.step in stops:
            with state.averaged(model), torch.inference_mode():
                generator = torch.Generator().manual_seed(seed)
                samples = model.sample(TIMES * problem.samples, generator=generator)
            path = samples_path(keep, name, seed, record.step)
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, samples.numpy())
    return time.perf_counter() - started
