"""What trains cells: an engine takes them and tells, as it happens, how far each is and what came of it."""

from __future__ import annotations

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
    """A cell cannot be trained: a sentence for the user."""

    cell: int
    why: str


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


def answered(cell: int, answer: Any) -> Event:
    """The event that a worker's answer is: ("done", result), ("share", number), ("wrong", sentence), ("broken", traceback).

    Raises RuntimeError with the worker's traceback for a mistake of ours.
    """
    kind, value = answer
    if kind == "done":
        return Finished(cell, value)
    if kind == "share":
        return Advanced(cell, value)
    if kind == "wrong":
        return Failed(cell, value)
    raise RuntimeError(f"a worker failed:\n{value}")
