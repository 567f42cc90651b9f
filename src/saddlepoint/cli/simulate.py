"""`saddlepoint simulate record|train|evaluate|plan`: learn a task from trajectories, and use the learnt one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from saddlepoint.applications.simulate.settings import ENSEMBLE, MODELS, POLICIES, RANDOM, STEPS
from saddlepoint.cli import ending
from saddlepoint.cli.arguments import Parser, add_json, is_recipe_setting, setting_names, split_settings
from saddlepoint.cli.console import console, print_json, progress_display
from saddlepoint.cli.destination import check_file
from saddlepoint.cli.simulate_results import run_evaluate, run_plan
from saddlepoint.errors import SettingError, suggestion

ACTIONS = {
    "record": "record trajectories of a task of Gymnasium",
    "train": "learn the task from trajectories into a run folder",
    "evaluate": "measure how well the learnt task predicts held-out episodes; a page with pictures",
    "plan": "play the real task by planning in the learnt one; real against promised returns",
}


def run(argv: Sequence[str]) -> int:
    """Run one of the actions; return the exit code."""
    actions: dict[str, Callable[[Sequence[str]], int]] = {
        "record": _record, "train": _train, "evaluate": run_evaluate, "plan": run_plan,
    }  # fmt: skip
    if not argv or argv[0] in ("-h", "--help"):
        print(_overview(), end="")
        return ending.DONE
    if argv[0] not in actions:
        raise SettingError(
            f'simulate: there is no action "{argv[0]}".{suggestion(argv[0], actions)} Known: {", ".join(actions)}.'
        )
    return actions[argv[0]](argv[1:])


def _overview() -> str:
    lines = "\n".join(f"  {name:<9} {words}" for name, words in ACTIONS.items())
    return (
        "usage: saddlepoint simulate ACTION ...\n\nLearn a simulator of a task from trajectories, and plan or train policies in it.\n\n"
        f"{lines}\n\n`saddlepoint simulate ACTION --help` explains one; all have `--json`.\n"
    )


def _record(argv: Sequence[str]) -> int:
    policies = "\n".join(f"  {name:<8} {entry.title}" for name, entry in POLICIES.items())
    parser = Parser(
        "simulate record",
        "Record trajectories of a task of Gymnasium.",
        "TASK --out FILE.npz [options]",
        epilog=f"policies:\n{policies}",
    )
    parser.add_argument("task", metavar="TASK", help="its name, such as CartPole-v1")
    parser.add_argument("--out", required=True, metavar="FILE.npz", help="the file to write")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"steps to record ({STEPS:,})")
    parser.add_argument("--policy", default=RANDOM, metavar="NAME", help=f"what acts ({RANDOM})")
    parser.add_argument(
        "--run", metavar="RUN", help="act by planning in the learnt task of this run, instead of a policy"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the task and the policy (0)")
    parser.add_argument("--overwrite", action="store_true", help="replace a file that exists")
    add_json(parser)
    arguments = parser.read(argv)
    out = Path(arguments.out)
    check_file("simulate record", out, [".npz"], overwrite=arguments.overwrite)
    from saddlepoint.applications.simulate.start import record

    output = console(arguments.json)
    with progress_display() as display:
        found = record(
            arguments.task,
            steps=arguments.steps,
            policy=arguments.policy,
            seed=arguments.seed,
            run=arguments.run,
            progress=display.report,
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    found.write(out)
    returns = found.returns
    if arguments.json:
        facts = {
            "task": found.task,
            "steps": len(found),
            "episodes": len(returns),
            "policy": arguments.policy if arguments.run is None else "planning",
            "run": arguments.run,
            "out": str(out),
        }
        print_json({**facts, "mean_return": float(returns.mean()), "highest_return": float(returns.max())})
    else:
        output.say(
            f"{len(found):,} steps of {len(returns):,} episodes of {found.task}; mean return {returns.mean():,.1f}, highest {returns.max():,.1f}"
        )
        output.say(str(out))
    return ending.DONE


def _train(argv: Sequence[str]) -> int:
    models = "\n".join(f"  {name:<9} {words}" for name, words in MODELS.items())
    settings, rest = split_settings(argv, is_recipe_setting)
    parser = Parser(
        "simulate train",
        "Learn the next state, the reward and the end of a task from trajectories. `saddlepoint resume RUN` goes on after an interruption.",
        "FILE.npz [FILE.npz ...] [--section.setting VALUE ...] [options]",
        epilog=f"models:\n{models}",
    )
    parser.add_argument("files", nargs="+", metavar="FILE.npz", help="trajectories of one task")
    parser.add_argument("--model", default=ENSEMBLE, metavar="NAME", help=f"the kind of model ({ENSEMBLE})")
    parser.add_argument("--run", metavar="DIR", help="the folder to write (default: runs/simulate-MODEL-N)")
    parser.add_argument("--steps", type=int, metavar="N", help="training steps")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of training (0)")
    parser.add_argument("--overwrite", action="store_true", help="replace the run that is in that folder")
    ending.add_no_pictures(parser)
    add_json(parser)
    ending.add_fail_on(parser)
    parser.add_argument("--quiet", action="store_true", help="print only findings and the verdict")
    arguments = parser.read(rest, setting_names)
    from saddlepoint.applications.simulate.start import train
    from saddlepoint.cli.run_display import RunDisplay
    from saddlepoint.progress import visible

    output = console(arguments.json)
    loading = contextlib.nullcontext() if arguments.quiet else visible()
    with loading, RunDisplay(output, quiet=arguments.quiet) as progress:
        done = train(
            arguments.files, model=arguments.model, run=arguments.run, steps=arguments.steps, seed=arguments.seed, settings=settings,
            overwrite=arguments.overwrite, pictures=arguments.pictures, listener=progress,
        )  # fmt: skip
    return ending.finish_training(done, arguments, output)
