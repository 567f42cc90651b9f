"""Tasks of Gymnasium by name, and their spaces."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from saddlepoint.applications.simulate.libraries import gymnasium
from saddlepoint.arguments import shown
from saddlepoint.data.spaces import Box, Discrete, Space
from saddlepoint.errors import SettingError, suggestion


def make_task(name: str) -> Any:
    """Make a task.

    Args:
        name: of a task that is registered with Gymnasium.

    Raises:
        MissingExtraError: Gymnasium is not installed.
        SettingError: there is no such task, it cannot be made, or its spaces are not supported.
    """
    package = gymnasium()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*out of date.*")  # the user chose the version
            task = package.make(name)
    except package.error.NameNotFound:
        raise SettingError(
            f"simulate: Gymnasium has no task {shown(name)}.{suggestion(name, package.registry)} gymnasium.pprint_registry() lists them."
        ) from None
    except (package.error.Error, ModuleNotFoundError, TypeError) as error:
        raise SettingError(
            f"simulate: the task {shown(name)} cannot be made: {' '.join(str(error).split())[:300]}"
        ) from None
    task_spaces(task)
    return task


def task_spaces(task: Any) -> tuple[Box, Space]:
    """The spaces of a task's observations and actions.

    Args:
        task: an environment of Gymnasium.

    Raises:
        SettingError: they are not supported.
    """
    spaces = gymnasium().spaces
    observation, action = task.observation_space, task.action_space
    if not (isinstance(observation, spaces.Box) and len(observation.shape) == 1 and observation.dtype.kind == "f"):
        _unsupported("observations", observation, "a Box of real numbers with one axis")
    if isinstance(action, spaces.Discrete) and action.start == 0:
        return _box(observation), Discrete(int(action.n))
    if not (
        isinstance(action, spaces.Box) and len(action.shape) == 1 and action.dtype.kind == "f" and action.is_bounded()
    ):
        _unsupported("actions", action, "Discrete from 0, or a bounded Box of real numbers with one axis")
    return _box(observation), _box(action)


def gymnasium_space(space: Space) -> Any:
    """The same space as an object of Gymnasium."""
    spaces = gymnasium().spaces
    if isinstance(space, Discrete):
        return spaces.Discrete(space.n)
    return spaces.Box(*space.bounds, dtype=np.float32)


def _box(space: Any) -> Box:
    return Box(tuple(map(float, space.low)), tuple(map(float, space.high)))


def _unsupported(what: str, space: Any, supported: str) -> None:
    raise SettingError(
        f"simulate: the {what} of this task are {shown(str(space))}, which is not supported; {what} must be {supported}. A wrapper such as "
        "gymnasium.wrappers.FlattenObservation may help."
    )
