"""Shows a run while it trains: a live line on a terminal, plain lines elsewhere; at the end, how it went and what next."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from saddlepoint.cli.console import Output, console
from saddlepoint.diagnosis.verdict import FAILED, FAILING, NO_FAILURE_FOUND, Process, process_in
from saddlepoint.experiment.current import ESSENTIAL, USEFUL, Current, fit_width
from saddlepoint.experiment.listener import Listener, Outline
from saddlepoint.records import Finding, Record, RunFolder, shell_command
from saddlepoint.report.words import as_good, best_in_words, session_in_words

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

RECENT = 40  # ticks over which speed is measured: enough for pictures and checkpoints to weigh in
PLAIN_SECONDS, PLAIN_SHARE, PLAIN_MOST = 10.0, 0.05, 2.0
BAR = 12  # characters
BESIDE = BAR + 8  # with spinner, spaces and the room for a Ctrl-C
_STYLES = {"finished": "bold green", "interrupted": "bold yellow", "failed": "bold red"}


class Pace:
    """Steps a second as the user's clock sees them: pictures, measurements and checkpoints included."""

    def __init__(self) -> None:
        self._ticks: deque[tuple[int, float]] = deque(maxlen=RECENT)

    def tick(self, step: int, now: float) -> None:
        """`step` steps are done at `now` seconds."""
        self._ticks.append((step, now))

    @property
    def steps_per_second(self) -> float | None:
        """None before two ticks."""
        if len(self._ticks) < 2:
            return None
        (first, start), (last, end) = self._ticks[0], self._ticks[-1]
        return (last - first) / (end - start) if end > start else None


