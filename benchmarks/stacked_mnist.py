"""Modes of Stacked MNIST: five games with PacGAN's small discriminators at one budget, and the recipe `stacked-mnist`.

    python benchmarks/stacked_mnist.py [--keep DIR] [--seeds N] [--minutes M] [--part I/N] [--only ROW ...] [--train] [--quick]

A finished trial is in outcomes/stacked_mnist.jsonl and not done again, so that the table can grow over several calls; trials come in
rounds, one of every row, so that what is there at any time is comparable. The section of RESULTS.md is written when all
trials of the games are there, of three seeds or more; the recipe, an hour each, has a row as soon as one of its trials is there. --quick trains a few steps of every row with few data, reads the samples with a
classifier that has hardly been trained, and writes nothing.

Protocol: 128,000 stacked images, 26,000 samples, each channel read by the classifier of single digits that
`saddlepoint evaluate` uses, the number of the 1,000 modes found and KL(samples || equal shares) in nats. As many real test images, stacked afresh, are
read as well: what perfect samples would score. With --minutes 0 the table is written from finished trials, without MNIST.
"""

from __future__ import annotations

import math
import os
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from tables.bare_runs import train_bare
from tables.outcomes import group_outcomes, hashed_key, origin, outcomes_file, read_outcomes, recipe_key
from tables.trials import argument_parser, train_missing

SECTION = "Modes of Stacked MNIST"
SAMPLES, MODES = 26_000, 1_000
Reader = Callable[[Any], Any]  # images (n, 1, H, W) -> probabilities (n, 10)
SEEDS = 3
RECIPE = "stacked-mnist"
LARGEST_KL = 0.06

# Channels 32-16 in the generator and 4-8 in the discriminator: those of PacGAN's table 3 with D half as wide as G, 64-32-16-8
# and 4-8-16, as near as networks with fewer levels come to it.
GAME: dict[str, Any] = {
    "description": "A row of the benchmark of Stacked MNIST.",
    "data": {"source": "stacked-mnist", "points": 128_000},
    "model": {
        "family": "gan",
        "latent": 256,
        "generator": {"network": "dcgan", "width": 16},
        "discriminator": {"network": "dcgan", "width": 4},
    },
    "training": {
        "batch_size": 64,
        "optimiser": {"learning_rate": 1.0e-3, "betas": [0.5, 0.99], "schedule": "cosine"},
        "precision": "fp32",
        "ema": 0.999,
    },
}
_NO_NORM = {"model.discriminator.arguments": {"normalisation": "none"}}
_NO_MOMENTUM = {"training.optimiser.betas": [0.0, 0.99]}


@dataclass(frozen=True)
class Row:
    """One game of the table.

    Attributes:
        steps: of the generator. The rows were given equal time in short tries, not equal steps.
        settings: that differ from `GAME`.
    """

    steps: int
    settings: dict[str, Any]


ROWS = {
    "DCGAN": Row(6_000, {}),
    "PacGAN2": Row(6_000, {"model.discriminator.packing": 2}),
    "WGAN-GP": Row(
        1_200,
        {
            **_NO_NORM,
            **_NO_MOMENTUM,
            "model.objective": "wasserstein",
            "model.penalties.gradient_penalty": 10.0,
            "model.updates.discriminator": 5,
        },
    ),
    "SNGAN": Row(5_000, {**_NO_NORM, "model.objective": "hinge", "model.constraints.discriminator": "spectral"}),
    "R3GAN-like": Row(
        3_500,
        {
            **_NO_NORM,
            **_NO_MOMENTUM,
            "model.objective": "relativistic",
            "model.penalties.r1": 1.0,
            "model.penalties.r2": 1.0,
        },
    ),
}
# [source and its protocol, row, modes, KL]. Each paper has networks, budget and classifier of its own.
PUBLISHED = (
    ("PacGAN, table 3, D half as wide as G", "DCGAN", "488 ± 35", "2.24 ± .15"),
    ("PacGAN, table 3, D half as wide as G", "Unrolled GAN, 10 steps", "817 ± 38", "1.43 ± .12"),
    ("PacGAN, table 3, D half as wide as G", "PacGAN2", "841 ± 16", "1.00 ± .05"),
    ("PacGAN, table 3, D half as wide as G", "PacGAN4", "820 ± 26", "1.15 ± .14"),
    ("PacGAN, table 3, D a quarter as wide", "DCGAN", "78.5 ± 17.6", "5.21 ± .19"),
    ("PacGAN, table 3, D a quarter as wide", "PacGAN2", "485 ± 33", "2.61 ± .22"),
    ("PacGAN, table 2, D of base width 64", "DCGAN", "78.9 ± 6.5", "4.50 ± .13"),
    ("PacGAN, table 2, D of base width 64", "PacGAN2", "1000", ".06 ± .003"),
    ("VEEGAN, table 2", "DCGAN", "99", "3.4"),
    ("VEEGAN, table 2", "VEEGAN", "150", "2.95"),
    ("R3GAN's table", "WGAN-GP", "959", ".73"),
    ("R3GAN's table", "PacGAN", "992", ".28"),
    ("R3GAN's table", "StyleGAN2", "940", ".42"),
    ("R3GAN's table", "R3GAN", "1000", ".029"),
)


