"""Callbacks during a run, for progress displays, notebooks and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from saddlepoint.records import Finding, Record


@dataclass(frozen=True)
class Outline:
    """The facts of a session before its first step.

    Attributes:
        name: of the recipe.
        folder: path of the run.
        data: the dataset in words.
        players: number of trainable parameters by role.
        start: steps already done; 0 unless the run is resumed.
        steps: the last step of the run.
        device: such as "cpu".
        precision: such as "fp32".
        suggests: whether the caller suggests changed settings at the end.
        pictures: whether the last pictures and the report are made at the end.
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
    """Callbacks of a session. The methods of this class do nothing: subclass it and override them."""

    def started(self, outline: Outline) -> None:
        """Called once, before the first step."""

    def note(self, text: str) -> None:
        """Called with information that is not a finding: files that were left out, a checkpoint that was skipped."""

    def record(self, record: Record) -> None:
        """Called after every record was written."""

    def finding(self, finding: Finding) -> None:
        """Called when a finding opens, becomes more severe or closes."""

    def finished(self, summary: Mapping[str, Any]) -> None:
        """Called once when the session ends: finished, stopped or interrupted. `summary` is the content of summary.json."""
