"""`saddlepoint study STUDY`: many runs along axes and seeds, one table, pictures with intervals. Goes on where it stopped."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.arguments import check_count, check_mapping, check_path
from saddlepoint.cli.arguments import Parser, add_trust, is_recipe_setting, setting_names, split_settings
from saddlepoint.cli.console import Output, console, print_json
from saddlepoint.errors import SettingError
from saddlepoint.recipe.studies import (
    load_study,
    overridden,
    points,
    resolved,
    shipped_studies,
    study_setting_names,
    study_text,
)

if TYPE_CHECKING:
    from saddlepoint.studies.engine import Engine
    from saddlepoint.studies.plan import Plan
    from saddlepoint.studies.settings import StudySettings
    from saddlepoint.studies.study import StudyResult

ENGINES = ("local", "ray")


def run(argv: Sequence[str]) -> int:
    """Run a study, or list the ready-made ones; returns the exit code."""
    settings, rest = split_settings(argv, lambda name: is_recipe_setting(name) or name in study_setting_names())
    arguments = _parser().read(rest, _setting_names)
    if arguments.list:
        _list(arguments.json)
        return 0
    if arguments.study is None:
        _parser().error(
            "name a study or a file, such as learning-rate (`saddlepoint study --list` lists the ready-made ones)"
        )
    _check_engine(arguments.engine, arguments.workers, arguments.address)
    asked = overridden(load_study(arguments.study), settings)
    output = console(arguments.json)
    if not arguments.quiet:
        output.say(f"{asked.name}: {asked.description}".rstrip(": "), "bold")
        output.say("Loading PyTorch and the data ...")
    plan = _planned(asked, settings, arguments.trust)
    folder = arguments.dir or _folder(arguments.study, asked)
    if arguments.dry_run:
        from saddlepoint.cli.study_progress import show_plan

        show_plan(output, plan, as_json=arguments.json, workers=_processes(arguments.engine, arguments.workers))
        return 0
    from saddlepoint.cli.study_progress import StudyProgress, announce
    from saddlepoint.cli.study_tables import show

    if not arguments.quiet:
        announce(output, plan)
    try:
        with StudyProgress(output, quiet=arguments.quiet) as progress:
            done = _run(
                plan, folder, arguments.engine, arguments.workers, arguments.address, progress, arguments.overwrite
            )
    except KeyboardInterrupt:
        output.say(_kept(Path(folder)))
        raise
    if arguments.json:
        print_json(_document(done))
    else:
        show(output, done, list(asked.axes))
    return 0


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

    source: the name of a ready-made study, a YAML file, a study's folder, or its content.
    settings: that differ from it, by dotted name: the study's own (`seeds.count`) or its base recipe's (`training.steps`).
    folder: to write to, by default studies/NAME. What it holds already is not trained again.
    overwrite: write over the tables in that folder also where they are of another study (by its name or base recipe), or have
        runs that are not asked for now.
    trust: whether code that the study's recipe names by import path may run, as in `train`.
    engine: "local": processes of this machine, as many as `workers` (none takes one a processor; 0 trains in this process); or
        "ray", on the cluster at `address`, or on this machine.

    Raises:
        SettingError, DataError: what the user can mend, before anything is trained. RunError: the folder cannot be written, or
            its table has runs that are not asked for now, or some runs could not be trained; what is finished stays.
        MissingExtraError: Ray is asked for and not installed.
    """
    from saddlepoint.cli.study_progress import StudyProgress

    if workers is not None:
        workers = check_count("study", "workers", workers)
    if folder is not None:
        check_path("study", "folder", folder)
    if settings is not None:
        check_mapping("study", "settings", settings, '{"seeds.count": 8, "training.steps": 500}')
    _check_engine(engine, workers, address)
    asked = overridden(load_study(source), settings or {})
    plan = _planned(
        asked, settings or {}, trust or isinstance(source, Mapping)
    )  # content in the call is the user's own
    place = folder or _folder(source, asked)
    with StudyProgress(console(json=True), quiet=quiet) as progress:
        return _run(plan, place, engine, workers, address, progress, overwrite)


def _setting_names() -> list[str]:
    """The study's own, and its recipe's but the seed, which is the study's."""
    return [*study_setting_names(), *(name for name in setting_names() if name != "training.seed")]


def _planned(asked: StudySettings, given: Mapping[str, Any], trust: bool) -> Plan:
    """given: settings that the user gave in this call, whose import paths need no trust."""
    from saddlepoint.experiment.trust import require_trust

    found = points(asked)
    for point in found:
        require_trust(point.model, trust=trust, given=given, where=f"study {asked.name}")
    from saddlepoint.studies.plan import Plan

    return Plan.of(asked, found)


