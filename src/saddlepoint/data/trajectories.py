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

A SPACE is `{"kind": "box", "low": [...], "high": [...]}` (null for no bound) or `{"kind": "discrete", "n": 2}`. Without it states and
real actions have the bounds of the file's own values, and actions that are whole numbers are choices up to the largest.

As training data, a step is a row of numbers: the state, the action (choices as one-hot codes), the change of the state, the reward, and
whether the task ended. Whole episodes are held out.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.npy import Archive
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.spaces import Box, Discrete, Space, space_from_json
from saddlepoint.data.split import Part, describe_parts, shuffled_order
from saddlepoint.errors import DataError
from saddlepoint.records import parse_json, replaced

Array = npt.NDArray[Any]
ROUNDING = 1e-4  # by which a recorded action may leave its space
REQUIRED = ("states", "actions", "rewards", "next_states", "terminated", "episode_starts")
SHAPES = {"states": "(N, S)", "actions": "(N,) or (N, A)", "next_states": "(N, S)"}


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


def read_trajectories(path: str | Path) -> Trajectories:
    """Read a file of trajectories.

    Raises:
        DataError: it cannot be read, arrays are missing, or their shapes do not fit together.
    """
    place = Path(path).expanduser()
    if not place.is_file():
        raise DataError(
            f"{path}: there is no such file; record one with saddlepoint simulate record TASK --out {path}."
        )
    archive = Archive(place)
    names = (*REQUIRED, "truncated", "spaces")
    return from_arrays({name: archive.read(name) for name in names if name in archive.keys}, str(path))


def from_arrays(arrays: Mapping[str, Any], where: str = "trajectories") -> Trajectories:
    """Check arrays of trajectories.

    Args:
        arrays: by the names above.
        where: names them in error messages.

    Raises:
        DataError: arrays are missing, or their shapes or values do not fit together.
    """
    missing = [name for name in REQUIRED if name not in arrays]
    if missing:
        raise DataError(
            f"{where}: trajectories need the array{'s' if len(missing) > 1 else ''} {', '.join(missing)}; there are "
            f"{', '.join(arrays) or 'none'}."
        )
    found = {name: np.asarray(arrays[name]) for name in REQUIRED}
    found["truncated"] = np.asarray(arrays.get("truncated", np.zeros(len(found["states"]), bool)))
    _check_shapes(found, where)
    for name in ("terminated", "truncated", "episode_starts"):
        if not np.isin(found[name], (0, 1)).all():
            raise DataError(f"{where}: {name} has other values than true and false.")
        found[name] = found[name].astype(bool)
    if not found["episode_starts"][0]:
        raise DataError(f"{where}: the first step begins no episode; set episode_starts[0] to true.")
    described: dict[str, Any] = {}
    if "spaces" in arrays:
        described = parse_json(str(np.asarray(arrays["spaces"])), f"{where}: spaces")
    action = _action_space(found["actions"], described.get("action"), where)
    observation = _observation_space(found, described.get("observation"), where)
    for name in ("states", "rewards", "next_states", *(() if isinstance(action, Discrete) else ("actions",))):
        found[name] = found[name].astype(np.float32)
    limit = described.get("limit")
    return Trajectories(
        **found,
        observation=observation,
        action=action,
        task=str(described.get("task") or ""),
        limit=int(limit) if limit else None,
    )


def _check_shapes(found: Mapping[str, Array], where: str) -> None:
    n = len(found["states"]) if found["states"].ndim else 0
    for name, values in found.items():
        axes = {"states": (2,), "next_states": (2,), "actions": (1, 2)}.get(name, (1,))
        if values.dtype.kind not in "biuf" or values.ndim not in axes or len(values) != n or not n:
            raise DataError(
                f"{where}: {name} has the shape {values.shape} and the type {values.dtype}; give numbers of the shape {SHAPES.get(name, '(N,)')} "
                f"with the same N as states, which have the shape {found['states'].shape}."
            )
        if not np.isfinite(values).all():
            raise DataError(f"{where}: {name} has values that are not finite; leave these episodes out.")
    if found["states"].shape != found["next_states"].shape:
        raise DataError(
            f"{where}: states have {found['states'].shape[1]} numbers and next_states {found['next_states'].shape[1]}; they must be of one task."
        )


def _action_space(actions: Array, described: Any, where: str) -> Space:
    whole = actions.ndim == 1 and actions.dtype.kind in "biu"
    if not whole and actions.ndim == 1:
        raise DataError(f"{where}: actions of the shape (N,) are choices, whole numbers; give real numbers as (N, 1).")
    if described is None:
        if whole:
            return Discrete(int(actions.max()) + 1) if actions.min() >= 0 else _outside(where)
        return _ranges(actions)
    space = space_from_json(described, f"{where}: the space of actions")
    if isinstance(space, Discrete) != whole or (not whole and space.size != actions.shape[1]):
        raise DataError(f"{where}: actions of the shape {actions.shape} do not fit their space, {space}.")
    if isinstance(space, Discrete) and not (actions.min() >= 0 and actions.max() < space.n):
        return _outside(where)
    if isinstance(space, Box):
        low, high = space.bounds
        if ((actions < low - ROUNDING) | (actions > high + ROUNDING)).any():
            return _outside(where)
    return space


def _outside(where: str) -> Space:
    raise DataError(
        f"{where}: there are actions outside the space of actions; record the actions that the task received."
    )


def _observation_space(found: Mapping[str, Array], described: Any, where: str) -> Box:
    if described is None:
        return _ranges(np.concatenate([found["states"], found["next_states"]]))
    space = space_from_json(described, f"{where}: the space of observations")
    if isinstance(space, Discrete) or space.size != found["states"].shape[1]:
        raise DataError(f"{where}: states of the shape {found['states'].shape} do not fit their space, {space}.")
    return space


def _ranges(values: Array) -> Box:
    return Box(tuple(map(float, values.min(0))), tuple(map(float, values.max(0))))


def merge(parts: Sequence[Trajectories], names: Sequence[str]) -> Trajectories:
    """Several recordings of one task as one.

    Args:
        parts: the recordings.
        names: of each, for the error message.

    Raises:
        DataError: their states or actions have different shapes.
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
    arrays: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS}
    return replace(first, **arrays)


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


def load(settings: DataSettings) -> Dataset:
    """The steps of a file of trajectories as rows of numbers; whole episodes are held out."""
    trajectories = read_trajectories(settings.source)
    trained, rest = split_episodes(trajectories, settings)
    rows = torch.from_numpy(trained.rows())
    if settings.limit is not None:
        rows = rows[shuffled_order(len(rows), settings.split_seed)[: settings.limit]]
    event = Event((rows.shape[1],), "vector")
    held_out = None if rest is None else Part(torch.from_numpy(rest.rows()))
    return describe_parts(Path(settings.source).name, event, Part(rows), held_out)
