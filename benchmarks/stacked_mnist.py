"""Modes of Stacked MNIST: five games with PacGAN's small discriminators at one budget, and the recipe `stacked-mnist`.

    python benchmarks/stacked_mnist.py [--keep DIR] [--seeds N] [--minutes M] [--part I/N] [--only ROW ...] [--train] [--quick]

A finished trial is in outcomes/stacked_mnist.jsonl and not done again, so that the tables can grow over several calls; trials come in
rounds, one of every row, so that what is there at any time is comparable. The games' section of RESULTS.md is written when all
their trials are there, of three seeds or more; that of the recipe, an hour a trial, as soon as one of its trials is there. --quick
trains a few steps of every row with few data, reads the samples with a classifier that has hardly been trained, and writes nothing.

Protocol: 128,000 stacked images, 26,000 samples, each channel read by the classifier of single digits that
`saddlepoint evaluate` uses, the number of the 1,000 modes found and KL(samples || equal shares) in nats. As many real test images,
stacked afresh, are read as well: what perfect samples would score. With --minutes 0 the tables are written from finished trials,
without MNIST.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from tables.bare_runs import train_bare
from tables.outcomes import group_outcomes, origin, outcomes_file, read_outcomes
from tables.stacked_page import games_section, recipe_section
from tables.stacked_plan import MODES, RECIPE_ROW, ROWS, SAMPLES, Outcome, RealOutcome, RealTrial, Trial, trials
from tables.trials import argument_parser, train_missing

SECTION = "Modes of Stacked MNIST"
RECIPE_SECTION = "Modes of Stacked MNIST: the recipe"
Reader = Callable[[Any], Any]  # images (n, 1, H, W) -> probabilities (n, 10)
SEEDS = 3


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

    with outcomes_file("stacked_mnist", arguments.keep, quick=quick) as file:
        train_missing(chosen[arguments.part], file, arguments.minutes, train_one, describe)
        if arguments.train:
            return 0
        of_real = RealTrial(samples, wanted[0].recipe.data.points)
        train_missing([of_real], file, arguments.minutes, lambda one: measure_real(one, *reader()), describe_real)
        real = next((outcome for _, outcome in read_outcomes([of_real], file, RealOutcome)), None)
        if real is None:
            print("Real test images are not measured yet, so nothing is written.", file=sys.stderr)
            return 0
        found = group_outcomes(wanted, file, Outcome, lambda trial: trial.row)
        of_recipe = found.pop(RECIPE_ROW, [])
        sections = []
        if min(len(found.get(name, ())) for name in ROWS) >= (1 if quick else max(arguments.seeds, SEEDS)):
            games = [one for one in wanted if one.row in ROWS]
            sections.append((SECTION, games_section(found, real), origin([*games, of_real], file)))
        else:
            print(f"The games' section needs all their trials, of {SEEDS} seeds or more.", file=sys.stderr)
        if of_recipe:
            own = [one for one in wanted if one.row == RECIPE_ROW]
            sections.append((RECIPE_SECTION, recipe_section(of_recipe, real, SEEDS), origin([*own, of_real], file)))
    for title, text, measured_at in sections:
        print(text)
        if not quick:
            results.write(title, text, origin=measured_at)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