class TrainingProgress(Listener):
    """A listener that prints. Use as a context manager, so that the terminal is whole again after an error."""

    def __init__(self, output: Output, *, quiet: bool = False) -> None:
        """quiet: findings and the last sentence alone, and on stderr what does not resume as it was left."""
        self.output, self.quiet = output, quiet
        self._live: Progress | None = None
        self._task: TaskID | None = None
        self._outline: Outline | None = None
        self._pace = Pace()
        self._current = Current()
        self._told_at, self._told_step = 0.0, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def started(self, outline: Outline) -> None:
        again, self._outline = self._outline is not None, outline  # again: after a cure, which a note has told
        self._told_at, self._told_step = time.monotonic(), outline.start
        if self.quiet:
            return
        if not again:
            players = ", ".join(f"{role} {count:,} parameters" for role, count in outline.players.items())
            self.output.say(f"  data    {outline.data}")
            self.output.say(f"  model   {players}")
            self.output.say(f"  device  {outline.device}, {outline.precision}")
            self.output.say(f"  run     {outline.folder}")
        if outline.start and not again:
            self.output.say(f"  resumed at step {outline.start:,}")
        if self.output.is_terminal:
            self._open(outline)

    def _open(self, outline: Outline) -> None:
        from rich.constrain import Constrain
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
        from rich.table import Column

        output = self.output

        class Line(Progress):
            def get_renderable(self) -> Constrain:
                # The terminal shows a Ctrl-C as "^C" behind the line: where that wraps, the line is drawn twice.
                return Constrain(super().get_renderable(), output.width - 4)

        self._live = Line(
            SpinnerColumn(),
            TextColumn("{task.completed:,}/{task.total:,}"),
            BarColumn(bar_width=BAR),
            # Only the last column gives way on a narrow terminal.
            TextColumn(
                "{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1), markup=False
            ),
            console=self.output,
            expand=True,
            transient=True,
            refresh_per_second=8,
        )
        self._task = self._live.add_task("starting", total=outline.steps, completed=outline.start)
        self._live.start()

    def note(self, text: str) -> None:
        if not self.quiet:
            self.output.say(f"Note: {text}")
        elif self._outline is None:
            # Before training starts, a note says that the run does not go on just as it was left (a damaged checkpoint).
            console(json=True).say(f"Note: {text}")

    def record(self, record: Record) -> None:
        assert self._outline is not None
        now = time.monotonic()
        self._current.update(record)
        # Before the first step the untrained model is measured and drawn: no part of the pace.
        if record.step > self._outline.start:
            self._pace.tick(record.step, now)
        last = record.step >= self._outline.steps
        if self._live is not None and self._task is not None:
            room = self.output.width - len(f"{record.step:,}/{self._outline.steps:,}") - BESIDE
            words = self._last_words() if last else self._words(record, room)
            self._live.update(self._task, completed=record.step, description=words)
        elif not self.quiet and (last or self._due(record.step, now)):
            self._told_at, self._told_step = now, record.step
            self.output.say(f"step {record.step:,}/{self._outline.steps:,}  {self._words(record)}")
            if last and self._outline.pictures:
                self.output.say(f"{self._last_words().capitalize()} ...")

    def _due(self, step: int, now: float) -> bool:
        assert self._outline is not None
        waited, share = now - self._told_at, (step - self._told_step) / self._outline.steps
        return waited >= PLAIN_SECONDS or (waited >= PLAIN_MOST and share >= PLAIN_SHARE)

    def _words(self, record: Record, room: int | None = None) -> str:
        """Speed, time left, quality and losses, in at most `room` characters."""
        assert self._outline is not None
        speed = self._pace.steps_per_second or record.values.get("time/steps_per_second")
        parts: list[tuple[int, str]] = []
        if speed:
            left = f"{clock((self._outline.steps - record.step) / speed)} left"
            parts = [(USEFUL, f"{rate(speed)} steps/s"), (ESSENTIAL, left)]
        return fit_width([*parts, *self._current.parts(record)], room)

    def _last_words(self) -> str:
        """What is done after the last step."""
        assert self._outline is not None
        return "drawing the last pictures and writing the report" if self._outline.pictures else "writing the summary"

    def finding(self, finding: Finding) -> None:
        self.output.say_finding(finding)

    def finished(self, summary: Mapping[str, Any]) -> None:
        assert self._outline is not None
        self._stop()
        self.output.say()
        self.output.say(str(summary["verdict"]), _STYLES[summary["state"]])
        if self.quiet:
            return
        from saddlepoint.experiment.rates import keep_rate_option
        from saddlepoint.experiment.run import Run
        from saddlepoint.training import checkpoint

        folder = RunFolder(Path(self._outline.folder))
        if self._outline.pictures:
            self.output.say(f"  pictures  {folder.samples} and {folder.figures}")
            self.output.say(f"  report    {folder.report}")
        else:
            self.output.say(f"  pictures  {folder.samples}; the rest and the report are left out. To make them:")
            self.output.say(f"            {shell_command('report', folder.path, '--pictures')}")
        if spent := session_in_words(summary):
            self.output.say(f"  time      {spent}")
        step, best = int(summary["step"]), summary.get("best")
        # Where the last step cannot be told from the best one, nobody needs to go back.
        best_step = int(best["step"]) if best and not as_good(best) else None
        if best and best["step"] != step:
            self.output.say(f"  best      {best_in_words(best, step)}")
        self.output.say("To try next:")
        state, suggests = str(summary["state"]), self._outline.suggests
        run = Run(folder.path) if folder.exists() else None  # somebody may have moved it
        remedies = [suggestion.flags for suggestion in run.suggestions] if run is not None else []
        keep_rate = keep_rate_option(run.recipe) if run is not None else ""
        saved, process = checkpoint.exists(folder), process_in(summary) or NO_FAILURE_FOUND
        for command in next_commands(
            folder.path, state, step, remedies, best_step, suggests, keep_rate, saved=saved, process=process
        ):
            self.output.say(f"  {command}")

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def next_commands(
    run: Path,
    state: str,
    step: int,
    remedies: Sequence[str],
    best_step: int | None = None,
    suggests: bool = False,
    keep_rate: str = "",
    *,
    saved: bool = True,
    process: Process = NO_FAILURE_FOUND,
) -> list[str]:
    """Two or three commands that suit how the run ended. A recipe that fails, or may, is not trained further.

    Args:
        run: the run's folder.
        state: "finished", "interrupted" or "failed".
        step: the last one.
        remedies: what to change against the active findings, as options, the most severe first.
        best_step: where it is not the last, samples of it are proposed.
        suggests: whether remedies are printed elsewhere.
        keep_rate: the option for training longer that keeps the learning rate; empty where the rate does not depend on it.
        saved: whether there is a checkpoint to draw samples from.
        process: of the verdict.
    """
    goes_on = state == "interrupted" and process not in (FAILING, FAILED)
    commands = [shell_command("resume", run)] if goes_on else []
    best = "" if best_step in (None, step) else "--step best"
    if saved:
        commands.append(shell_command("sample", run, "-n 64", best))
    if remedies and not suggests:
        commands.append(shell_command("train", run, remedies[0]))
    elif not remedies and process != NO_FAILURE_FOUND:  # nothing that settings change: the advice says what to do
        commands.append(shell_command("diagnose", run))
    elif not remedies and state != "interrupted":
        commands.append(shell_command("resume", run, f"--steps {2 * step}", keep_rate))
        commands.append(shell_command("train", run, "--training.seed 1"))
    return commands


def rate(speed: float) -> str:
    """Steps a second in three digits or more: "0.512", "51.2", "1,510"."""
    return f"{speed:,.0f}" if speed >= 99.95 else f"{speed:.3g}"


def clock(seconds: float) -> str:
    """Seconds as a clock shows them: "0:42", "12:05", "3:00:00"."""
    minutes, rest = divmod(round(max(seconds, 0.0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
