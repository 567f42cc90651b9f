"""Play episodes of a task by planning in a model of it, and compare what the model promised with what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

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
        promised: (E,) what the planner's model promised over the horizon, the mean over the steps of an episode.
        obtained: (E,) what came in those steps.
    """

    returns: npt.NDArray[np.float64]
    lengths: npt.NDArray[np.int64]
    promised: npt.NDArray[np.float64]
    obtained: npt.NDArray[np.float64]


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
        most: steps after which an episode ends, if the task has no limit.
    """
    planning = Planner(world, planner, search, len(tasks), seed)
    most = world.trained.limit or most
    states = torch.from_numpy(np.stack([task.reset(seed=seed + n)[0] for n, task in enumerate(tasks)])).float()
    rewards: list[list[float]] = [[] for _ in tasks]
    promised: list[list[float]] = [[] for _ in tasks]
    active = list(range(len(tasks)))
    for step in range(most):
        if report is not None and step % SAID == 0:
            report(f"step {step:,} of at most {most:,}, {len(active)} of {len(tasks)} episodes go on", step / most)
        actions, promises = planning.act(states)
        after, going = [], []
        for row, n in enumerate(active):
            state, reward, terminated, truncated, _ = tasks[n].step(decode_action(world.action, actions[row]))
            rewards[n].append(float(reward))
            promised[n].append(float(promises[row]))
            after.append(state)
            going.append(not (terminated or truncated))
        if not any(going):
            break
        rows = torch.tensor(going)
        planning.keep(rows)
        states = torch.from_numpy(np.stack(after)).float()[rows]
        active = [n for n, goes_on in zip(active, going, strict=True) if goes_on]
    pairs = [_compare(one, two, search.horizon) for one, two in zip(promised, rewards, strict=True)]
    return Played(
        np.array([sum(one) for one in rewards]),
        np.array([len(one) for one in rewards]),
        np.array([one for one, _ in pairs]),
        np.array([two for _, two in pairs]),
    )


def decode_action(space: Space, action: Tensor) -> Any:
    """An action (A,) of a plan as the task takes it."""
    if isinstance(space, Discrete):
        return int(action.argmax())
    return np.clip(action.numpy(), *space.bounds)


def _compare(promised: Sequence[float], rewards: Sequence[float], horizon: int) -> tuple[float, float]:
    """Means of the promised returns and of those that came over the horizon; only of steps whose horizon lies within the episode, if there
    are any."""
    sums = np.convolve(rewards, np.ones(min(horizon, len(rewards))), "full")[min(horizon, len(rewards)) - 1 :]
    whole = max(1, len(rewards) - horizon + 1)
    return float(np.mean(promised[:whole])), float(np.mean(sums[:whole]))
