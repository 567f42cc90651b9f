"""Engines train groups: a function that takes groups and yields events about their progress and results."""

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
    """This share of a group's work, in [0, 1], is done."""

    group: int
    share: float


@dataclass(frozen=True)
class Finished:
    """A group is done."""

    group: int
    result: GroupResult


@dataclass(frozen=True)
class Lost:
    """The worker that trained a group died. again: whether another worker trains the group."""

    group: int
    why: str
    again: bool


@dataclass(frozen=True)
class Failed:
    """A group cannot be trained. why: a sentence for the user. details: the traceback of an unexpected error."""

    group: int
    why: str
    details: str = ""


Event = Advanced | Finished | Lost | Failed
Engine = Callable[[Sequence[Group]], Iterator[Event]]


def in_this_process(groups: Sequence[Group], train: Train = train_group) -> Iterator[Event]:
    """Train one group after another in this process."""
    for index, group in enumerate(groups):
        yield Advanced(index, 0.0)
        try:
            yield Finished(index, train(group, lambda share: None))
        except SaddlepointError as error:
            yield Failed(index, str(error))
        except Exception as error:
            yield _broken(index, *describe_error(error))


def event_from(group: int, answer: Any) -> Event:
    """The event for a worker's answer: ("done", result), ("share", number), ("wrong", sentence) or ("broken", `describe_error`)."""
    kind, value = answer
    if kind == "done":
        return Finished(group, value)
    if kind == "share":
        return Advanced(group, value)
    if kind == "wrong":
        return Failed(group, value)
    return _broken(group, *value)


def describe_error(error: Exception) -> tuple[str, str]:
    """An unexpected error in one line, and its traceback."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__, traceback.format_exc()


def _broken(group: int, why: str, details: str) -> Failed:
    return Failed(group, why if why.endswith(".") else f"{why}.", details)
