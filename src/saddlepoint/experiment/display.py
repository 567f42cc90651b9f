"""Display of a run during training: steps done, time left, quality, losses, findings and notes.

`train` and `resume` use it on a terminal or in a notebook if the caller passes no listener. Otherwise (in tests, or in scripts
whose output goes to a file) only notes appear, as warnings of the logger "saddlepoint". The command line uses the same display
and adds an introduction and a summary.
"""

from __future__ import annotations

import contextlib
import logging
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from saddlepoint.errors import printable
from saddlepoint.experiment.current import Current
from saddlepoint.experiment.listener import Listener, Outline
from saddlepoint.progress import USEFUL, Display, Speed, terminal_or_notebook
from saddlepoint.records import Finding, Record
from saddlepoint.report.words import session_in_words

_NUMBERS = re.compile(r"[\d.,]*\d")


class TrainingDisplay(Listener):
    """A listener that shows the run on a progress display, which counts steps."""

    def __init__(self, display: Display) -> None:
        self.display = display
        self._outline: Outline | None = None
        self._speed, self._current = Speed(), Current()
        self._shown: set[tuple[str, str, str]] = set()  # active findings: code, severity, and title without its numbers

    def started(self, outline: Outline) -> None:
        first, self._outline = self._outline is None, outline
        if first:  # a restart after an intervention has its note
            self.introduce(outline)
        self.display.start(outline.steps, outline.start)

    def introduce(self, outline: Outline) -> None:
        """Print what will be trained."""
        self.display.say(
            f"{outline.name}: {outline.data}, on {outline.device} in {outline.precision}, into {outline.folder}"
        )

    def note(self, text: str) -> None:
        self.display.note(text)

    def finding(self, finding: Finding) -> None:
        if self.is_new(finding):
            self.display.say(str(finding))

    def is_new(self, finding: Finding) -> bool:
        """Return whether a finding was not shown yet.

        After an intervention, training repeats some steps, and what was found in them. The note on the intervention says
        against which finding it was, so that a finding is shown again only after it has closed.
        """
        if finding.state == "closed":
            self._shown = {shown for shown in self._shown if shown[0] != finding.code}
            return True
        shown = (finding.code, finding.severity, _NUMBERS.sub("#", finding.title))
        is_new = shown not in self._shown
        self._shown.add(shown)
        return is_new

    def record(self, record: Record) -> None:
        assert self._outline is not None
        self._current.update(record)
        # Before the first step the untrained model is measured and drawn, which says nothing about speed.
        if record.step > self._outline.start:
            self._speed.tick(record.step, time.monotonic())
        # The time left includes measurements, pictures and checkpoints; the speed is that of the training steps alone.
        overall, own = self._speed.per_second, record.values.get("time/steps_per_second")
        parts = [(USEFUL, f"{rate(speed)} steps/s")] if (speed := own or overall) else []
        left = (self._outline.steps - record.step) / speed if (speed := overall or own) else None
        self.display.advance(record.step, [*parts, *self._current.parts(record)], left)

    def finished(self, summary: Mapping[str, Any]) -> None:
        self.display.finish()
        for part, label in (("headline", ""), ("verdict", ""), ("advice", "What to do: ")):
            if said := summary.get(part):
                self.display.say(f"{label}{said}")
        if took := session_in_words(summary):
            self.display.say(f"Time: {took}.")


class LoggedNotes(Listener):
    """A listener that logs notes as warnings of the logger "saddlepoint", for programs without a progress display."""

    def note(self, text: str) -> None:
        logging.getLogger("saddlepoint").warning("%s", printable(text))


@contextlib.contextmanager
def listener_or_default(listener: Listener | None) -> Iterator[Listener]:
    """Context manager: the given listener, or the default one.

    Args:
        listener: None takes a display on a terminal or in a notebook, and otherwise logs notes.
    """
    if listener is not None:
        yield listener
        return
    console = terminal_or_notebook()
    if console is None:
        yield LoggedNotes()
        return
    with Display(console, unit="step", keep=True) as display:
        yield TrainingDisplay(display)


def rate(speed: float) -> str:
    """Format steps per second with at least three digits: "0.512", "51.2", "1,510"."""
    return f"{speed:,.0f}" if speed >= 99.95 else f"{speed:.3g}"
