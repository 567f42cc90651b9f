"""Which game the shipped recipes of digits should have: each at the recipe's full length, on held-out seeds.

    python benchmarks/defaults.py [--keep DIR] [--recipes NAME ...] [--seeds N] [--minutes M] [--part I/N] [--quick]

The zoo (docs/zoo.md) compares games at settings that are tuned for none of them, with seeds from 0 on. Here the seeds begin at 100, and
a shipped recipe is trained with the game that the zoo recommends and with the one without a penalty. A finished run is in
outcomes/defaults.jsonl and not done again; recipes whose runs are all there have rows in RESULTS.md. --quick trains a few steps and
writes nothing.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from tables.diagnosed_runs import NO_PICTURES, Outcome, train_diagnosed
from tables.outcomes import group_outcomes, origin, outcomes_file, recipe_key
from tables.trials import SHORT, argument_parser, train_missing
from tables.zoo_page import SCALE, interval

SECTION = "Games of the shipped recipes"
SEEDS, FIRST_SEED = 8, 100
PLAIN = "without a penalty"
GAMES: dict[str, dict[str, Any]] = {PLAIN: {"model.penalties.r1": 0.0}, "with R1": {"model.penalties.r1": 1.0}}
# What a penalty needs besides, by recipe: with BatchNorm the score of one example would depend on its batch (SET403).
RECIPES: dict[str, dict[str, Any]] = {
    "gan-digits": {},
    "dcgan-digits": {"model.discriminator.arguments": {"normalisation": "none"}},
}


@dataclass(frozen=True)
class Trial:
    """One run: a shipped recipe by its name, a game, and a seed."""

    name: str
    game: str
    seed: int
    quick: bool = False

    @cached_property
    def recipe(self) -> Any:
        """The recipe of the run."""
        from saddlepoint.recipe import Recipe

        short = SHORT if self.quick else {}
        needed = {} if self.game == PLAIN else RECIPES[self.name]
        return Recipe.load(self.name).override(
            {**GAMES[self.game], **needed, **NO_PICTURES, "training.seed": FIRST_SEED + self.seed, **short}
        )

    @property
    def key(self) -> str:
        """The key of its outcome."""
        return recipe_key(f"{self.name}-{self.game}-{FIRST_SEED + self.seed}", self.recipe)


def trials(recipes: Sequence[str], seeds: int, quick: bool) -> list[Trial]:
    """All runs, in rounds of one of every recipe and game."""
    return [Trial(name, game, seed, quick) for seed in range(seeds) for name in recipes for game in GAMES]


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished run."""
    return f"{trial.name}, {trial.game}, seed {FIRST_SEED + trial.seed}: {outcome.distance:.5f}, {outcome.headline}"


def body(found: Mapping[tuple[str, str], Sequence[Outcome]], seeds: int) -> str:
    """The section: a row of every recipe and game, with the difference from the game without a penalty over the same seeds.

    Args:
        found: the runs by recipe and game, in the order of seeds, of which there are equally many.
        seeds: how many.
    """
    rows = []
    for (name, game), outcomes in found.items():
        pairs = zip(outcomes, found[name, PLAIN], strict=True)
        against = "-" if game == PLAIN else interval([ours.distance - plain.distance for ours, plain in pairs])
        whole = f"{sum(outcome.is_whole for outcome in outcomes)} of {len(outcomes)}"
        said = Counter(re.split("[:,]", one.headline)[0].lower() for one in outcomes)
        verdicts = ", ".join(f"{words} {count}" for words, count in said.most_common())
        speed = statistics.median(outcome.steps_per_second for outcome in outcomes)
        rows.append(
            [name, game, interval([one.distance for one in outcomes]), against, whole, verdicts, f"{speed:.0f}"]
        )
    distance = f"{SCALE:,} x energy distance"
    columns = ["recipe", "game", distance, "difference from the first", "without failure", "verdicts", "steps/s"]
    return "\n\n".join(
        [
            f"Seeds {FIRST_SEED} to {FIRST_SEED + seeds - 1}, each recipe at its full length. Energy distance of samples to held-out "
            "data, mean with its 95 % interval over seeds, and the mean of paired differences with theirs: an interval below 0 says "
            "that the game is better than the one without a penalty. With R1, the DCGAN's discriminator has no BatchNorm, of which the "
            "penalty would be about batches (SET403). Speed is the median over runs on one thread, on a machine that others used too.",
            results.table(columns, rows),
        ]
    )


def main(argv: Sequence[str]) -> int:
    parser = argument_parser(__doc__, SEEDS)
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), choices=list(RECIPES), help="all by default")
    arguments = parser.parse_args(argv)
    seeds = 1 if arguments.quick else arguments.seeds
    wanted = trials(arguments.recipes, seeds, arguments.quick)
    with outcomes_file("defaults", arguments.keep, quick=arguments.quick) as file:
        train_missing(
            wanted[arguments.part], file, arguments.minutes, lambda one: train_diagnosed(one.recipe), describe
        )
        found = group_outcomes(wanted, file, Outcome, lambda trial: (trial.name, trial.game))
        complete = [
            name for name in arguments.recipes if all(len(found.get((name, game), ())) == seeds for game in GAMES)
        ]
        measured_at = origin([trial for trial in wanted if trial.name in complete], file)
    if not complete:
        print("Runs of every recipe are missing, so nothing is written.", file=sys.stderr)
        return 0
    print(text := body({key: outcomes for key, outcomes in found.items() if key[0] in complete}, seeds))
    if not arguments.quick and arguments.seeds >= SEEDS:
        results.write(SECTION, text, origin=measured_at)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
