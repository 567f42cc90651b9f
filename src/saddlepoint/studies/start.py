"""`sp.study`: runs a study and returns its results. The command line uses the same functions."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.arguments import check_count, check_mapping, check_path
from saddlepoint.errors import SettingError
from saddlepoint.recipe.studies import load_study, override_study, points, resolve_bases, study_text
from saddlepoint.recipe.trust import require_trust

if TYPE_CHECKING:
    from saddlepoint.studies.display import StudyDisplay
    from saddlepoint.studies.engine import Engine
    from saddlepoint.studies.plan import Plan
    from saddlepoint.studies.settings import StudySettings
    from saddlepoint.studies.study import StudyResult

ENGINES = ("local", "ray")


def study(
    source: str | Path | Mapping[str, Any] | StudySettings,
    *,
    settings: Mapping[str, Any] | None = None,
    folder: str | Path | None = None,
    engine: str = "local",
    workers: int | None = None,
    address: str | None = None,
    overwrite: bool = False,
    trust: bool = False,
    quiet: bool = False,
) -> StudyResult:
    """Run a study and return its rows, summary and pictures.

    Args:
        source: name of a ready-made study, a YAML file, a study's folder, or the study's content.
        settings: settings that differ from it, by dotted name: the study's own (`seeds.count`) or those of its base
            recipe (`training.steps`).
        folder: where to write, by default studies/NAME. Runs whose results it holds are not trained again.
        engine: "local" for processes of this machine; "ray" for a Ray cluster.
        workers: number of processes; by default one per CPU core; 0 trains in this process.
        address: address of the Ray cluster; by default Ray is started on this machine.
        overwrite: replace the folder's tables even if they belong to another study (another name or base recipe), or
            hold runs that are not part of this one.
        trust: whether code that the study's recipe names by import path may run, as in `train`. Paths in `settings`, and
            those written in a study that is given as a mapping, need no trust; those of a base recipe that it names do.
        quiet: show no progress.

    Raises:
        SettingError: a setting or argument is wrong; nothing was trained.
        DataError: the data cannot be used; nothing was trained.
        RunError: the folder cannot be written, or its table holds runs that are not part of this study, or some runs
            could not be trained. Finished runs are kept.
        TrustError: a recipe of the study names code by import path that is not trusted.
        MissingExtraError: Ray is asked for and not installed.
    """
    if workers is not None:
        workers = check_count("study", "workers", workers)
    if folder is not None:
        check_path("study", "folder", folder)
    if settings is not None:
        check_mapping("study", "settings", settings, '{"seeds.count": 8, "training.steps": 500}')
    check_engine(engine, workers, address)
    asked = override_study(load_study(source), settings or {})
    plan = plan_study(asked, settings or {}, trust, own=isinstance(source, Mapping))
    place = folder or default_folder(source, asked)
    from rich.console import Console

    from saddlepoint.studies.display import StudyDisplay

    with StudyDisplay(Console(stderr=True), quiet=quiet) as display:
        return train_plan(plan, place, engine, workers, address, display, overwrite)


def plan_study(asked: StudySettings, given: Mapping[str, Any], trust: bool, *, own: bool = False) -> Plan:
    """Check that the study's code is trusted, load its data and list its runs.

    Args:
        asked: the study.
        given: settings of this call, by dotted name; an import path among them is trusted.
        trust: whether all import paths are trusted.
        own: whether the caller wrote the study's content into the call. Import paths in it are trusted, those of a base
            recipe that it names are not.

    Raises:
        TrustError: a point names code by import path that is not trusted.
    """
    found = points(asked)
    for point in found:
        names = {*given, *point.written} if own else given
        require_trust(point.model, trust=trust, given=names, where=f"study {asked.name}")
    from saddlepoint.studies.plan import Plan

    return Plan.of(asked, found)


def train_plan(
    plan: Plan,
    folder: str | Path,
    engine: str,
    workers: int | None,
    address: str | None,
    display: StudyDisplay,
    overwrite: bool,
) -> StudyResult:
    """Train the runs that the folder does not hold yet, and show the progress.

    Args:
        plan: the study's runs.
        folder: where to write.
        engine: "local" or "ray".
        workers: number of processes; see `study`.
        address: address of the Ray cluster.
        display: shows the progress.
        overwrite: replace the tables of another study.
    """
    from saddlepoint.studies.folder import StudyFolder
    from saddlepoint.studies.replacing import check_replaced_runs
    from saddlepoint.studies.study import run_study

    if not overwrite:
        check_replaced_runs(folder, plan.study)
    text = study_text(resolve_bases(plan.study))
    with _sigterm_as_interrupt():
        return run_study(
            plan,
            StudyFolder(folder),
            text,
            _engine(engine, workers, address),
            say=display.note,
            report=display.report,
            overwrite=overwrite,
            workers=process_count(engine, workers),
        )


def process_count(engine: str, workers: int | None) -> int:
    """Number of processes that train at once.

    Args:
        engine: "local" or "ray".
        workers: the number that was asked for; None for one per CPU core, or 1 for a cluster of unknown size.
    """
    if workers is not None:
        return max(1, workers)
    return 1 if engine == "ray" else os.cpu_count() or 1


def check_engine(engine: str, workers: int | None, address: str | None) -> None:
    """Check the name of the engine and its options.

    Args:
        engine: "local" or "ray".
        workers: number of processes, 0 or more; None for the default.
        address: address of a Ray cluster; only for "ray".

    Raises:
        SettingError: the engine does not exist, or does not have one of these options.
    """
    if engine not in ENGINES:
        raise SettingError(f'study: --engine is local or ray, got "{engine}".')
    if workers is not None and workers < 0:
        raise SettingError(f"study: --workers is a number of processes, 0 or more, got {workers}.")
    if address is not None and engine != "ray":
        raise SettingError("study: --address is that of a Ray cluster: add --engine ray, or leave it out.")


def default_folder(source: Any, asked: StudySettings) -> Path:
    """The folder of a study if none is given.

    Args:
        source: where the study comes from.
        asked: the study.

    Returns:
        `source` if it is a folder, otherwise studies/NAME.
    """
    if isinstance(source, str | Path) and Path(source).is_dir():
        return Path(source)
    return Path("studies") / asked.name


def _engine(name: str, workers: int | None, address: str | None) -> Engine:
    from functools import partial

    if name == "ray":
        from saddlepoint.studies.cluster import on_ray

        return partial(on_ray, workers=workers, address=address)
    if workers == 0:
        from saddlepoint.studies.engine import in_this_process

        return in_this_process
    from saddlepoint.studies.workers import on_workers

    return partial(on_workers, workers=process_count(name, workers))


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Within the block, SIGTERM has the effect of Ctrl-C: workers end, and finished groups are kept."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)