@dataclass(frozen=True)
class Outcome:
    """The outcome of one trial.

    Attributes:
        modes: of the 1,000, with one sample or more.
        kl: of the modes' shares from equal ones, in nats; log 1,000, the largest there is, if samples are not finite.
        steps: of training.
        seconds: of training, on one thread.
    """

    modes: int
    kl: float
    steps: int
    seconds: float


@dataclass(frozen=True)
class Trial:
    """A recipe of a row, with its seed."""

    row: str
    seed: int
    recipe: Any

    @property
    def key(self) -> str:
        """The key of its outcome."""
        return recipe_key(f"{self.row}-{self.seed}", self.recipe, SAMPLES)


@dataclass(frozen=True)
class RealOutcome:
    """What real test images score.

    Attributes:
        modes: as in `Outcome`.
        kl: as in `Outcome`.
        accuracy: share of single test digits that the classifier recognises.
    """

    modes: int
    kl: float
    accuracy: float


@dataclass(frozen=True)
class RealTrial:
    """Real test images in the place of samples.

    Attributes:
        samples: the number of images.
        points: training images, more than `samples`: the data with which the rows were trained.
    """

    samples: int
    points: int

    @property
    def key(self) -> str:
        """The key of its outcome."""
        return hashed_key("real-test-images", self.samples, self.points)


def recipes(quick: bool) -> dict[str, Any]:
    """The recipe of every row, by its name."""
    from saddlepoint.recipe import Recipe

    game = Recipe.from_mapping({"name": "stacked-mnist-game", **GAME})
    found = {name: game.override({**row.settings, "training.steps": row.steps}) for name, row in ROWS.items()}
    found[f"recipe {RECIPE}"] = Recipe.load(RECIPE)
    few = {"training.steps": 2, "data.points": 200} if quick else {}
    return {name: recipe.override(few) for name, recipe in found.items()}


def trials(seeds: int, quick: bool) -> list[Trial]:
    """All trials, in rounds of one of every row."""
    return [
        Trial(name, seed, recipe.override({"training.seed": seed}))
        for seed in range(seeds)
        for name, recipe in recipes(quick).items()
    ]


def train(trial: Trial, read: Reader, samples: int) -> Outcome:
    """Train one trial and count the modes among its samples.

    Args:
        trial: the trial.
        read: the classifier of digits.
        samples: the number of samples.
    """
    trained = train_bare(trial.recipe)
    modes, kl = count_modes(trained.sample(samples, trial.seed), read)
    return Outcome(modes, kl, trained.state.step, trained.state.seconds)


def digit_reader(quick: bool) -> tuple[Reader, float]:
    """The classifier of digits of `saddlepoint evaluate`, and the share of MNIST's test images that it recognises.

    Args:
        quick: whether it is trained on few digits, and recognises few.
    """
    from saddlepoint.data import DataSettings, load
    from saddlepoint.evaluation.scorecard.rows import stacked_modes

    digits = load(DataSettings(source="mnist", limit=500 if quick else None))
    assert digits.held_out is not None
    read, _ = stacked_modes.digit_reader(digits)
    return read, float((read(digits.held_out.x).argmax(1) == digits.held_out.y).double().mean())


def count_modes(x: Any, read: Reader) -> tuple[int, float]:
    """The modes among images (N, 3, H, W), and their KL from equal shares in nats; no mode if images are not finite.

    Args:
        x: images in the data's units.
        read: (n, 1, H, W) -> (n, 10) probabilities of the digits.
    """
    from saddlepoint.evaluation.metrics.classifier_scores import category_report
    from saddlepoint.evaluation.metrics.stacked_modes import stacked_labels

    if not x.isfinite().all():
        return 0, math.log(MODES)  # as far from equal shares as can be
    found = category_report(stacked_labels(x, read), MODES)
    return found.covered, found.kl


def measure_real(trial: RealTrial, read: Reader, accuracy: float) -> RealOutcome:
    """Count the modes among real test images.

    Args:
        trial: the number of images.
        read: the classifier of digits.
        accuracy: of the classifier.
    """
    from saddlepoint.data import DataSettings, load

    dataset = load(DataSettings(source="stacked-mnist", points=trial.points, held_out=trial.samples / trial.points))
    assert dataset.held_out is not None
    return RealOutcome(*count_modes(dataset.held_out.x, read), accuracy)


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished trial."""
    return f"{trial.row}, seed {trial.seed}: {outcome.modes} modes, KL {outcome.kl:.4f}"


def describe_real(trial: RealTrial, outcome: RealOutcome) -> str:
    """One line about real test images."""
    return f"{trial.samples:,} real test images: {outcome.modes} modes, KL {outcome.kl:.4f}"


def read(wanted: Sequence[Trial], file: Path) -> dict[str, list[Outcome]]:
    """The finished trials by row."""
    return group_outcomes(wanted, file, Outcome, lambda trial: trial.row)


def cells(outcomes: Sequence[Outcome]) -> list[str]:
    """A row's part of the table that is measured."""
    return [
        str(len(outcomes)),
        results.with_error([one.modes for one in outcomes], 1),
        results.with_error([one.kl for one in outcomes], 3),
        f"{outcomes[0].steps:,}",
        f"{statistics.median(one.seconds for one in outcomes) / 60:.1f}",
    ]


