"""Play episodes of a task by planning in a model of it, and compare the promised returns with those that were obtained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.applications.simulate.disagreement import disagreement_of
from saddlepoint.applications.simulate.planners.planner import Planner
from saddlepoint.applications.simulate.settings import Search
from saddlepoint.applications.simulate.world import World
from saddlepoint.data.spaces import Discrete, Space
from saddlepoint.progress.protocol import Report

SAID = 10  # steps between two reports of progress


@dataclass(frozen=True)
class Played:
    """Episodes that were played.

    Attributes:
        returns: (E,) sums of rewards.
        lengths: (E,) steps.
        promised: (E,) the return over the horizon that the model promised, the mean over the steps of an episode.
        obtained: (E,) the return that was obtained in those steps.
        unusual: (E,) share of steps about which the members of the model disagree more than about 95 % of the held-out steps; None for a
            model of a single network.
    """

    returns: npt.NDArray[np.float64]
    lengths: npt.NDArray[np.int64]
    promised: npt.NDArray[np.float64]
    obtained: npt.NDArray[np.float64]
    unusual: npt.NDArray[np.float64] | None


def play(
    tasks: Sequence[Any],
    world: World,
    planner: str,
    search: Search,
    seed: int,
    report: Report | None = None,
    most: int = 1_000,
) -> Played:
    """Play one episode of each task by planning in a model.

    Args:
        tasks: environments of Gymnasium, real or learnt ones.
        world: the learnt task to plan in.
        planner: its name.
        search: how plans are searched for.
        seed: of the tasks (a task n has the seed plus n) and of the planner.
        report: receives the progress.
        most: steps after which an episode ends, if the recorded task has no limit.
    """
    planning = Planner(world, planner, search, len(tasks), seed)
    most = world.trained.limit or most
    states = torch.from_numpy(np.stack([task.reset(seed=seed + n)[0] for n, task in enumerate(tasks)])).float()
    rewards: list[list[float]] = [[] for _ in tasks]
    promised: list[list[float]] = [[] for _ in tasks]
    unusual: list[list[bool]] = [[] for _ in tasks]
    ended = [False] * len(tasks)
    disagreement = disagreement_of(world)
    active = list(range(len(tasks)))
    for step in range(most):
        if report is not None and step % SAID == 0:
            report(f"step {step:,} of at most {most:,}, {len(active)} of {len(tasks)} episodes go on", step / most)
        actions, promises = planning.act(states)
        far = None if disagreement is None else disagreement.unusual(states, actions).tolist()
        after, going = [], []
        for row, n in enumerate(active):
            state, reward, terminated, truncated, _ = tasks[n].step(decode_action(world.action, actions[row]))
            rewards[n].append(float(reward))
            promised[n].append(float(promises[row]))
            if far is not None:
                unusual[n].append(far[row])
            ended[n] = terminated
            after.append(state)
            going.append(not (terminated or truncated))
        if not any(going):
            break
        rows = torch.tensor(going)
        planning.keep(rows)
        states = torch.from_numpy(np.stack(after)).float()[rows]
        active = [n for n, goes_on in zip(active, going, strict=True) if goes_on]
    pairs = [compare_promises(*episode, search.horizon) for episode in zip(promised, rewards, ended, strict=True)]
    return Played(
        np.array([sum(one) for one in rewards]),
        np.array([len(one) for one in rewards]),
        np.array([one for one, _ in pairs]),
        np.array([two for _, two in pairs]),
        None if disagreement is None else np.array([np.mean(one) for one in unusual]),
    )


def decode_action(space: Space, action: Tensor) -> Any:
    """An action (A,) of a plan as the task takes it."""
    if isinstance(space, Discrete):
        return int(action.argmax())
    return np.clip(action.numpy(), *space.bounds)


def compare_promises(
    promised: Sequence[float], rewards: Sequence[float], terminated: bool, horizon: int
) -> tuple[float, float]:
    """Compare promised returns of an episode with those that were obtained over the horizon.

    Nothing is earned after the task has ended, so that all steps of an episode that ended count: promises that ignored the end are too
    high. Of an episode that was cut off only those steps count whose horizon lies within it.

    Args:
        promised: at each step.
        rewards: of each step.
        terminated: whether the task ended; otherwise the episode was cut off.
        horizon: steps of a promise.

    Returns:
        The means over these steps.
    """
    earned = [*rewards, *[0.0] * (horizon - 1)] if terminated else list(rewards)
    sums = np.convolve(earned, np.ones(min(horizon, len(earned))), "valid")
    return float(np.mean(promised[: len(sums)])), float(np.mean(sums))
