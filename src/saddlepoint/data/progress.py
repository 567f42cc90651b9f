"""How far long work has come: silent unless the caller asked to see it.

A library does not write to its user's terminal unasked. Who talks to a person opens `shown`; work within it, and in
threads that it waits for, then shows a bar on a terminal, else a plain line every few seconds, on standard error.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar

PLAIN_EVERY = 5.0  # seconds between two plain lines

_asked_for: ContextVar[bool] = ContextVar("progress asked for", default=False)


@contextlib.contextmanager
def shown() -> Iterator[None]:
    """Within the block, `progress` writes to standard error."""
    token = _asked_for.set(True)
    try:
        yield
    finally:
        _asked_for.reset(token)


@contextlib.contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Gives `advance(amount)`, to be called as the work goes on until `total` is reached."""
    if not _asked_for.get():
        yield lambda amount: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda amount: bar.advance(task, amount)
        return
    done, told = 0, time.monotonic()

    def advance(amount: int) -> None:
        nonlocal done, told
        done += amount
        if time.monotonic() - told > PLAIN_EVERY:
            told = time.monotonic()
            console.print(f"{what}: {done / max(total, 1):.0%}", highlight=False)

    yield advance
