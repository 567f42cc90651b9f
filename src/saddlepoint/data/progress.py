"""How far long work has come: silent unless the caller asked to see it.

A library does not write to its user's terminal unasked. Who talks to a person opens `shown`; work within it, and in
threads that it waits for, then shows a bar on a terminal, else a plain line every few seconds, on standard error.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar

PLAIN_EVERY = 15.0  # seconds between two plain lines

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
    began = told = time.monotonic()
    done = 0

    def advance(amount: int) -> None:
        nonlocal done, told
        done += amount
        now = time.monotonic()
        if now - told > PLAIN_EVERY and done:
            told = now
            left = max((now - began) * (total - done) / done, 0.0)
            console.print(f"{what}: {done / max(total, 1):.0%}, about {left:,.0f} s left", highlight=False)

    yield advance
