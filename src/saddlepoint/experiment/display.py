"""What `train` and `resume` show in Python where nobody else listens: one line that keeps itself up to date.

A carriage return works in terminals and notebooks alike. Elsewhere (scripts whose output goes to a file, tests) notes alone
are logged, as warnings of the logger "saddlepoint"; the command line brings a display of its own.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from saddlepoint.errors import printable
from saddlepoint.experiment.current import ESSENTIAL, Current, fit_width
from saddlepoint.experiment.listener import Listener, Outline
from saddlepoint.records import Finding, Record
from saddlepoint.report.words import session_in_words

_SECONDS = 0.2  # between two updates: more often is more than eyes can follow
_WIDTH = 110  # a longer line would wrap on most terminals, and a wrapped line cannot be rewritten


class ProgressLine(Listener):
    """Steps done, time left, quality and losses on one line of `stream`; findings, notes and the verdict below it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._outline: Outline | None = None
        self._began = self._shown = 0.0
        self._current = Current()
        self._open = False

    def started(self, outline: Outline) -> None:
        self._outline, self._began = outline, time.monotonic()
        self._say(f"{outline.name}: {outline.data}, on {outline.device} in {outline.precision}, into {outline.folder}")

    def note(self, text: str) -> None:
        self._say(f"Note: {text}")

    def finding(self, finding: Finding) -> None:
        self._say(str(finding))

    def record(self, record: Record) -> None:
        self._current.update(record)
        now = time.monotonic()
        outline = self._outline
        if outline is None or (now - self._shown < _SECONDS and record.step < outline.steps):
            return
        self._shown = now
        done, left = record.step - outline.start, outline.steps - record.step
        parts = [(ESSENTIAL, f"step {record.step:,}/{outline.steps:,}")]
        parts += [(ESSENTIAL, f"{(now - self._began) / done * left:,.0f} s left")] if done else []
        line = fit_width([*parts, *self._current.parts(record)], _WIDTH)
        self._stream.write(f"\r{line[:_WIDTH]:<{_WIDTH}}")
        self._stream.flush()
        self._open = True

    def finished(self, summary: Mapping[str, Any]) -> None:
        self._say(str(summary["verdict"]))
        if took := session_in_words(summary):
            self._say(f"Time: {took}.")

    def close(self) -> None:
        """End the line, so that what is printed next (a traceback, say) starts on one of its own."""
        if self._open:
            self._stream.write("\n")
            self._stream.flush()
            self._open = False

    def _say(self, text: str) -> None:
        self.close()
        self._stream.write(f"{printable(text)}\n")
        self._stream.flush()


class LoggedNotes(Listener):
    """Notes as warnings of the logger "saddlepoint": how data were read must not go unsaid where no progress is shown."""

    def note(self, text: str) -> None:
        logging.getLogger("saddlepoint").warning("%s", printable(text))


@contextlib.contextmanager
def shown(listener: Listener | None) -> Iterator[Listener]:
    """The listener itself; where there is none, a line of progress in a notebook or on a terminal, else notes in the log."""
    if listener is not None:
        yield listener
        return
    stream = sys.stdout if "ipykernel" in sys.modules else sys.stderr
    if stream is sys.stderr and not stream.isatty():
        yield LoggedNotes()
        return
    line = ProgressLine(stream)
    try:
        yield line
    finally:
        line.close()
