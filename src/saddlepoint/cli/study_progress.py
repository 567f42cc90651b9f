"""Shows a study while it trains: a live line on a terminal, plain lines elsewhere; and beforehand, what it would train."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from saddlepoint.cli.console import Output, print_json
from saddlepoint.cli.progress import clock

if TYPE_CHECKING:
    from saddlepoint.studies.plan import Plan
    from saddlepoint.studies.study import Progress

PLAIN_SECONDS, PLAIN_SHARE, PLAIN_LEAST = 15.0, 0.1, 2.0


class StudyProgress:
    """Prints. Use as a context manager, so that the terminal is whole again after an error."""

    def __init__(self, output: Output, *, quiet: bool = False) -> None:
        self.output, self.quiet = output, quiet
        self._live: Any = None
        self._task: Any = None
        self._told_at, self._told_share = 0.0, 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def note(self, sentence: str) -> None:
        """Print one sentence that the study has to say."""
        if not self.quiet:
            self.output.say(f"Note: {sentence}")

    def tell(self, progress: Progress) -> None:
        """Show how far the study is: a bar on a terminal, a plain line now and then elsewhere."""
        if self.quiet:
            return
        if self.output.is_terminal:
            self._draw(progress)
            return
        now = time.monotonic()
        waited, share = now - self._told_at, progress.share - self._told_share
        last = progress.cells == progress.of_cells
        if last or waited >= PLAIN_SECONDS or (waited >= PLAIN_LEAST and share >= PLAIN_SHARE):
            self._told_at, self._told_share = now, progress.share
            self.output.say(f"{progress.share:4.0%}  {_words(progress)}")

    def _draw(self, progress: Progress) -> None:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        if self._live is None:
            self._live = Progress(
                SpinnerColumn(), TextColumn("{task.percentage:3.0f} %"), BarColumn(bar_width=20),
                TextColumn("{task.description}", markup=False),
                console=self.output, transient=True, refresh_per_second=8,
            )  # fmt: skip
            self._task = self._live.add_task("starting", total=1.0)
            self._live.start()
        self._live.update(self._task, completed=progress.share, description=_words(progress))


def _words(progress: Progress) -> str:
    left = "" if progress.seconds_left is None else f"  {clock(progress.seconds_left)} left"
    if progress.cells == progress.of_cells:
        left = ""
    return (
        f"{progress.runs:,} of {progress.of_runs:,} runs finished, {progress.cells} of {progress.of_cells} cells{left}"
    )


def announce(output: Output, plan: Plan) -> None:
    """What will be trained, in one line."""
    steps = sorted({run.training.steps for run in plan.runs})
    asked = f"{steps[0]:,}" if len(steps) == 1 else f"{steps[0]:,} to {steps[-1]:,}"
    output.say(
        f"{len(plan.points)} points x {plan.study.seeds.count} seeds = {len(plan.runs):,} runs of {asked} steps. They are "
        "trained many at once, as cells, and count when their cell is finished."
    )


def show_plan(output: Output, plan: Plan, *, as_json: bool, workers: int = 1) -> None:
    """Points, runs and cells, and what is not trained as lanes."""
    cells = plan.cells(workers=workers)
    facts = {
        "study": plan.study.name,
        "points": len(plan.points),
        "runs": len(plan.runs),
        "cells": len(cells),
        "alone": len(plan.alone),
        "why_alone": sorted(set(plan.alone.values())),
    }
    if as_json:
        print_json(facts)
        return
    for name, axis in plan.study.axes.items():
        output.say(f"  {name}: {', '.join(map(str, axis.labels))}")
    output.say(
        f"  {len(plan.points)} points x {plan.study.seeds.count} seeds = {len(plan.runs):,} runs in {len(cells)} cells"
    )
    for why in sorted(set(plan.alone.values())):
        output.say(f"  one at a time: {why}")
