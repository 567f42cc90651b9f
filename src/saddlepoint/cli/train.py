"""`saddlepoint train RECIPE`: train a recipe into a run folder; with `--dry-run`, estimate what that would take."""

from __future__ import annotations

import contextlib
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from saddlepoint.cli import ending
from saddlepoint.cli.arguments import Parser, add_json, add_trust, is_recipe_setting, setting_names, split_settings
from saddlepoint.cli.console import console
from saddlepoint.cli.run_display import RunDisplay
from saddlepoint.errors import SettingError
from saddlepoint.experiment.contest.candidates import AUTO, is_contest
from saddlepoint.recipe import Recipe
from saddlepoint.recipe.earlier_names import renamed
from saddlepoint.recipe.targets import with_labels_of_target
from saddlepoint.records import argument


def run(argv: Sequence[str]) -> int:
    """Train; with `--help` or `--dry-run`, describe the training instead. Return the exit code."""
    settings, rest = split_settings(argv, is_recipe_setting)
    parser = _parser()
    arguments = parser.read(rest, setting_names)
    if arguments.model is not None:
        arguments.recipe = _recipe_of_model(arguments.model, arguments.recipe)
    if arguments.help and arguments.recipe is None:
        print(parser.format_help(), end="")
        return ending.DONE
    if arguments.recipe is None:
        parser.error("name a recipe or a file, such as dcgan-digits (`saddlepoint recipes` lists the ready-made ones)")
    if arguments.cure is not None:
        settings["training.cure"] = arguments.cure
    if is_contest(arguments.recipe):
        from saddlepoint.cli.contest import run_contest

        return run_contest(settings, arguments, parser)
    if arguments.contest_minutes is not None:
        raise SettingError(
            "train: --contest-minutes is for auto-table, which chooses a recipe by a contest; leave it out."
        )
    base = Recipe.load(arguments.recipe)
    recipe = with_labels_of_target(base.override(settings, where="train"), settings)
    _name_renamed(settings, base)
    if arguments.help:
        print(parser.format_help(), settings_help(recipe), sep="\n", end="")
        return ending.DONE
    from saddlepoint.recipe.trust import require_trust

    require_trust(recipe.model, trust=arguments.trust, given=settings, where=arguments.recipe)
    output = console(arguments.json)
    if arguments.dry_run:
        from saddlepoint.cli.dry_run import dry_run

        return dry_run(recipe, output, as_json=arguments.json, pictures=arguments.pictures)
    if not arguments.quiet:
        output.say(f"{recipe.name}: {recipe.description}".rstrip(": "), "bold")
        output.say("Loading PyTorch, the data and the model ...")
    from saddlepoint import experiment
    from saddlepoint.progress import visible

    loading = contextlib.nullcontext() if arguments.quiet else visible()
    with loading, RunDisplay(output, quiet=arguments.quiet) as progress:
        done = experiment.train(
            recipe, run=arguments.run, overwrite=arguments.overwrite, pictures=arguments.pictures, listener=progress
        )
    return ending.finish_training(done, arguments, output)


def _name_renamed(settings: Mapping[str, Any], recipe: Recipe) -> None:
    """Print the current names of options that have a name of an earlier version: one line each, on stderr."""
    for earlier, names in renamed(settings, recipe.model_dump(mode="json")).items():
        now = f"now called {' and '.join(f'--{name}' for name in names)}" if names else "no longer needed"
        print(f"saddlepoint: --{earlier} is {now}.", file=sys.stderr)


def settings_help(recipe: Recipe, width: int = 110) -> str:
    """Every setting of the recipe by section: name, type, present value and meaning."""
    lines: list[str] = []
    section = ""
    for entry, value in recipe.settings():
        head, _, _ = entry.name.rpartition(".")
        if head != section:
            section = head
            lines += ["", f"{section}:"]
        lines.append(f"  --{entry.name} {argument(value)}   ({entry.type_text})")
        lines += textwrap.wrap(entry.help, width, initial_indent=" " * 8, subsequent_indent=" " * 8)
    return f"settings of {recipe.name}, with their values:\n" + "\n".join(lines) + "\n"


def _recipe_of_model(model: str, recipe: str | None) -> str:
    """The recipe that `--model auto` stands for."""
    if model != "auto":
        raise SettingError(
            f"train: --model {model}: it takes auto, which chooses a recipe for a table; settings of a model have a dot, such as "
            "--model.latent 16, and its kind is decided by the recipe."
        )
    if recipe is not None and not is_contest(recipe):
        raise SettingError(f"train: --model auto chooses the recipe, and {recipe} is named; leave one of them out.")
    return AUTO[0]


def _parser() -> Parser:
    parser = Parser(
        "train",
        "Train a recipe into a run folder with checkpoints, samples, curves, findings and report.html. Ctrl-C writes a "
        "checkpoint and stops; `saddlepoint resume` continues from there.",
        "RECIPE|FILE|RUN [--section.setting VALUE ...] [options]",
        add_help=False,
    )
    parser.add_argument(
        "recipe",
        nargs="?",
        help="a ready-made recipe's name, a YAML file, or a run to repeat; auto-table chooses a recipe for a table by a contest",
    )
    parser.add_argument(
        "-h",
        "--help",
        action="store_true",
        help="show this help; after a recipe, also all its settings with their values",
    )
    parser.add_argument("--run", metavar="DIR", help="the folder to write (default: runs/RECIPE-N)")
    parser.add_argument("--overwrite", action="store_true", help="replace the run that is in that folder")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print the resolved recipe, the players, and an estimate of time and memory, without training",
    )
    ending.add_no_pictures(parser)
    add_json(parser)
    add_trust(parser)
    ending.add_fail_on(parser)
    ending.add_cure(parser)
    parser.add_argument("--quiet", action="store_true", help="print only findings and the verdict")
    parser.add_argument("--model", metavar="auto", help="auto: the same as the recipe auto-table")
    parser.add_argument(
        "--contest-minutes", type=float, metavar="M", help="auto-table: time that the contest may take (default: 5)"
    )
    return parser
