"""Runs a study: trains the missing runs, saves every finished group, and writes tables and pictures."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from saddlepoint.errors import RunError
from saddlepoint.progress import TimeLeft
from saddlepoint.records import replaced
from saddlepoint.studies.engine import ATTEMPTS, Engine, Failed, Finished, Lost
from saddlepoint.studies.folder import StudyFolder
from saddlepoint.studies.group import RunResult
from saddlepoint.studies.pictures import draw, short
from saddlepoint.studies.plan import Group, Plan
from saddlepoint.studies.summary import PointSummary, summarise
from saddlepoint.studies.tables import Row, result_rows, series_rows, write_table

Say = Callable[[str], None]
MOST_NAMED = 3  # failed groups that the message names; the folder has all of them


@dataclass(frozen=True)
class StudyProgress:
    """Progress of a study.

    Attributes:
        groups: number of finished groups.
        of_groups: number of groups to train.
        runs: number of finished runs.
        of_runs: number of runs to train.
        share: share of the work that is done, in [0, 1].
        seconds_left: estimated remaining time in seconds; None while unknown.
    """

    groups: int
    of_groups: int
    runs: int
    of_runs: int
    share: float
    seconds_left: float | None


@dataclass(frozen=True)
class StudyResult:
    """The result of a study.

    Attributes:
        name: name of the study.
        folder: where everything was written.
        rows: one per run, as in results.csv.
        summary: one per point.
        pictures: files that were drawn.
        notes: remarks for the reader: why runs were trained one at a time, workers that died, pictures that could not
            be drawn.
        trained: number of runs that were trained by this call.
        kept: number of runs whose results the folder already held.
    """

    name: str
    folder: StudyFolder
    rows: list[Row]
    summary: list[PointSummary]
    pictures: tuple[Path, ...]
    notes: tuple[str, ...]
    trained: int
    kept: int


def run_study(
    plan: Plan,
    folder: StudyFolder,
    text: str,
    engine: Engine,
    *,
    say: Say = lambda sentence: None,
    report: Callable[[StudyProgress], None] = lambda progress: None,
    overwrite: bool = False,
    workers: int = 1,
) -> StudyResult:
    """Train the missing runs, and write tables and pictures. After an interruption, finished groups are kept.

    Args:
        plan: the study's runs.
        folder: where to write.
        text: the study's YAML.
        engine: trains groups.
        say: called with each new note.
        report: called with the progress.
        overwrite: replace another study's tables.
        workers: number of processes of the engine; groups are divided so that none is idle.

    Raises:
        RunError: the folder cannot be used, or groups could not be trained. In the second case everything else is
            written, the folder holds the reasons, and the same call tries these groups again.
    """
    notes: list[str] = []

    def note(sentence: str) -> None:
        if sentence not in notes:
            notes.append(sentence)
            say(sentence)

    with folder.opened(text, overwrite=overwrite):
        known, damaged = folder.load_results()
        for sentence in damaged:
            note(sentence)
        needed = {run.key for run in plan.runs}
        results = {key: result for key, result in known.items() if key in needed}
        kept = len(results)
        for why, count in Counter(plan.alone.values()).items():
            note(f"{count} of {len(plan.runs)} runs are trained one at a time: {why}")
        failed = _train(plan, folder, results, engine, note, report, workers)
        rows = result_rows(plan, results)
        written = _write(plan, folder, rows, results, tuple(notes)) if rows else ((), [])
        for sentence in written[1]:
            note(sentence)
    if failed:
        more = f" And {len(failed) - MOST_NAMED} more." if len(failed) > MOST_NAMED else ""
        raise RunError(
            f"study {plan.study.name}: {len(failed)} of its groups could not be trained: {' '.join(failed[:MOST_NAMED])}{more} "
            f"All reasons are in {folder.failures}, the results of the others in {folder.path}; the same command tries again."
        )
    return StudyResult(
        plan.study.name, folder, rows, summarise(rows, list(plan.study.axes)), tuple(written[0]), tuple(notes),
        len(results) - kept, kept,
    )  # fmt: skip


def _train(
    plan: Plan,
    folder: StudyFolder,
    results: dict[str, RunResult],
    engine: Engine,
    note: Say,
    report: Callable[[StudyProgress], None],
    workers: int,
) -> list[str]:
    """Train the missing runs.

    Returns:
        One sentence for each group that could not be trained.
    """
    groups = plan.groups(results, workers)
    time_left = TimeLeft([group.work for group in groups])
    runs, of_runs, done = 0, sum(len(group.runs) for group in groups), 0
    failed: list[str] = []
    folder.remove_failures()

    def fail(index: int, why: str, details: str = "") -> None:
        sentence = f"{_describe(plan, groups[index])}: {why}"
        failed.append(sentence)
        note(f"could not be trained: {sentence}")
        folder.save_failure(groups[index].key, f"{sentence}\n{details}")

    if groups:
        report(StudyProgress(0, len(groups), 0, of_runs, 0.0, None))
    for event in engine(groups):
        if isinstance(event, Finished):
            folder.save(event.result)
            results.update((run.key, run) for run in event.result.runs)
            runs, done = runs + len(event.result.runs), done + 1
            for sentence in event.result.notes:
                note(f"some runs are trained one at a time, or in smaller groups: {sentence}")
            time_left.advance(event.group, 1.0, time.monotonic())
        elif isinstance(event, Lost):
            fate = "another one trains it." if event.again else "it is left out."
            note(f"a worker died ({event.why}) in group {groups[event.group].key}: {fate}")
            time_left.advance(event.group, 0.0, time.monotonic())
            if not event.again:
                fail(event.group, f"{ATTEMPTS} workers died while training it ({event.why}).")
        elif isinstance(event, Failed):
            fail(event.group, event.why, event.details)
            time_left.advance(event.group, 1.0, time.monotonic())
        else:
            time_left.advance(event.group, event.share, time.monotonic())
        report(
            StudyProgress(done, len(groups), runs, of_runs, time_left.share, time_left.seconds_left(time.monotonic()))
        )
    return failed


def _describe(plan: Plan, group: Group) -> str:
    """Describe a group in words: its seeds, and its point if all its runs share one."""
    seeds = sorted({run.seed for run in group.runs})
    words = [f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"]
    if len({run.point for run in group.runs}) == 1:
        words += [f"{short(name)} {value}" for name, value in plan.points[group.runs[0].point].values.items()]
    return f"group {group.key} ({', '.join(words)})"


def _write(
    plan: Plan, folder: StudyFolder, rows: Sequence[Row], results: Mapping[str, RunResult], notes: tuple[str, ...]
) -> tuple[list[Path], list[str]]:
    """Write tables, summary and pictures.

    Returns:
        The files of the pictures, and one sentence for each picture that could not be drawn.
    """
    written = write_table(folder.results, rows)
    if plan.study.measure.every is not None:
        written += write_table(folder.series, list(series_rows(plan, results)))
    drawn, missing = draw(plan.study, rows, folder.pictures)
    folder.remove_outdated([*written, *drawn])
    summary = summarise(rows, list(plan.study.axes))
    with replaced(folder.summary) as file:
        document = {
            "name": plan.study.name,
            "runs": len(rows),
            "of_runs": len(plan.runs),
            "points": [point.to_json() for point in summary],
            "notes": [*notes, *missing],
        }
        json.dump(document, file, indent=2, allow_nan=False)
    return drawn, missing
