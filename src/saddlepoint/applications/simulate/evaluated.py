"""What `evaluate` returns: errors over horizons, coverage, and pictures' numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from saddlepoint.applications.simulate.measuring import (
    FUTURES,
    LINEAR,
    PERSISTENCE,
    HorizonResult,
    measure_horizons,
    predict_futures,
)
from saddlepoint.applications.simulate.settings import HORIZONS
from saddlepoint.applications.simulate.world import World
from saddlepoint.progress.protocol import Report

SHOWN = 50  # steps of the rollout that is drawn


@dataclass(frozen=True)
class Evaluated:
    """How well a learnt task predicts.

    Attributes:
        horizons: by number of steps.
        rollout: one held-out episode and its prediction: states, and the ends of the 95 % band, lists over steps and numbers.
        task: its name.
        model: the kind of model.
        steps: recorded steps that it was trained on.
    """

    horizons: tuple[HorizonResult, ...]
    rollout: dict[str, Any]
    task: str
    model: str
    steps: int

    @property
    def best_until(self) -> int:
        """The longest horizon up to which the model's error is lower than those of persistence and the linear model; 0 for none.

        It is lower where the 95 % intervals of both differences are above 0.
        """
        longest = 0
        for one in self.horizons:
            if min(one.advantages[name].low for name in (PERSISTENCE, LINEAR)) <= 0:
                break
            longest = one.steps
        return longest

    @property
    def headline(self) -> str:
        """What was found, in at most twelve words."""
        until, last = self.best_until, self.horizons[-1].steps
        if until == last:
            return f"Predicts better than persistence and a linear model over {last} steps"
        if not until:
            return "Not measurably better than persistence and a linear model"
        return f"Better than persistence and a linear model up to {until} steps only"

    def to_json(self) -> dict[str, Any]:
        """Everything as values that JSON can hold."""
        return {
            "headline": self.headline,
            "task": self.task,
            "model": self.model,
            "trained_steps": self.steps,
            "best_until": self.best_until,
            "horizons": [one.to_json() for one in self.horizons],
            "rollout": self.rollout,
        }


def evaluate_world(
    world: World, model: str, horizons: Sequence[int] = HORIZONS, seed: int = 0, report: Report | None = None
) -> Evaluated:
    """Measure a learnt task on its held-out episodes.

    Args:
        world: the learnt task.
        model: the kind of model, for the answer.
        horizons: numbers of steps.
        seed: of everything random.
        report: receives the progress.

    Raises:
        DataError: there are too few held-out episodes.
    """
    found = tuple(measure_horizons(world, horizons, seed, report))
    return Evaluated(found, _rollout(world, seed), world.trained.task, model, len(world.trained))


def _rollout(world: World, seed: int) -> dict[str, Any]:
    """The longest held-out episode, and the prediction from its start."""
    held_out = world.held_out
    assert held_out is not None
    episode = max(held_out.episodes, key=lambda one: one.stop - one.start)
    steps = slice(episode.start, min(episode.stop, episode.start + SHOWN))
    actions = torch.from_numpy(world.action.encode(held_out.actions[steps]))[None]
    futures = predict_futures(world, torch.from_numpy(held_out.states[steps][:1]), actions, FUTURES, seed)[:, 0].numpy()
    low, middle, high = np.quantile(futures, [0.025, 0.5, 0.975], axis=0, method="weibull")
    parts = {"truth": held_out.next_states[steps], "low": low, "middle": middle, "high": high}
    return {name: np.asarray(values, dtype=np.float64).tolist() for name, values in parts.items()}