def body(found: Mapping[str, Sequence[Outcome]], real: RealOutcome) -> str:
    """The section: our table with its goal, and the published numbers apart from it."""
    import torch

    from saddlepoint.evaluation.metrics.classifier_scores import category_report

    ours = [["real test images", "-", str(real.modes), f"{real.kl:.3f}", "-", "-"]]
    ours += [[name, *cells(outcomes)] for name, outcomes in found.items()]
    best = found.get(f"recipe {RECIPE}", [])
    of_recipe = "not measured yet"
    if best:
        fewest, largest = min(one.modes for one in best), max(one.kl for one in best)
        of_recipe = f"fewest modes {fewest}, largest KL {largest:.3f}; "
        reached = fewest == MODES and largest <= LARGEST_KL
        aim = f"{MODES:,} modes and KL at most {LARGEST_KL} in every trial"
        of_recipe += results.goal(aim, reached) if len(best) >= SEEDS else f"{len(best)} of {SEEDS} trials are there"
    settings = GAME["training"]
    least = category_report(torch.zeros(SAMPLES, dtype=torch.int64), MODES).expected_kl
    return "\n\n".join(
        [
            f"Mean ± standard error over trials. {SAMPLES:,} samples of the averaged generator; a small convolutional classifier "
            f"with a test accuracy of {real.accuracy:.2%} reads the digits; KL(samples || equal shares) in nats, of which equal shares "
            f"would show about {least:.3f}. Real test images, stacked afresh, show the least to expect.",
            "The five games have one generator and one discriminator, those of PacGAN's table 3 as near as our networks come to "
            "them: channels 32-16 and 4-8, where the paper has 64-32-16-8 and 4-8-16; no BatchNorm in a discriminator with a "
            f"penalty or constraint. Noise of {GAME['model']['latent']} numbers, batches of {settings['batch_size']}, Adam with a "
            f"rate that falls from {settings['optimiser']['learning_rate']:g} to 0; rows have about equal time, not equal "
            "steps. The paper trains for 500,000 steps of 128 examples at rates of 0.0002 and 0.0001. The rows show what this "
            "effort reaches, not what a method can. The recipe has larger networks and a budget of its own. Minutes are of one "
            "thread, on a machine that others used too.",
            results.table(["row", "trials", "modes", "KL, nats", "steps", "min a trial"], ours),
            f"Recipe {RECIPE}: {of_recipe}",
            "Published, each with networks, budget, number of samples and classifier of its own, so that rows compare within one source only:",
            results.table(["source", "row", "modes", "KL, nats"], PUBLISHED),
        ]
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argument_parser(__doc__, SEEDS)
    parser.add_argument("--only", nargs="+", metavar="ROW", help="train these rows alone: the end of a row's name")
    parser.add_argument("--train", action="store_true", help="only train")
    arguments = parser.parse_args(argv)
    quick: bool = arguments.quick
    wanted = trials(1 if quick else arguments.seeds, quick)
    chosen = [one for one in wanted if not arguments.only or one.row.endswith(tuple(arguments.only))]
    samples = 100 if quick else SAMPLES
    reader = cache(partial(digit_reader, quick))  # made for the first trial that needs it

    def train_one(trial: Trial) -> Outcome:
        return train(trial, reader()[0], samples)

    with outcomes_file("stacked_mnist", arguments.keep, quick=arguments.quick) as file:
        train_missing(chosen[arguments.part], file, arguments.minutes, train_one, describe)
        if arguments.train:
            return 0
        real_trials = [RealTrial(samples, wanted[0].recipe.data.points)]
        train_missing(real_trials, file, arguments.minutes, lambda one: measure_real(one, *reader()), describe_real)
        real = read_outcomes(real_trials, file, RealOutcome)
        found = read(wanted, file)
        measured_at = origin([*wanted, *real_trials], file)
    if not real:
        print("Real test images are not measured yet, so nothing is written.", file=sys.stderr)
        return 0
    print(text := body(found, real[0][1]))
    if quick:
        return 0
    if min(len(found.get(name, ())) for name in ROWS) < max(arguments.seeds, SEEDS):
        print(
            f"Trials of the games are missing, or seeds are fewer than {SEEDS}, so nothing is written.", file=sys.stderr
        )
        return 0
    results.write(SECTION, text, origin=measured_at)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
