"""What the command line shows of a run: an introduction, the display while it trains, how it ended and what to try next."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from saddlepoint.cli.console import PROCESS_STYLES, Output, console
from saddlepoint.cli.next_commands import next_commands
from saddlepoint.diagnosis.verdict import NO_FAILURE_FOUND, process_in
from saddlepoint.experiment.display import TrainingDisplay
from saddlepoint.experiment.listener import Outline
from saddlepoint.progress import Display
from saddlepoint.records import Finding, Record, RunFolder, shell_command
from saddlepoint.report.words import as_good, best_in_words, parts_in_words, session_in_words


class RunDisplay(TrainingDisplay):
    """A listener that prints a run on a console. Use as a context manager, so that the terminal is whole after an error.

    Args:
        output: to print on.
        quiet: print only findings and the verdict; and on stderr, notes on a run that does not resume exactly as it was.
    """

    def __init__(self, output: Output, *, quiet: bool = False) -> None:
        super().__init__(Display(output, unit="step", say=output.say))
        self.output, self.quiet = output, quiet
        self._last: dict[str, float] = {}  # the last value of each series

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.display.finish()

    def started(self, outline: Outline) -> None:
        if self.quiet:
            self._outline = outline
        else:
            super().started(outline)

    def introduce(self, outline: Outline) -> None:
        players = ", ".join(f"{role} {count:,} parameters" for role, count in outline.players.items()) or "no networks"
        self.output.say(f"  data    {outline.data}")
        self.output.say(f"  model   {players}")
        self.output.say(f"  device  {outline.device}, {outline.precision}")
        self.output.say(f"  run     {outline.folder}")
        if outline.start:
            self.output.say(f"  resumed at step {outline.start:,}")

    def note(self, text: str) -> None:
        if not self.quiet:
            self.display.note(text)
        elif self._outline is None:
            # Before training starts, a note says that the run does not resume exactly as it was (a damaged checkpoint).
            console(json=True).say(f"Note: {text}")

    def record(self, record: Record) -> None:
        if self.quiet:
            return
        super().record(record)
        self._last |= record.values
        assert self._outline is not None
        if record.step < self._outline.steps:
            return
        what = "drawing the last pictures and writing the report" if self._outline.pictures else "writing the summary"
        if self.output.is_terminal:
            self.display.advance(record.step, what)
        elif self._outline.pictures:
            self.output.say(f"{what.capitalize()} ...")

    def finding(self, finding: Finding) -> None:
        if self.is_new(finding):
            self.output.say_finding(finding)

    def finished(self, summary: Mapping[str, Any]) -> None:
        assert self._outline is not None
        self.display.finish()
        self.output.say()
        if said := summary.get("headline"):
            self.output.say(str(said), PROCESS_STYLES.get(process_in(summary) or ""))
        self.output.say(str(summary["verdict"]))
        if advice := summary.get("advice"):
            self.output.say(f"What to do: {advice}")
        if self.quiet:
            return
        from saddlepoint.experiment.best_step import has_hardly_trained
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
        for part, words in parts_in_words(self._last):
            self.output.say(f"  {part.lower()}: {words}")
        if spent := session_in_words(summary):
            self.output.say(f"  time      {spent}")
        step, best = int(summary["step"]), summary.get("best")
        if best and best["step"] != step:
            self.output.say(f"  best      {best_in_words(best, step)}")
        self.output.say("To try next:")
        state, suggests = str(summary["state"]), self._outline.suggests
        run = Run(folder.path) if folder.exists() else None  # somebody may have moved it
        best_step = None
        if best and run is not None and not as_good(best):
            # Among the first steps of training, the best one is hardly better.
            is_short = has_hardly_trained(best, step, summary.get("quality") or {}, run.recipe)
            best_step = None if is_short else int(best["step"])
        remedies = [suggestion.flags for suggestion in run.suggestions] if run is not None else []
        keep_rate = keep_rate_option(run.recipe) if run is not None else ""
        saved, process = checkpoint.exists(folder), process_in(summary) or NO_FAILURE_FOUND
        for command in next_commands(
            folder.path, state, step, remedies, best_step, suggests, keep_rate, saved=saved, process=process
        ):
            self.output.say(f"  {command}")
