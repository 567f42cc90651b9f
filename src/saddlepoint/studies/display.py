"""Shows the progress of a study in the terminal."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from saddlepoint.progress import Display

if TYPE_CHECKING:
    from rich.console import Console

    from saddlepoint.studies.study import StudyProgress


class StudyDisplay:
    """Prints notes and progress of a study. As a context manager it restores the terminal after an error.

    Args:
        console: where to print.
        quiet: print nothing.
        say: prints one line of text; by default the line is printed unchanged on the console.
    """

    def __init__(self, console: Console, *, quiet: bool = False, say: Callable[[str], None] | None = None) -> None:
        self._display = Display(console, every=15.0, share=0.1, say=say)
        self._quiet, self._started = quiet, False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._display.finish()

    def note(self, sentence: str) -> None:
        """Print a sentence for the user."""
        if not self._quiet:
            self._display.note(sentence)

    def report(self, progress: StudyProgress) -> None:
        """Show the progress of the study."""
        if self._quiet:
            return
        if not self._started:
            self._display.start()
            self._started = True
        words = (
            f"{progress.runs:,} of {progress.of_runs:,} runs finished, {progress.groups} of {progress.of_groups} groups"
        )
        self._display.advance(progress.share, words, progress.seconds_left)
