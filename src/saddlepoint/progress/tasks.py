"""Progress of work inside the library, shown only where the caller asked to see it.

A library does not write to its user's terminal by default. A program that talks to a person opens `visible()`; tasks inside the
block, also in threads that it waits for, are then shown on standard error (a notebook's output in a notebook).
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from saddlepoint.progress.display import Display, in_notebook, terminal_or_notebook
from saddlepoint.progress.protocol import Report

PLAIN_EVERY = 15.0  # seconds between two plain lines
REPORT_EVERY = 5.0

_visible: ContextVar[bool] = ContextVar("progress is visible", default=False)


@contextlib.contextmanager
def visible() -> Iterator[None]:
    """Within the block, tasks are shown."""
    token = _visible.set(True)
    try:
        yield
    finally:
        _visible.reset(token)


@contextlib.contextmanager
def task(what: str, total: float) -> Iterator[Callable[[float], None]]:
    """A piece of work, such as a download. Where a display already shows the work around it, it is shown there.

    Args:
        what: is being done.
        total: amount of work, in any unit.

    Yields:
        A function to be called with every further amount that is done.
    """
    around = Display.innermost()
    if around is not None:
        yield around.part(what, total)
        return
    if not _visible.get():
        yield lambda amount: None
        return
    from rich.console import Console

    console = Console(file=sys.stdout) if in_notebook() else Console(stderr=True)
    done = 0.0
    with Display(console, every=PLAIN_EVERY, share=1.0, summary=False) as display:
        display.start(total)

        def advance(amount: float) -> None:
            nonlocal done
            done += amount
            display.advance(done, what)

        yield advance


@contextlib.contextmanager
def report_for(asked: Report | bool) -> Iterator[Report | None]:
    """What work in the block reports to.

    Args:
        asked: the caller's own function; or True for a display where somebody watches (on a terminal or in a notebook); or
            False for nothing.
    """
    if not isinstance(asked, bool):
        yield asked
        return
    console = terminal_or_notebook() if asked else None
    if console is None:
        yield None
        return
    with visible(), Display(console, every=REPORT_EVERY, share=1.0, summary=False) as display:
        yield display.report
