"""Shows the progress of one piece of work: a live bar on a terminal, one rewritten line in a notebook, plain lines elsewhere.

Every form says the same in the same order: position, time left, then what is being done.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from saddlepoint.errors import printable
from saddlepoint.progress.fit_width import ESSENTIAL, fit_width
from saddlepoint.progress.protocol import Progress, Words
from saddlepoint.progress.time_left import TimeLeft, clock

if TYPE_CHECKING:
    from rich.console import Console

BAR = 12  # characters
BESIDE = BAR + 8  # with spinner, spaces and the room for a Ctrl-C
NOTEBOOK_SECONDS = 0.2  # between two updates of a line: eyes follow no more
NOTEBOOK_WIDTH = 110  # a longer line would wrap, and a wrapped line cannot be rewritten
PLAIN_LEAST = 2.0  # seconds between two plain lines, at least
TRUSTED = 0.05  # the share done from which the time left is shown


class Display(Progress):
    """Shows one piece of work on a console. Use as a context manager, so that the terminal is whole again after an error.

    Args:
        console: to print on.
        unit: of counted work, such as "step": the position is then "120/1,000", else "12%".
        every: seconds between two plain lines.
        share: further progress that also makes a plain line, but no sooner than 2 seconds after the last.
        summary: whether the last position gets a plain line of its own even where none came before it.
        keep: whether a notebook's line stays at the end.
        say: prints a line of text on the console; by default as it is.
    """

    _running: ClassVar[list[Display]] = []  # displays between their start and finish, the innermost last

    def __init__(
        self,
        console: Console,
        *,
        unit: str = "",
        every: float = 10.0,
        share: float = 0.05,
        summary: bool = True,
        keep: bool = False,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.console, self.notebook = console, in_notebook()
        self._unit, self._every, self._share, self._summary, self._keep = unit, every, share, summary, keep
        self._say = say or self._print
        self._total, self._estimate = 1.0, TimeLeft(least_seconds=1.0, least_share=TRUSTED)
        self._started = self._line_open = False
        self._is_even = True  # whether equal shares of the work take about equal times
        self._shown_at, self._shown, self._lines = time.monotonic(), 0.0, 0
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.finish()

    def start(self, total: float = 1.0, done: float = 0.0) -> None:
        self.finish()
        self._total, self._started, self._lines, self._is_even = total, True, 0, True
        self._estimate = TimeLeft(least_seconds=1.0, least_share=TRUSTED)
        self._shown_at, self._shown = time.monotonic(), self._share_of(done)
        self._running.append(self)
        if self.console.is_terminal and not self.notebook:
            self._open_bar(done)

    def advance(self, done: float, words: Words = "", left: float | None = None) -> None:
        now, share = time.monotonic(), self._share_of(done)
        self._estimate.advance(0, share, now)
        if left is None and self._is_even:
            left = self._estimate.seconds_left(now)
        last = done >= self._total
        parts = [(ESSENTIAL, words)] if isinstance(words, str) else list(words)
        if left is not None and not last:
            parts.insert(0, (ESSENTIAL, f"{clock(left)} left"))
        if self._bar is not None:
            room = self.console.width - len(self._position(done)) - BESIDE
            self._bar.update(self._task, completed=done, description=fit_width(parts, room))
        elif self.notebook:
            if last or now - self._shown_at >= NOTEBOOK_SECONDS:
                self._rewrite(fit_width([(ESSENTIAL, self._labelled(done)), *parts], NOTEBOOK_WIDTH))
                self._shown_at = now
        elif self.console.is_terminal:
            return  # the bar was closed
        elif self._due(now, share) or (last and (self._summary or self._lines)):
            self._say(f"{self._labelled(done)}  {fit_width(parts)}")
            self._shown_at, self._shown, self._lines = now, share, self._lines + 1

    def report(self, what: str, share: float) -> None:
        """Progress of work that says what it is doing and which share is done, as `Report` has it.

        Nothing is shown before the first share above 0: what comes before, such as the training of a feature network, shows its
        own progress. No time left is shown: the parts of such work take times of their own, which the share only guesses.
        """
        if share > 0 and not self._started:
            shown_at = self._shown_at
            self.start()
            self._is_even = False
            self._shown_at = shown_at  # a plain line is due if none was written for long
        if self._started:
            self.advance(share, what)

    @classmethod
    def innermost(cls) -> Display | None:
        """The display that shows the work of this process at present; None if there is none."""
        return cls._running[-1] if cls._running else None

    def part(self, what: str, total: float) -> Callable[[float], None]:
        """A part of the work that takes long and during which the position does not change, such as one long step.

        Args:
            what: is being done.
            total: amount of work of the part, in any unit; equal amounts take about equal times.

        Returns:
            A function to be called with every further amount that is done.
        """
        done, estimate = 0.0, TimeLeft(least_seconds=1.0, least_share=TRUSTED)

        def advance(amount: float) -> None:
            nonlocal done
            done += amount
            now = time.monotonic()
            estimate.advance(0, done / total, now)
            left = estimate.seconds_left(now)
            self._show_part(f"{what} {done / total:.0%}" + ("" if left is None else f", {clock(left)} left"), now)

        return advance

    def _show_part(self, words: str, now: float) -> None:
        if self._bar is not None:
            self._bar.update(self._task, description=words)
        elif now - self._shown_at >= (NOTEBOOK_SECONDS if self.notebook else self._every):
            if self.notebook:
                self._rewrite(words)
            elif not self.console.is_terminal:
                self._say(words)
            self._shown_at = now

    def note(self, text: str) -> None:
        self.say(f"Note: {text}")

    def say(self, text: str) -> None:
        """Print a line, above the bar or below a notebook's line."""
        if self.notebook:
            self._end_line()
            self._write(f"{printable(text)}\n")
        else:
            self._say(text)

    def finish(self) -> None:
        if self in self._running:
            self._running.remove(self)
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
        if self._keep:
            self._end_line()
        elif self._line_open:
            self._write("\r" + " " * NOTEBOOK_WIDTH + "\r")
            self._line_open = False
        self._started = False

    def _share_of(self, done: float) -> float:
        return done / self._total if self._total else 0.0

    def _position(self, done: float) -> str:
        return f"{done:,.0f}/{self._total:,.0f}" if self._unit else f"{self._share_of(done):4.0%}"

    def _labelled(self, done: float) -> str:
        return f"{self._unit} {self._position(done)}" if self._unit else self._position(done)

    def _due(self, now: float, share: float) -> bool:
        waited = now - self._shown_at
        return waited >= self._every or (waited >= PLAIN_LEAST and share - self._shown >= self._share)

    def _open_bar(self, done: float) -> None:
        from rich.constrain import Constrain
        from rich.progress import BarColumn, SpinnerColumn, TextColumn
        from rich.progress import Progress as Bars
        from rich.table import Column

        console = self.console

        class Line(Bars):
            def get_renderable(self) -> Constrain:
                # The terminal shows a Ctrl-C as "^C" behind the line: where that wraps, the line is drawn twice.
                return Constrain(super().get_renderable(), console.width - 4)

        # Only the last column is shortened on a narrow terminal.
        last = Column(no_wrap=True, overflow="ellipsis", ratio=1)
        self._bar = Line(
            SpinnerColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f}" if self._unit else "{task.percentage:3.0f}%"),
            BarColumn(bar_width=BAR),
            TextColumn("{task.description}", table_column=last, markup=False),
            console=console,
            expand=True,
            transient=True,
            refresh_per_second=8,
        )
        self._task = self._bar.add_task("starting", total=self._total, completed=done)
        self._bar.start()

    def _print(self, text: str) -> None:
        self.console.print(printable(text), markup=False, highlight=False, emoji=False, soft_wrap=True)

    def _rewrite(self, line: str) -> None:
        self._write(f"\r{printable(line)[:NOTEBOOK_WIDTH]:<{NOTEBOOK_WIDTH}}")
        self._line_open = True

    def _end_line(self) -> None:
        """End a notebook's line, so that what is printed next starts on one of its own."""
        if self._line_open:
            self._write("\n")
            self._line_open = False

    def _write(self, text: str) -> None:
        self.console.file.write(text)
        self.console.file.flush()


def in_notebook() -> bool:
    """Whether this process runs the cells of a notebook."""
    return "ipykernel" in sys.modules


def terminal_or_notebook() -> Console | None:
    """The console where somebody watches: a notebook's output, or standard error on a terminal; None elsewhere."""
    from rich.console import Console

    if in_notebook():
        return Console(file=sys.stdout)
    console = Console(stderr=True)
    return console if console.is_terminal else None
