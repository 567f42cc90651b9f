"""A learnt task as an environment of Gymnasium, for one episode at a time or for many.

All random numbers come from the environment's own `np_random`, so that a seed decides everything. A member of the ensemble is drawn for
each episode and predicts all of it: what the data do not decide is decided once an episode.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
import torch
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from torch import Tensor

from saddlepoint.applications.simulate.tasks import gymnasium_space
from saddlepoint.applications.simulate.world import World, load_world
from saddlepoint.arguments import shown
from saddlepoint.data.spaces import Discrete
from saddlepoint.errors import SettingError

LARGEST_SEED = 2**62


class SimulatedEnv(gymnasium.Env[npt.NDArray[np.float32], Any]):
    """A learnt task.

    Args:
        world: the learnt task, or the folder of its run.
    """

    def __init__(self, world: World | str, render_mode: str | None = None) -> None:
        self.world = world if isinstance(world, World) else load_world(world)
        self.observation_space = gymnasium_space(self.world.observation)
        self.action_space = gymnasium_space(self.world.action)
        self.metadata = {"render_modes": []}
        self.render_mode = render_mode
        self._state: Tensor | None = None
        self._member = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
        """Begin an episode in a start state of the learnt distribution."""
        super().reset(seed=seed)
        self._member = int(self.np_random.integers(self.world.members))
        self._state = self.world.start(1, int(self.np_random.integers(LARGEST_SEED)))
        return self._state[0].numpy().copy(), {}

    def step(self, action: Any) -> tuple[npt.NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Predict what follows an action.

        Raises:
            SettingError: the action is not in the space of actions, or `reset` was not called.
        """
        if self._state is None:
            raise SettingError("simulate: call reset() before step().")
        action = _in_float32(self.world, action)
        if not self.action_space.contains(action):
            raise SettingError(
                f"simulate: the action {shown(action)} is not in the space of actions, {self.action_space}."
            )
        members = torch.tensor([self._member])
        after, reward, ends = _advance(self.world, self._state, np.asarray(action)[None], members, self.np_random)
        self._state = after
        return after[0].numpy().copy(), float(reward[0]), bool(ends[0]), False, {}


class SimulatedVectorEnv(VectorEnv[Any, Any, Any]):
    """Many episodes of a learnt task at once, predicted together; an episode that ends begins again at the next step.

    Args:
        num_envs: number of episodes.
        world: the learnt task, or the folder of its run.
        max_episode_steps: steps after which an episode is cut off; None takes that of the recorded task.
    """

    def __init__(
        self, num_envs: int, world: World | str, max_episode_steps: int | None = None, render_mode: str | None = None
    ) -> None:
        self.world = world if isinstance(world, World) else load_world(world)
        self.num_envs, self.render_mode = num_envs, render_mode
        self.limit = max_episode_steps or self.world.trained.limit
        self.single_observation_space = gymnasium_space(self.world.observation)
        self.single_action_space = gymnasium_space(self.world.action)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP, "render_modes": []}
        self._states: Tensor | None = None

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
        """Begin all episodes."""
        if isinstance(seed, list):
            seed = (
                None if None in seed else int(np.random.SeedSequence([one or 0 for one in seed]).generate_state(1)[0])
            )
        super().reset(seed=seed, options=options)
        self._states = torch.zeros(self.num_envs, self.world.observation.size)
        self._members = torch.zeros(self.num_envs, dtype=torch.int64)
        self._steps = np.zeros(self.num_envs, dtype=np.int64)
        self._ended = np.zeros(self.num_envs, dtype=bool)
        self._begin(np.ones(self.num_envs, dtype=bool))
        return self._states.numpy().copy(), {}

    def step(
        self, actions: Any
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any], dict[str, Any]]:
        """Predict what follows the actions; episodes that have ended begin again instead.

        Raises:
            SettingError: an action is not in the space of actions, or `reset` was not called.
        """
        if self._states is None:
            raise SettingError("simulate: call reset() before step().")
        actions = _in_float32(self.world, np.asarray(actions))
        if not self.action_space.contains(actions):
            raise SettingError(f"simulate: there are actions outside the space of actions, {self.action_space}.")
        began = self._ended
        after, rewards, ends = _advance(self.world, self._states, actions, self._members, self.np_random)
        self._states = after
        self._steps += 1
        terminated = ends & ~began
        truncated = (
            np.zeros_like(terminated) if self.limit is None else (self._steps >= self.limit) & ~began & ~terminated
        )
        rewards = np.where(began, 0.0, rewards)
        if began.any():
            self._begin(began)
        self._ended = terminated | truncated
        return self._states.numpy().copy(), rewards, terminated, truncated, {}

    def _begin(self, rows: npt.NDArray[np.bool_]) -> None:
        """Begin the episodes of these rows."""
        assert self._states is not None
        places = torch.from_numpy(np.flatnonzero(rows))
        drawn = self.np_random.integers(self.world.members, size=len(places))
        self._members[places] = torch.from_numpy(drawn)
        self._states[places] = self.world.start(len(places), int(self.np_random.integers(LARGEST_SEED)))
        self._steps[rows] = 0


def _in_float32(world: World, actions: Any) -> Any:
    """Real actions as float32, which spaces require; choices as they are."""
    return actions if isinstance(world.action, Discrete) else np.asarray(actions, dtype=np.float32)


def _advance(
    world: World, states: Tensor, actions: npt.NDArray[Any], members: Tensor, rng: np.random.Generator
) -> tuple[Tensor, npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """States (B, S) and actions of B episodes -> the next states, rewards (B,) and whether they end (B,)."""
    n = len(states)
    encoded = torch.from_numpy(
        world.action.encode(actions if isinstance(world.action, Discrete) else actions.reshape(n, -1))
    )
    noise = torch.from_numpy(rng.standard_normal((world.members, n, world.model.noise_size), dtype=np.float32))
    every = (world.members, n, -1)
    after, reward, ends = world.step(states.expand(*every), encoded.expand(*every), noise)
    rows = torch.arange(n)
    # float64: a probability is compared exactly as the generator draws.
    happens = rng.random(n) < ends[members, rows].double().numpy()
    return after[members, rows], reward[members, rows].double().numpy(), happens
