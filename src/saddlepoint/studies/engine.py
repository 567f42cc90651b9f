"""Engines train groups: an engine takes groups and yields events about their progress and results."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from saddlepoint.errors import SaddlepointError
from saddlepoint.studies.group import GroupResult, ReportShare, train_group
from saddlepoint.studies.plan import Group

Train = Callable[[Group, ReportShare], GroupResult]
ATTEMPTS = 2  # workers that may die while they train a group, before it is left out


@dataclass(frozen=True)
class Advanced:
    """Progress of a group.

    Attributes:
        group: index of the group.
        share: share of its work that is done, in [0, 1].
    """

    group: int
    share: float


@dataclass(frozen=True)
class Finished:
    """A group is finished.

    Attributes:
        group: index of the group.
        result: the results of its runs.
    """

    group: int
    result: GroupResult


@dataclass(frozen=True)
class Lost:
    """The worker that trained a group died.

    Attributes:
        group: index of the group.
        why: the reason.
        again: whether another worker trains the group.
    """

    group: int
    why: str
    again: bool


@dataclass(frozen=True)
class Failed:
    """A group cannot be trained.

    Attributes:
        group: index of the group.
        why: a sentence for the user.
        details: the traceback of an unexpected error; otherwise empty.
    """

    group: int
    why: str
    details: str = ""


Event = Advanced | Finished | Lost | Failed
Engine = Callable[[Sequence[Group]], Iterator[Event]]


def in_this_process(groups: Sequence[Group], train: Train = train_group) -> Iterator[Event]:
    """Train one group after another in this process.

    Args:
        groups: what to train.
        train: the function that trains one group.

    Yields:
        The events of every group; an error in one group does not stop the others.
    """
    for index, group in enumerate(groups):
        yield Advanced(index, 0.0)
        try:
            yield Finished(index, train(group, lambda share: None))
        except SaddlepointError as error:
            yield Failed(index, str(error))
        except Exception as error:
            yield _broken(index, *describe_error(error))


def event_from(group: int, answer: Any) -> Event:
    """Convert a worker's answer into an event.

    Args:
        group: index of the group.
        answer: ("done", result), ("share", number in [0, 1]), ("wrong", sentence), or ("broken", result of
            `describe_error`).
    """
    kind, value = answer
    if kind == "done":
        return Finished(group, value)
    if kind == "share":
        return Advanced(group, value)
    if kind == "wrong":
        return Failed(group, value)
    return _broken(group, *value)


def describe_error(error: Exception) -> tuple[str, str]:
    """Describe an unexpected error in one line.

    Returns:
        The line, and the traceback.
    """
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__, traceback.format_exc()


def _broken(group: int, why: str, details: str) -> Failed:
    return Failed(group, why if why.endswith(".") else f"{why}.", details)
