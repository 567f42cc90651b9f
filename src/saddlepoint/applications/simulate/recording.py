"""Record trajectories of a task of Gymnasium."""

from __future__ import annotations

from typing import Any

import numpy as np

from saddlepoint.applications.simulate.policies.planning import Planning
from saddlepoint.applications.simulate.policies.policy import Policy
from saddlepoint.applications.simulate.settings import POLICIES
from saddlepoint.applications.simulate.tasks import make_task, task_spaces
from saddlepoint.applications.simulate.world import World, check_task
from saddlepoint.data.spaces import Discrete
from saddlepoint.data.trajectories import Trajectories
from saddlepoint.errors import DataError, SettingError, suggestion
from saddlepoint.progress.protocol import Report

SAID = 500  # steps between two reports of progress


def record_trajectories(
    name: str, steps: int, policy: str, seed: int, report: Report | None = None, world: World | None = None
) -> Trajectories:
    """Let a policy act in a task.

    Args:
        name: of the task.
        steps: to record; the last episode may be cut off.
        policy: a name in `POLICIES`.
        seed: of the task and the policy.
        report: receives the progress.
        world: a learnt task, by planning in which actions are chosen instead of by the policy.

    Raises:
        SettingError: the task or the policy does not exist, or the task's spaces are not supported.
        DataError: the task returned values that are not finite.
    """
    if policy not in POLICIES:
        raise SettingError(
            f"simulate: there is no policy {policy}.{suggestion(policy, POLICIES)} Known: {', '.join(POLICIES)}."
        )
    task = make_task(name)
    try:
        observation, action = task_spaces(task)
        rng = np.random.default_rng(seed)
        if world is None:
            acting: Policy = POLICIES[policy].load()(action, observation.size, rng)
        else:
            check_task(world, name, observation, action)
            acting = Planning(world, rng)
        columns = _play(task, acting, steps, seed, report)
    finally:
        task.close()
    kinds = {"states": np.float32, "next_states": np.float32, "rewards": np.float32}
    kinds["actions"] = np.int64 if isinstance(action, Discrete) else np.float32  # type: ignore[assignment]
    arrays = {key: np.array(values, dtype=kinds.get(key, bool)) for key, values in columns.items()}
    if not all(np.isfinite(arrays[key]).all() for key in kinds):
        raise DataError(f"simulate: the task {name} returned states or rewards that are not finite.")
    limit = getattr(task.spec, "max_episode_steps", None)
    return Trajectories(**arrays, observation=observation, action=action, task=name, limit=limit)


def _play(task: Any, policy: Policy, steps: int, seed: int, report: Report | None) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {
        key: [] for key in ("states", "actions", "rewards", "next_states", "terminated", "truncated", "episode_starts")
    }
    start, state = True, task.reset(seed=seed)[0]
    for step in range(steps):
        if report is not None and step % SAID == 0:
            report(f"step {step:,} of {steps:,}", step / steps)
        if start:
            policy.begin()
        action = policy.act(state)
        after, reward, terminated, truncated, _ = task.step(action)
        values = (state, action, reward, after, terminated, truncated, start)
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
        start = terminated or truncated
        state = task.reset()[0] if start else after
    if not start:  # the recording ends within an episode
        columns["truncated"][-1] = True
    return columns
