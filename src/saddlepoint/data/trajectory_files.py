"""Read and check trajectories: files, and arrays in memory. `saddlepoint.data.trajectories` describes the format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from saddlepoint.arguments import shown
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.npy import Archive
from saddlepoint.data.settings import DataSettings
from saddlepoint.data.spaces import Box, Discrete, Space, space_from_json
from saddlepoint.data.split import Part, describe_parts, shuffled_order
from saddlepoint.data.trajectories import Array, Trajectories, ranges, split_episodes
from saddlepoint.errors import DataError
from saddlepoint.records import parse_json

LARGEST = 1e18  # of a number, whose square float32 can still hold
ROUNDING = 1e-4  # by which a recorded action may leave its space
MOST_CHOICES = 1_000  # of a file that does not describe its actions: a larger number is hardly a choice
REQUIRED = ("states", "actions", "rewards", "next_states", "terminated", "episode_starts")
SHAPES = {"states": "(N, S)", "actions": "(N,) or (N, A)", "next_states": "(N, S)"}


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
        arrays: by the names of the format.
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
    found = {name: _array(arrays[name], name, where) for name in REQUIRED}
    n = len(found["states"]) if found["states"].ndim else 0
    found["truncated"] = _array(arrays.get("truncated", np.zeros(n, bool)), "truncated", where)
    _check_shapes(found, where)
    for name in ("terminated", "truncated", "episode_starts"):
        if not np.isin(found[name], (0, 1)).all():
            raise DataError(f"{where}: {name} has other values than true and false.")
        found[name] = found[name].astype(bool)
    if not found["episode_starts"][0]:
        raise DataError(f"{where}: the first step begins no episode; set episode_starts[0] to true.")
    _check_ends(found, where)
    described: dict[str, Any] = {}
    if "spaces" in arrays:
        described = parse_json(str(np.asarray(arrays["spaces"])), f"{where}: spaces")
    action = _action_space(found["actions"], described.get("action"), where)
    observation = _observation_space(found, described.get("observation"), where)
    for name in ("states", "rewards", "next_states", *(() if isinstance(action, Discrete) else ("actions",))):
        if np.abs(found[name]).max() > LARGEST:
            raise DataError(f"{where}: {name} has values beyond {LARGEST:g}; use other units.")
        found[name] = found[name].astype(np.float32)
    limit = described.get("limit")
    if limit is not None and (type(limit) is not int or limit < 1):
        raise DataError(f"{where}: the limit of steps is {shown(limit)}; give a whole number from 1, or null for none.")
    return Trajectories(
        **found,
        observation=observation,
        action=action,
        task=str(described.get("task") or ""),
        limit=limit,
    )


def _array(values: Any, name: str, where: str) -> Array:
    try:
        return np.asarray(values)
    except ValueError:
        raise DataError(f"{where}: {name} has rows of different lengths; give an array.") from None


def _check_ends(found: Mapping[str, Array], where: str) -> None:
    """Check that the step after an end begins an episode: windows of steps would otherwise continue over it."""
    ended = (found["terminated"] | found["truncated"])[:-1] & ~found["episode_starts"][1:]
    if ended.any():
        step = int(np.flatnonzero(ended)[0])
        raise DataError(
            f"{where}: step {step} ends its episode, but step {step + 1} does not begin one; set episode_starts[{step + 1}] to true."
        )


def _check_shapes(found: Mapping[str, Array], where: str) -> None:
    n = len(found["states"]) if found["states"].ndim else 0
    for name, values in found.items():
        axes = {"states": (2,), "next_states": (2,), "actions": (1, 2)}.get(name, (1,))
        if values.dtype.kind not in "biuf" or values.ndim not in axes or len(values) != n or not values.size:
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
        if not whole:
            return ranges(actions)
        if actions.max() >= MOST_CHOICES:
            raise DataError(
                f"{where}: the largest action is {actions.max():,}, and choices are whole numbers below {MOST_CHOICES:,}; describe the space "
                "of actions in spaces, or give real actions as (N, 1)."
            )
        return Discrete(int(actions.max()) + 1) if actions.min() >= 0 else _outside(where)
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
        return ranges(np.concatenate([found["states"], found["next_states"]]))
    space = space_from_json(described, f"{where}: the space of observations")
    if isinstance(space, Discrete) or space.size != found["states"].shape[1]:
        raise DataError(f"{where}: states of the shape {found['states'].shape} do not fit their space, {space}.")
    return space


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
