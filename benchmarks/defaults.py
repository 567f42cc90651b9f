"""Which game the shipped recipes of digits should have: each at the recipe's full length, on held-out seeds.

    python benchmarks/defaults.py --keep DIR [--recipes NAME ...] [--seeds N] [--minutes M] [--part I/N] [--quick]

The zoo (docs/zoo.md) compares games at settings that are tuned for none of them, with seeds from 0 on. Here the seeds begin at 100, and
a shipped recipe differs in loss and penalty only. A run that is finished is kept in --keep and not done again; recipes
whose runs are all there have rows in RESULTS.md. --quick trains a few steps and writes nothing.
"""

from __future__ import annotations

import math
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from tables.trials import argument_parser, folder_of_outcomes, group_outcomes, outcome_file, train_missing
from tables.zoo_plan import NO_PICTURES, Outcome
from zoo import train

SECTION = "Games of the shipped recipes"
SEEDS, FIRST_SEED = 8, 100
RECIPES = ("gan-digits", "dcgan-digits")
SCALE = 1_000  # of energy distances in the table
PLAIN = "without a penalty"
GAMES: dict[str, dict[str, Any]] = {
    PLAIN: {"model.penalties.r1": 0.0},
    "with R1": {"model.penalties.r1": 1.0},
    "Wasserstein with R1 and R2": {
        "model.objective": "wasserstein",
        "model.labels.smoothing": 0.0,
        "model.penalties.r1": 1.0,
        "model.penalties.r2": 1.0,
    },
}


@dataclass(frozen=True)
class Trial:
    """One run of a recipe with a game and a seed."""

    data: str  # the recipe's name, as `train` calls it
    game: str
    seed: int
    quick: bool = False

    @cached_property
    def recipe(self) -> Any:
        """The recipe of the run."""
        from saddlepoint.recipe import Recipe

        short = {"training.steps": 20} if self.quick else {}
        return Recipe.load(self.data).override(
            {**GAMES[self.game], **NO_PICTURES, "training.seed": FIRST_SEED + self.seed, **short}
        )

    def place(self, keep: Path) -> Path:
        """Its file, see `outcome_file`."""
        return outcome_file(keep, f"{self.data}-{self.seed}", self.recipe)


def trials(recipes: Sequence[str], seeds: int, quick: bool) -> list[Trial]:
    """All runs, in rounds of one of every recipe and game."""
    return [Trial(name, game, seed, quick) for seed in range(seeds) for name in recipes for game in GAMES]


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished run."""
    return f"{trial.data}, {trial.game}, seed {FIRST_SEED + trial.seed}: {outcome.distance:.5f}, {outcome.headline}"


def body(found: Mapping[tuple[str, str], Sequence[Outcome]], seeds: int) -> str:
    """The section: a row of every recipe and game, with the difference from the game without a penalty over the same seeds."""
    rows = []
    for (name, game), outcomes in found.items():
        distances = [SCALE * outcome.distance for outcome in outcomes]
        plain = [SCALE * outcome.distance for outcome in found[name, PLAIN]]
        against = "-"
        if game != PLAIN and len(plain) == len(distances):
            against = results.with_interval([ours - theirs for ours, theirs in zip(distances, plain, strict=True)], 2)
        whole = sum(not outcome.codes and math.isfinite(outcome.distance) for outcome in outcomes)
        speed = statistics.median(outcome.steps_per_second for outcome in outcomes)
        cells = [
            name,
            game,
            results.with_interval(distances, 2),
            against,
            f"{whole} of {len(outcomes)}",
            f"{speed:.0f}",
        ]
        rows.append(cells)
    columns = [
        "recipe",
        "game",
        f"{SCALE:,} x energy distance",
        "difference from the first",
        "without failure",
        "steps/s",
    ]
    return "\n\n".join(
        [
            f"Seeds {FIRST_SEED} to {FIRST_SEED + seeds - 1}, each recipe at its full length. Energy distance of samples to held-out "
            "data, mean with its 95 % interval over seeds, and the mean of paired differences with theirs: an interval below 0 says "
            "that the game is better than the one without a penalty. Speed is the median over runs on one thread, on a machine that others used too.",
            results.table(columns, rows),
        ]
    )


def main(argv: Sequence[str]) -> int:
    parser = argument_parser(__doc__, SEEDS)
    parser.add_argument("--recipes", nargs="+", default=RECIPES, metavar="NAME", help=f"recipes ({' '.join(RECIPES)})")
    arguments = parser.parse_args(argv)
    seeds = 1 if arguments.quick else arguments.seeds
    wanted = trials(arguments.recipes, seeds, arguments.quick)
    with folder_of_outcomes(arguments.keep) as keep:
        train_missing(wanted[arguments.part], keep, arguments.minutes, train, describe)
        found = group_outcomes(wanted, keep, Outcome, lambda trial: (trial.data, trial.game))
    whole = {key: outcomes for key, outcomes in found.items() if len(outcomes) == seeds}
    complete = [name for name in arguments.recipes if all((name, game) in whole for game in GAMES)]
    if not complete:
        print("Runs of every recipe are missing, so nothing is written.", file=sys.stderr)
        return 0
    print(text := body({key: outcomes for key, outcomes in whole.items() if key[0] in complete}, seeds))
    if not arguments.quick and arguments.seeds >= SEEDS:
        results.write(SECTION, text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
