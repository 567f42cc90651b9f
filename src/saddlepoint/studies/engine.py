"""What trains groups: an engine takes them and tells, as it happens, how far each is and what came of it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from saddlepoint.errors import SaddlepointError
from saddlepoint.studies.group import GroupResult, Tell, train_group
from saddlepoint.studies.plan import Group

Train = Callable[[Group, Tell], GroupResult]
ATTEMPTS = 2  # a group that ended two workers is not given a third


@dataclass(frozen=True)
class Advanced:
    """A group is so far: share in [0, 1] of its work."""

    group: int
    share: float


@dataclass(frozen=True)
class Finished:
    """A group is done."""

    group: int
    result: GroupResult


@dataclass(frozen=True)
class Lost:
    """The worker that trained a group died. again: whether another one takes the group."""

    group: int
    why: str
    again: bool


@dataclass(frozen=True)
class Failed:
    """A group cannot be trained: a sentence for the user. details: the traceback of what nobody foresaw."""

    group: int
    why: str
    details: str = ""


Event = Advanced | Finished | Lost | Failed
Engine = Callable[[Sequence[Group]], Iterator[Event]]


def in_this_process(groups: Sequence[Group], train: Train = train_group) -> Iterator[Event]:
    """One group after another, here."""
    for index, group in enumerate(groups):
        yield Advanced(index, 0.0)
        try:
            yield Finished(index, train(group, lambda share: None))
        except SaddlepointError as error:
            yield Failed(index, str(error))
        except Exception as error:
            yield _broken(index, *fault(error))


def answered(group: int, answer: Any) -> Event:
    """The event that a worker's answer is: ("done", result), ("share", number), ("wrong", sentence), ("broken", `fault`)."""
    kind, value = answer
    if kind == "done":
        return Finished(group, value)
    if kind == "share":
        return Advanced(group, value)
    if kind == "wrong":
        return Failed(group, value)
    return _broken(group, *value)


def fault(error: Exception) -> tuple[str, str]:
    """(the error in one line, its traceback): what a worker answers for an error that nobody foresaw."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__, traceback.format_exc()


def _broken(group: int, why: str, details: str) -> Failed:
    return Failed(group, why if why.endswith(".") else f"{why}.", details)
