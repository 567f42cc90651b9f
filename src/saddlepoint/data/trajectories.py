"""Trajectories of a task: what an agent saw, did and got, step after step.

A file of trajectories is an `.npz` of N steps with these arrays:

| name | shape | meaning |
| --- | --- | --- |
| `states` | (N, S) numbers | the state before each step |
| `actions` | (N,) whole numbers, or (N, A) numbers | what was done |
| `rewards` | (N,) numbers | what it earned |
| `next_states` | (N, S) numbers | the state after the step, also after the last one of an episode |
| `terminated` | (N,) true or false | whether the task ended by this step |
| `truncated` | (N,) true or false | whether the episode was cut off after this step; optional |
| `episode_starts` | (N,) true or false | whether this is the first step of an episode |
| `spaces` | text, JSON | `{"observation": SPACE, "action": SPACE, "task": name, "limit": steps of an episode}`; optional |

A step that ends an episode is the last one, or the next one begins an episode. A SPACE is `{"kind": "box", "low": [...], "high": [...]}`
(null for no bound) or `{"kind": "discrete", "n": 2}`. Without it states and real actions have the bounds of the file's own values, and
actions that are whole numbers are choices up to the largest.

As training data, a step is a row of numbers: the state, the action (choices as one-hot codes), the change of the state, the reward, and
whether the task ended. Whole episodes are held out.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.data.settings import DataSettings
from saddlepoint.data.spaces import Box, Space
from saddlepoint.data.split import shuffled_order
from saddlepoint.errors import DataError
from saddlepoint.records import replaced

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Trajectories:
    """N steps of episodes, one after another.

    Attributes:
        states: (N, S) float32.
        actions: (N,) int64 for choices, (N, A) float32 for real numbers.
        rewards: (N,) float32.
        next_states: (N, S) float32.
        terminated, truncated, episode_starts: (N,) bool.
        observation: the space of states.
        action: the space of actions.
        task: its name; empty where it is not known.
        limit: steps after which an episode is cut off; None for none.
    """

    states: Array
    actions: Array
    rewards: Array
    next_states: Array
    terminated: Array
    truncated: Array
    episode_starts: Array
    observation: Box
    action: Space
    task: str = ""
    limit: int | None = None

    def __len__(self) -> int:
        return len(self.states)

    @property
    def given(self) -> int:
        """Numbers of a state and an action in a row of training data."""
        return self.observation.size + self.action.size

    @property
    def episodes(self) -> list[slice]:
        """The steps of each episode."""
        starts = [*np.flatnonzero(self.episode_starts).tolist(), len(self)]
        return [slice(first, after) for first, after in itertools.pairwise(starts)]

    @property
    def returns(self) -> Array:
        """(episodes,) sums of rewards."""
        return np.array([self.rewards[steps].sum(dtype=np.float64) for steps in self.episodes])

    def take(self, episodes: Sequence[slice]) -> Trajectories:
        """The steps of some episodes."""
        arrays: dict[str, Any] = {
            name: np.concatenate([getattr(self, name)[one] for one in episodes]) for name in _ARRAYS
        }
        return replace(self, **arrays)

    def rows(self) -> npt.NDArray[np.float32]:
        """(N, 2 S + A + 2): state, action, change of the state, reward, end."""
        columns = [self.states, self.action.encode(self.actions), self.next_states - self.states]
        return np.concatenate([*columns, self.rewards[:, None], self.terminated[:, None]], 1, dtype=np.float32)

    def write(self, path: Path) -> None:
        """Write the file, completely or not at all."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        spaces = {"observation": self.observation.to_json(), "action": self.action.to_json()}
        text = json.dumps({**spaces, "task": self.task, "limit": self.limit})
        with replaced(path, "wb") as file:
            np.savez(file, spaces=np.array(text), **arrays)


_ARRAYS = tuple(field.name for field in fields(Trajectories))[:7]


def is_trajectories(keys: Sequence[str]) -> bool:
    """Whether the names of a file's arrays are those of trajectories."""
    return {"states", "actions", "next_states"} <= set(keys)


def merge(parts: Sequence[Trajectories], names: Sequence[str]) -> Trajectories:
    """Several recordings of one task as one.

    Args:
        parts: the recordings.
        names: of each, for the error message.

    Returns:
        All their episodes. Bounds of states and real actions are the widest of the recordings.

    Raises:
        DataError: their states or actions have different shapes, or they name different tasks.
    """
    first = parts[0]
    for part, name in zip(parts[1:], names[1:], strict=True):
        if (part.observation.size, part.action.to_json()["kind"], part.action.size) != (
            first.observation.size, first.action.to_json()["kind"], first.action.size,
        ):  # fmt: skip
            raise DataError(
                f"{names[0]} has states of {first.observation} and actions of {first.action}, and {name} has {part.observation} and "
                f"{part.action}; give recordings of one task."
            )
        if part.task and first.task and part.task != first.task:
            raise DataError(f"{names[0]} is of {first.task} and {name} of {part.task}; give recordings of one task.")
    arrays: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS}
    task = next((part.task for part in parts if part.task), "")
    limit = next((part.limit for part in parts if part.limit is not None), None)
    observation = _widest([part.observation for part in parts])
    action = first.action
    if isinstance(action, Box):
        action = _widest([part.action for part in parts if isinstance(part.action, Box)])
    return replace(first, **arrays, observation=observation, action=action, task=task, limit=limit)


def ranges(values: Array) -> Box:
    """The box of values (N, size)."""
    return Box(tuple(map(float, values.min(0))), tuple(map(float, values.max(0))))


def _widest(spaces: Sequence[Box]) -> Box:
    low, high = zip(*(space.bounds for space in spaces), strict=True)
    return ranges(np.stack([np.minimum.reduce(low), np.maximum.reduce(high)]))


def split_episodes(trajectories: Trajectories, settings: DataSettings) -> tuple[Trajectories, Trajectories | None]:
    """Training and held-out episodes: `settings.held_out` of the episodes, at least one where there are two.

    Args:
        trajectories: of a file.
        settings: with the share and the seed of the split.
    """
    episodes = trajectories.episodes
    order = shuffled_order(len(episodes), settings.split_seed).tolist()
    count = 0
    if settings.held_out and len(episodes) > 1:
        count = min(len(episodes) - 1, max(1, round(len(episodes) * settings.held_out)))
    trained, rest = (sorted(part) for part in (order[count:], order[:count]))
    return (
        trajectories.take([episodes[n] for n in trained]),
        trajectories.take([episodes[n] for n in rest]) if rest else None,
    )
