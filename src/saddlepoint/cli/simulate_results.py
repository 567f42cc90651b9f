"""`saddlepoint simulate evaluate RUN` and `saddlepoint simulate plan RUN`: measurements of a learnt task, their files and the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.applications.simulate.settings import CEM, EPISODES, HORIZONS, PLANNERS, Search
from saddlepoint.cli.arguments import Parser, add_json
from saddlepoint.cli.console import Output, console, print_json, progress_display
from saddlepoint.errors import RunError
from saddlepoint.records import find_run, read_json, write_json

if TYPE_CHECKING:
    from saddlepoint.applications.simulate.evaluated import Evaluated
    from saddlepoint.applications.simulate.planned import Planned

EVALUATED, PLANNED, PAGE = "evaluation.json", "planning.json", "simulation.html"
DEFAULTS = Search()
# The fields of `Search` in words.
SEARCH = {
    "horizon": "steps of a plan",
    "candidates": "plans that are compared at once",
    "iterations": "times that candidates are drawn",
    "particles": "futures of each candidate",
}


def run_evaluate(argv: Sequence[str]) -> int:
    """Measure predictions; return the exit code."""
    parser = Parser(
        "simulate evaluate",
        "Measure open-loop predictions of held-out episodes against persistence and a linear model, and the calibration of predictive "
        f"intervals. Writes RUN/simulate/{EVALUATED} and {PAGE}.",
        "RUN [options]",
    )
    parser.add_argument("run", metavar="RUN", help="the folder of a run of simulate train")
    parser.add_argument(
        "--horizons", type=int, nargs="+", default=list(HORIZONS), metavar="K", help="numbers of predicted steps"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the starts and the futures (0)")
    add_json(parser)
    arguments = parser.read(argv)
    _folder(arguments.run)
    from saddlepoint.applications.simulate.start import evaluate

    output = console(arguments.json)
    with progress_display() as display:
        found = evaluate(arguments.run, horizons=arguments.horizons, seed=arguments.seed, progress=display.report)
    document, page = _write(arguments.run, EVALUATED, found.to_json())
    if arguments.json:
        print_json({"run": arguments.run, "page": str(page), **document})
    else:
        _say_evaluated(found, output)
        output.say(str(page))
    return 0


def run_plan(argv: Sequence[str]) -> int:
    """Plan; return the exit code."""
    planners = "\n".join(f"  {name:<9} {entry.title}" for name, entry in PLANNERS.items())
    parser = Parser(
        "simulate plan",
        "Play the real task by planning in the learnt one, and the learnt one by the same planner. Writes "
        f"RUN/simulate/{PLANNED} and {PAGE}.",
        "RUN [options]",
        epilog=f"planners:\n{planners}",
    )
    parser.add_argument("run", metavar="RUN", help="the folder of a run of simulate train")
    parser.add_argument("--planner", nargs="+", default=[CEM], metavar="NAME", help=f"one or several ({CEM})")
    parser.add_argument(
        "--episodes", type=int, default=EPISODES, metavar="N", help=f"episodes of each planner ({EPISODES})"
    )
    parser.add_argument("--task", metavar="NAME", help="the real task (default: the recorded one)")
    for name, words in SEARCH.items():
        default = getattr(DEFAULTS, name)
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N", help=f"{words} ({default})")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the tasks and the planner (0)")
    add_json(parser)
    arguments = parser.read(argv)
    _folder(arguments.run)
    from saddlepoint.applications.simulate.start import plan

    search = Search(**{name: getattr(arguments, name) for name in SEARCH})
    output = console(arguments.json)
    with progress_display() as display:
        found = plan(
            arguments.run, planner=arguments.planner, episodes=arguments.episodes, search=search, task=arguments.task, seed=arguments.seed,
            progress=display.report,
        )  # fmt: skip
    document, page = _write(arguments.run, PLANNED, found.to_json())
    if arguments.json:
        print_json({"run": arguments.run, "page": str(page), **document})
    else:
        _say_planned(found, output)
        output.say(str(page))
    return 0


def _write(run: str, name: str, document: dict[str, Any]) -> tuple[dict[str, Any], Path]:
    """Write what was measured, and the page of this and of what was measured before."""
    from saddlepoint.report.simulation import write_simulation_page

    folder = _folder(run)
    folder.mkdir(exist_ok=True)
    clean = write_json(folder / name, document)
    known = {one: read_json(folder / one) if (folder / one).is_file() else None for one in (EVALUATED, PLANNED)}
    return clean, write_simulation_page(known[EVALUATED], known[PLANNED], folder / PAGE)


def _folder(run: str) -> Path:
    """The folder of the results of a run.

    Raises:
        RunError: something else has its name.
    """
    folder = find_run(run).path / "simulate"
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise RunError(
            f"{folder}: results are written to a folder of this name, and it is something else; move it away."
        )
    return folder


def _say_evaluated(found: Evaluated, output: Output) -> None:
    output.say(found.headline, "bold")
    output.say("  error in standard deviations of the states [95 % interval]; coverage of 50, 80 and 95 % intervals")
    for one in found.horizons:
        errors = ", ".join(
            f"{name} {interval.value:.3g} [{interval.low:.3g}, {interval.high:.3g}]"
            for name, interval in one.errors.items()
        )
        coverage = ", ".join(f"{interval.value:.0%}" for interval in one.coverage.values())
        output.say(f"  {one.steps:>3} step{'s' if one.steps > 1 else ' '}  {errors}; {coverage}")


def _say_planned(found: Planned, output: Output) -> None:
    output.say(found.headline, "bold")
    for one in found.results:
        parts = {
            "real task": one.real,
            "learnt task": one.learnt,
            "learnt minus real": one.return_gap,
            "promised minus obtained over the horizon": one.promise_gap,
        }
        words = [f"{name} {part.value:,.1f} [{part.low:,.1f}, {part.high:,.1f}]" for name, part in parts.items()]
        if one.unusual is not None:
            words.append(
                f"members disagree unusually at {one.unusual.value:.0%} of the real steps (5% of held-out ones)"
            )
        output.say(f"  {one.planner:<9} {'; '.join(words)}")
