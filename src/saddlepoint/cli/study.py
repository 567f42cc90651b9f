"""`saddlepoint study STUDY`: many runs along axes and seeds, one table, pictures with intervals. Goes on where it stopped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.cli.arguments import Parser, add_json, add_trust, is_recipe_setting, setting_names, split_settings
from saddlepoint.cli.console import Output, console, print_json
from saddlepoint.recipe.studies import load_study, override_study, shipped_studies, study_setting_names
from saddlepoint.studies.start import check_engine, default_folder, plan_study, process_count, train_plan

if TYPE_CHECKING:
    from saddlepoint.studies.study import StudyResult


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
    check_engine(arguments.engine, arguments.workers, arguments.address)
    asked = override_study(load_study(arguments.study), settings)
    output = console(arguments.json)
    if not arguments.quiet:
        output.say(f"{asked.name}: {asked.description}".rstrip(": "), "bold")
        output.say("Loading PyTorch and the data ...")
    plan = plan_study(asked, settings, arguments.trust)
    folder = arguments.dir or default_folder(arguments.study, asked)
    from saddlepoint.cli.study_tables import announce, show, show_plan

    if arguments.dry_run:
        show_plan(output, plan, as_json=arguments.json, workers=process_count(arguments.engine, arguments.workers))
        return 0
    from saddlepoint.studies.display import StudyDisplay

    if not arguments.quiet:
        announce(output, plan)
    try:
        with StudyDisplay(output, quiet=arguments.quiet, say=output.say) as display:
            done = train_plan(
                plan, folder, arguments.engine, arguments.workers, arguments.address, display, arguments.overwrite
            )
    except KeyboardInterrupt:
        output.say(_left_by_interrupt(Path(folder)))
        raise
    if arguments.json:
        print_json(_document(done))
    else:
        show(output, done, list(asked.axes))
    return 0


def _setting_names() -> list[str]:
    """The study's own, and its recipe's but the seed, which is the study's."""
    return [*study_setting_names(), *(name for name in setting_names() if name != "training.seed")]


def _left_by_interrupt(folder: Path) -> str:
    """What an interrupted study has finished, and how to continue it."""
    groups = len(list((folder / "cells").glob("*.json")))
    finished = (
        f"{groups} finished group{'s are' if groups != 1 else ' is'}"
        if groups
        else "No group is finished yet; what is will be"
    )
    return f"{finished} kept in {folder}: the same command goes on."


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
        "Train many runs along axes and seeds and summarise their results with intervals. Writes studies/NAME with "
        "results.csv and pictures. Results that it holds are not trained again: an interrupted study continues, and more seeds "
        "train only the new runs.",
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
        "--overwrite",
        action="store_true",
        help="replace tables of another study, or of runs that are not part of this one",
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes (default: one per processor; 0 trains in this one)"
    )
    parser.add_argument("--engine", default="local", metavar="ENGINE", help="local (default) or ray")
    parser.add_argument("--address", metavar="ADDRESS", help="of a Ray cluster (default: one that is started here)")
    parser.add_argument(
        "--dry-run", action="store_true", help="say which runs there would be, and how they are trained"
    )
    add_json(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress")
    return parser
