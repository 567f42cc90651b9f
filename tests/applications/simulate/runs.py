"""A small learnt task: a mass on a line that is pushed, with choices or with real forces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from saddlepoint.applications.simulate.start import train
from saddlepoint.applications.simulate.training import recipe_for
from saddlepoint.applications.simulate.world import World
from saddlepoint.data.event import Event
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.split import Part, describe_parts
from saddlepoint.data.trajectories import Trajectories, split_episodes
from saddlepoint.data.trajectory_files import from_arrays
from saddlepoint.experiment.in_memory import train_in_memory
from saddlepoint.experiment.run import Run
from saddlepoint.models.capabilities import PredictsOutcomes, require

EPISODE = 20


def trajectories(*, real: bool = False, episodes: int = 40, seed: int = 0) -> Trajectories:
    """Episodes of a mass with position and speed; it earns minus the squared position, and the task ends beyond 2."""
    rng = np.random.default_rng(seed)
    columns: dict[str, list[Any]] = {
        name: []
        for name in ("states", "actions", "rewards", "next_states", "terminated", "truncated", "episode_starts")
    }
    for _ in range(episodes):
        state = rng.uniform(-1, 1, 2)
        for step in range(EPISODE):
            action = rng.uniform(-1, 1, 1) if real else int(rng.integers(2))
            force = float(action[0]) if real else 2 * action - 1
            after = np.array([state[0] + 0.2 * state[1], state[1] + 0.3 * force])
            ends, cut = abs(after[0]) > 2, step == EPISODE - 1
            values = (state, action, -(state[0] ** 2), after, ends, cut and not ends, step == 0)
            for column, value in zip(columns.values(), values, strict=True):
                column.append(value)
            if ends:
                break
            state = after
    return from_arrays({name: np.array(values) for name, values in columns.items()})


def learn(folder: Path, steps: int = 150) -> Run:
    """A run of a few steps."""
    settings = {"training.tick": 50, "evaluation.samples": 50, "model.hidden": [16]}
    return train(trajectories(), run=folder, steps=steps, settings=settings, pictures=False)


def learn_world(model: str = "ensemble", *, real: bool = False) -> World:
    """A learnt task without a run."""
    trained, held_out = split_episodes(trajectories(real=real), DataSettings())
    recipe = recipe_for(trained, model, 150, 0, "").override({"model.hidden": [16]})
    rows = torch.from_numpy(trained.rows())
    dataset = describe_parts("mass", Event((rows.shape[1],), "vector"), Part(rows))
    learnt = require(train_in_memory(recipe, dataset, 0), PredictsOutcomes)
    return World(learnt, trained, held_out, Path("nowhere"))
