"""Shows long work whose parts are named: a bar on a terminal, plain lines elsewhere, both with the time that is left."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from saddlepoint.cli.console import Output

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PLAIN_EVERY = 5.0  # seconds between two plain lines
_TRUSTED = 0.05  # the share done from which the time left is told


class Waiting:
    """Hears what is being done and which share is done. Use as a context manager."""

    def __init__(self, output: Output, name: str) -> None:
        self._output, self._name = output, name
        self._began = self._told = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._output.say(f"Evaluating {self._name}")
        if self._output.is_terminal:
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

            columns = (BarColumn(bar_width=20), TaskProgressColumn(), TextColumn("{task.description}", markup=False))
            self._bar = Progress(*columns, console=self._output, transient=True)
            self._task = self._bar.add_task("", total=1.0)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def tell(self, what: str, share: float) -> None:
        """`what` is being done, and `share` of everything is done."""
        now = time.monotonic()
        left = ""
        if _TRUSTED < share < 1:
            left = f", about {(now - self._began) * (1 - share) / share:,.0f} s left"
        if self._bar is not None:
            assert self._task is not None
            self._bar.update(self._task, completed=share, description=f"{what}{left}")
        elif now - self._told > PLAIN_EVERY:
            self._told = now
            self._output.say(f"  {share:.0%} {what}{left}")
