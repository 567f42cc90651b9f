"""Make a learnt task known to Gymnasium, and make environments of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from saddlepoint.applications.simulate.libraries import gymnasium
from saddlepoint.applications.simulate.world import World, load_world

NAMESPACE = "saddlepoint"


def make_environment(run: str | Path | World, num_envs: int | None = None) -> Any:
    """The learnt task as an environment of Gymnasium, with the recorded task's limit of steps.

    Args:
        run: the folder of its run.
        num_envs: None for an environment of one episode, a number for a vector environment of so many.

    Raises:
        MissingExtraError: Gymnasium is not installed.
        RunError: the folder is no run of trajectories.
    """
    package = gymnasium()
    from saddlepoint.applications.simulate.environment import SimulatedEnv, SimulatedVectorEnv

    world = run if isinstance(run, World) else load_world(run)
    if num_envs is not None:
        return SimulatedVectorEnv(num_envs, world)
    environment = SimulatedEnv(world)
    limit = world.trained.limit
    return environment if limit is None else package.wrappers.TimeLimit(environment, limit)


def register_run(run: str | Path, name: str | None = None) -> str:
    """Register a learnt task, so that `gymnasium.make` and `gymnasium.make_vec` find it.

    Args:
        run: the folder of its run.
        name: after "saddlepoint/"; None takes the folder's name.

    Returns:
        The identifier, such as "saddlepoint/cartpole".

    Raises:
        MissingExtraError: Gymnasium is not installed.
        RunError: the folder is no run of trajectories.
    """
    package = gymnasium()
    world = load_world(run)
    identifier = f"{NAMESPACE}/{re.sub(r'[^A-Za-z0-9_.:-]', '-', name or world.folder.resolve().name)}"
    place = f"{__package__}.environment"
    package.envs.registration.registry.pop(identifier, None)
    package.register(
        identifier,
        entry_point=f"{place}:SimulatedEnv",
        vector_entry_point=f"{place}:SimulatedVectorEnv",
        max_episode_steps=world.trained.limit,
        kwargs={"world": str(world.folder.resolve())},
    )
    return identifier