def _run(
    plan: Plan,
    folder: str | Path,
    engine: str,
    workers: int | None,
    address: str | None,
    progress: Any,
    overwrite: bool,
) -> StudyResult:
    from saddlepoint.cli.study_folder import check_kept
    from saddlepoint.studies.folder import StudyFolder
    from saddlepoint.studies.study import run_study

    if not overwrite:
        check_kept(folder, plan.study)
    text = study_text(resolved(plan.study))
    with _terminated():
        return run_study(
            plan,
            StudyFolder(folder),
            text,
            _engine(engine, workers, address),
            say=progress.note,
            progress=progress.tell,
            overwrite=overwrite,
            workers=_processes(engine, workers),
        )


def _processes(engine: str, workers: int | None) -> int:
    """How many processes train at once; of a cluster that was given no number it is not known, and counts as one."""
    if workers is not None:
        return max(1, workers)
    return 1 if engine == "ray" else os.cpu_count() or 1


def _engine(name: str, workers: int | None, address: str | None) -> Engine:
    from functools import partial

    if name == "ray":
        from saddlepoint.studies.cluster import on_ray

        return partial(on_ray, workers=workers, address=address)
    if workers == 0:
        from saddlepoint.studies.engine import in_this_process

        return in_this_process
    from saddlepoint.studies.workers import on_workers

    return partial(on_workers, workers=_processes(name, workers))


def _check_engine(engine: str, workers: int | None, address: str | None) -> None:
    if engine not in ENGINES:
        raise SettingError(f'study: --engine is local or ray, got "{engine}".')
    if workers is not None and workers < 0:
        raise SettingError(f"study: --workers is a number of processes, 0 or more, got {workers}.")
    if address is not None and engine != "ray":
        raise SettingError("study: --address is that of a Ray cluster: add --engine ray, or leave it out.")


def _folder(source: Any, asked: StudySettings) -> Path:
    """studies/NAME, or the study's own folder where that was given."""
    if isinstance(source, str | Path) and Path(source).is_dir():
        return Path(source)
    return Path("studies") / asked.name


@contextmanager
def _terminated() -> Iterator[None]:
    """Within the block SIGTERM does what Ctrl-C does: workers are ended and finished cells stay."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


def _kept(folder: Path) -> str:
    """What an interruption leaves."""
    cells = len(list((folder / "cells").glob("*.json")))
    kept = (
        f"{cells} finished cell{'s are' if cells != 1 else ' is'}"
        if cells
        else "No cell is finished yet; what is will be"
    )
    return f"{kept} kept in {folder}: the same command goes on."


def _list(as_json: bool) -> None:
    found = {name: load_study(name).description for name in shipped_studies()}
    if as_json:
        print_json([{"name": name, "description": words} for name, words in found.items()])
        return
    output: Output = console()
    width = max(map(len, found))
    for name, words in found.items():
        output.say(f"{name:<{width}}  {words}")


def _document(done: StudyResult) -> dict[str, Any]:
    return {
        "study": done.name,
        "folder": str(done.folder.path),
        "results": str(done.folder.results),
        "runs": len(done.rows),
        "trained": done.trained,
        "kept": done.kept,
        "points": [point.to_json() for point in done.summary],
        "pictures": [str(path) for path in done.pictures],
        "notes": list(done.notes),
    }


def _parser() -> Parser:
    parser = Parser(
        "study",
        "Train many runs along axes and seeds and say what they came to, with intervals. Leaves studies/NAME with "
        "results.csv and pictures. What it holds already is not trained again: an interrupted study goes on, and more seeds "
        "train the new ones alone.",
        "STUDY|FILE|FOLDER [--seeds.count N] [--section.setting VALUE ...] [options]",
        epilog="Settings are the study's own (--seeds.count 8, --measure.every 100) or its base recipe's "
        "(--training.steps 500).",
    )
    parser.add_argument(
        "study", nargs="?", metavar="STUDY", help="a ready-made study's name, a YAML file, or a study's folder"
    )
    parser.add_argument("--list", action="store_true", help="list the ready-made studies")
    add_trust(parser)
    parser.add_argument("--dir", metavar="DIR", help="the folder to write (default: studies/NAME)")
    parser.add_argument(
        "--overwrite", action="store_true", help="write over tables of another study, or of runs not asked for now"
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes (default: one a processor; 0 trains in this one)"
    )
    parser.add_argument("--engine", default="local", metavar="ENGINE", help="local (default) or ray")
    parser.add_argument("--address", metavar="ADDRESS", help="of a Ray cluster (default: one that is started here)")
    parser.add_argument(
        "--dry-run", action="store_true", help="say which runs there would be, and how they are trained"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, progress on stderr")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    return parser
