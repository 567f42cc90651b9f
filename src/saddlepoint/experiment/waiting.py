"""Shows long work whose parts are named: a bar on a terminal, a line in a notebook, plain lines elsewhere, with the time
that is left.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from saddlepoint.data import progress
from saddlepoint.evaluation.scorecard.progress import Progress

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

PLAIN_EVERY = 5.0  # seconds between two plain lines
NOTEBOOK_EVERY = 0.2
_TRUSTED = 0.05  # the share done from which the time left is told
_LINE = 100  # characters of a notebook's line


class Waiting:
    """Hears what is being done and which share is done. Use as a context manager.

    The clock of the time that is left starts with the first share above 0: what comes before, such as the training of a
    feature network, tells its own progress and says nothing of how fast the rest is.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began: float | None = None
        self._told = time.monotonic()
        self._line = "ipykernel" in sys.modules
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        elif self._line and self._began is not None:
            self._console.file.write("\r" + " " * _LINE + "\r")
            self._console.file.flush()

    def tell(self, what: str, share: float) -> None:
        """`what` is being done, and `share` of everything is done."""
        now = time.monotonic()
        if self._began is None:
            if share == 0:
                return
            self._began = now
            if self._console.is_terminal and not self._line:
                self._start()
        spent, left = now - self._began, ""
        if _TRUSTED < share < 1 and spent > 1:
            left = f", about {max(1.0, spent * (1 - share) / share):,.0f} s left"
        if self._bar is not None:
            assert self._task is not None
            self._bar.update(self._task, completed=share, description=f"{what}{left}")
        elif now - self._told > (NOTEBOOK_EVERY if self._line else PLAIN_EVERY):
            self._told = now
            told = f"{share:.0%} {what}{left}"
            if self._line:
                self._console.file.write(f"\r{told[:_LINE]:<{_LINE}}")
                self._console.file.flush()
            else:
                self._console.print(f"  {told}", markup=False, highlight=False, emoji=False, soft_wrap=True)

    def _start(self) -> None:
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn
        from rich.progress import Progress as Bar

        columns = (BarColumn(bar_width=20), TaskProgressColumn(), TextColumn("{task.description}", markup=False))
        self._bar = Bar(*columns, console=self._console, transient=True)
        self._task = self._bar.add_task("", total=1.0)
        self._bar.start()


@contextlib.contextmanager
def heard(asked: Progress | bool) -> Iterator[Progress | None]:
    """What is to hear of the work in the block: the caller's own function; with True a display on standard error where
    somebody watches, on a terminal or in a notebook; else nothing."""
    if not isinstance(asked, bool):
        yield asked
        return
    from rich.console import Console

    console = Console(stderr=True)
    if not asked or not (console.is_terminal or "ipykernel" in sys.modules):
        yield None
        return
    with progress.shown(), Waiting(console) as waiting:
        yield waiting.tell
