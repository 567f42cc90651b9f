"""Ctrl-C and SIGTERM ask a run to pause; training ends its step, and the caller writes a checkpoint."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Protocol

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Pausable(Protocol):
    """Whatever can be asked to pause: a `TrainingState`."""

    pause: bool


@contextlib.contextmanager
def pausing(state: Pausable) -> Iterator[None]:
    """Within the block, SIGINT and SIGTERM set `state.pause`; a second SIGINT raises KeyboardInterrupt at once.

    The earlier handlers are restored at the end. Outside the main thread, where Python allows no handlers, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if state.pause and number == signal.SIGINT:
            raise KeyboardInterrupt
        state.pause = True

    before = {number: signal.signal(number, ask) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            # None stands for a handler that Python did not install and cannot name.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
