"""What trains cells: an engine takes them and tells, as it happens, how far each is and what came of it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from saddlepoint.errors import SaddlepointError
from saddlepoint.studies.cell import CellResult, Tell, train_cell
from saddlepoint.studies.plan import Cell

Train = Callable[[Cell, Tell], CellResult]
ATTEMPTS = 2  # a cell that ended two workers is not given a third


@dataclass(frozen=True)
class Advanced:
    """A cell is so far: share in [0, 1] of its work."""

    cell: int
    share: float


@dataclass(frozen=True)
class Finished:
    """A cell is done."""

    cell: int
    result: CellResult


@dataclass(frozen=True)
class Lost:
    """The worker that trained a cell died. again: whether another one takes the cell."""

    cell: int
    why: str
    again: bool


@dataclass(frozen=True)
class Failed:
    """A cell cannot be trained: a sentence for the user. details: the traceback of what nobody foresaw."""

    cell: int
    why: str
    details: str = ""


Event = Advanced | Finished | Lost | Failed
Engine = Callable[[Sequence[Cell]], Iterator[Event]]


def in_this_process(cells: Sequence[Cell], train: Train = train_cell) -> Iterator[Event]:
    """One cell after another, here."""
    for index, cell in enumerate(cells):
        yield Advanced(index, 0.0)
        try:
            yield Finished(index, train(cell, lambda share: None))
        except SaddlepointError as error:
            yield Failed(index, str(error))
        except Exception as error:
            yield _broken(index, *fault(error))


def answered(cell: int, answer: Any) -> Event:
    """The event that a worker's answer is: ("done", result), ("share", number), ("wrong", sentence), ("broken", `fault`)."""
    kind, value = answer
    if kind == "done":
        return Finished(cell, value)
    if kind == "share":
        return Advanced(cell, value)
    if kind == "wrong":
        return Failed(cell, value)
    return _broken(cell, *value)


def fault(error: Exception) -> tuple[str, str]:
    """(the error in one line, its traceback): what a worker answers for an error that nobody foresaw."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__, traceback.format_exc()


def _broken(cell: int, why: str, details: str) -> Failed:
    return Failed(cell, why if why.endswith(".") else f"{why}.", details)
