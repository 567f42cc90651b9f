"""Who watches a run while it trains: the command line's progress display, a notebook, a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from saddlepoint.records import Finding, Record


@dataclass(frozen=True)
class Outline:
    """What is about to run, before the first step.

    players: trainable numbers by role. start: steps already done (0 unless resumed). suggests: whether what to change against
    what is found will be said at the end, by whoever started the run. pictures: whether the last pictures and the report are
    made at the end.
    """

    name: str
    folder: str
    data: str
    players: Mapping[str, int]
    start: int
    steps: int
    device: str
    precision: str
    suggests: bool = False
    pictures: bool = True


class Listener:
    """Hears of everything that happens in a run, in order; this one does nothing. Subclass and override."""

    def started(self, outline: Outline) -> None:
        """The first step is about to be made."""

    def note(self, text: str) -> None:
        """Something the user should know that is no finding: files that were left out, a checkpoint that was skipped."""

    def record(self, record: Record) -> None:
        """A tick is done and recorded."""

    def finding(self, finding: Finding) -> None:
        """Something is wrong, or worth knowing."""

    def finished(self, summary: Mapping[str, Any]) -> None:
        """The session is over, finished, stopped or interrupted; `summary` is what summary.json holds."""
