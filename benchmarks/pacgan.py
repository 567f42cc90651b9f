"""PacGAN's Table 1, shortened, with a row for our best recipe and what each of its ingredients is worth.

    python benchmarks/pacgan.py [--keep DIR] [--trials N] [--minutes M] [--part I/N] [--train | --judge] [--quick]

A finished trial is in outcomes/pacgan.jsonl and not done again, so that the table can grow over several calls; trials come in
rounds, one of every row, so that what is there at any time is comparable. The section of RESULTS.md says how many trials
each row has. --quick plays a few steps of two rows and writes nothing.

Modes, high quality and reverse KL as VEEGAN and PacGAN define them (saddlepoint.evaluation.metrics.modes), of 2,500 samples.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from tables.bare_runs import train_bare
from tables.outcomes import origin, outcomes_file, read_outcomes, recipe_key
from tables.trials import SHORT, add_options, train_missing

SECTION = "PacGAN's table of modes, shortened"
SAMPLES = 2_500
TRIALS, ABLATION_TRIALS = 10, 1
BEST = "our best recipe"
MODES = {"ring": 8, "grid": 25}
# [modes, high quality in %, reverse KL in nats], mean and standard error of 10 trials of 400,000 steps: PacGAN, table 1.
PUBLISHED = {
    ("ring", "GAN"): "6.3 ± .5 / 98.2 ± .2 / .45 ± .09",
    ("ring", "PacGAN2"): "7.9 ± .1 / 95.6 ± 2.0 / .07 ± .03",
    ("ring", "PacGAN3"): "7.8 ± .1 / 97.7 ± .3 / .10 ± .02",
    ("ring", "PacGAN4"): "7.8 ± .1 / 95.9 ± 1.4 / .07 ± .02",
    ("grid", "GAN"): "17.3 ± .8 / 94.8 ± .7 / .70 ± .07",
    ("grid", "PacGAN2"): "23.8 ± .7 / 91.3 ± .8 / .13 ± .04",
    ("grid", "PacGAN3"): "24.6 ± .4 / 94.2 ± .4 / .06 ± .02",
    ("grid", "PacGAN4"): "24.8 ± .2 / 93.6 ± .6 / .04 ± .01",
}
ROWS = {"GAN": 1, "PacGAN2": 2, "PacGAN3": 3, "PacGAN4": 4}
# The best recipe with one ingredient less.
WITHOUT: dict[str, dict[str, Any]] = {
    "R1": {"model.penalties.r1": 0.0},
    "R2": {"model.penalties.r2": 0.0},
    "R1 and R2": {"model.penalties.r1": 0.0, "model.penalties.r2": 0.0},
    "pairs (non-saturating loss)": {"model.objective": "non-saturating"},
    "pairs, R1 and R2": {"model.objective": "non-saturating", "model.penalties.r1": 0.0, "model.penalties.r2": 0.0},
    "the penalties' fall": {"model.penalties.r1.half_life": 0, "model.penalties.r2.half_life": 0},
    "the rate's decay": {"training.optimiser.schedule": "constant"},
    "the generator's average": {"training.ema": 0.0},
    "the high rate (0.001)": {"training.optimiser.learning_rate": 1e-3},
    "the wide noise (scale 1)": {"model.noise.scale": 1.0},
    "beta1 = 0 (0.5)": {"training.optimiser.betas": [0.5, 0.99]},
}


@dataclass(frozen=True)
class Outcome:
    """The outcome of one trial.

    Attributes:
        width: the median over the modes of their typical width, over the true one.
        seconds: of training.
    """

    modes: int
    high_quality: float
    reverse_kl: float
    width: float
    steps: int
    seconds: float


@dataclass(frozen=True)
class Trial:
    """A recipe of a row, with its seed."""

    data: str
    row: str
    seed: int
    recipe: Any

    @property
    def key(self) -> str:
        """The key of its outcome."""
        return recipe_key(f"{self.data}-{self.row}-{self.seed}", self.recipe, SAMPLES)


def trials(settings: argparse.Namespace) -> list[Trial]:
    """All trials, in rounds of one of every row."""
    from saddlepoint.recipe import Recipe

    short: dict[str, Any] = {
        "training.steps": settings.steps,
        "training.optimiser.learning_rate": settings.rate,
        # So short a run must come to rest: at this rate, samples would still be thrown about by more than a mode's width.
        "training.optimiser.schedule": "cosine",
    }
    found = []
    for seed in range(max(settings.trials, settings.ablation)):
        for data in MODES:
            rows = {BEST: Recipe.load(f"toy-{data}-best")}
            rows |= {
                row: Recipe.load(f"pacgan-{data}").override(short | {"model.discriminator.packing": size})
                for row, size in ROWS.items()
            }
            if settings.quick:
                rows = {row: rows[row].override(SHORT) for row in (BEST, "PacGAN2")}
            found += [
                Trial(data, row, seed, recipe.override({"training.seed": seed}))
                for row, recipe in rows.items()
                if seed < (settings.trials if row == BEST else settings.others)
            ]
            if seed < settings.ablation and not settings.quick:
                found += [
                    Trial(data, f"without {name}", seed, rows[BEST].override({**changes, "training.seed": seed}))
                    for name, changes in WITHOUT.items()
                    if rows[BEST].override(changes) != rows[BEST]
                ]
    return found


def train(trial: Trial) -> Outcome:
    """Train one trial and measure its samples."""
    from saddlepoint.evaluation.metrics.modes import mode_report

    trained = train_bare(trial.recipe)
    state, samples = trained.state, trained.sample(SAMPLES, trial.seed)
    truth = trained.dataset.truth
    assert truth is not None
    assert truth.modes is not None
    assert truth.mode_std is not None
    if not samples.isfinite().all():
        return Outcome(0, 0.0, math.inf, math.nan, state.step, state.seconds)
    report = mode_report(samples, truth.modes, truth.mode_std)
    # No sample in any mode: as far from equal shares as can be.
    reverse_kl = math.log(report.modes) if math.isnan(report.reverse_kl) else report.reverse_kl
    width = report.width[~report.width.isnan()].median().item()
    return Outcome(report.covered, report.high_quality, reverse_kl, width, state.step, state.seconds)


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished trial."""
    return (
        f"{trial.data}, {trial.row}, seed {trial.seed}: {outcome.modes} modes, {outcome.high_quality:.1%}, "
        f"KL {outcome.reverse_kl:.4f}"
    )


def cells(outcomes: Sequence[Outcome]) -> list[str]:
    if not outcomes:
        return ["0", *["-"] * (len(COLUMNS) - 1)]
    return [
        str(len(outcomes)),
        results.with_error([one.modes for one in outcomes], 1),
        results.with_error([100 * one.high_quality for one in outcomes], 1),
        results.with_error([one.reverse_kl for one in outcomes], 4),
        f"{statistics.median(one.width for one in outcomes):.2f}",
        f"{outcomes[0].steps:,}",
        f"{statistics.median(one.seconds for one in outcomes):.0f}",
    ]


def reached(data: str, outcomes: Sequence[Outcome], asked: int) -> list[str]:
    """Each goal of the best recipe, which all trials should meet."""

    def judged(name: str, good: Sequence[bool], worst: str) -> str:
        met = all(good) and len(good) >= asked
        return f"- {data}, {BEST}: {worst} in {len(outcomes)} trials; " + results.goal(
            f"{name} in all of {asked} trials", met
        )

    return [
        judged(
            f"{MODES[data]} modes",
            [one.modes == MODES[data] for one in outcomes],
            f"fewest modes {min(one.modes for one in outcomes)}",
        ),
        judged(
            "high quality at least 95 %",
            [one.high_quality >= 0.95 for one in outcomes],
            f"least high quality {min(one.high_quality for one in outcomes):.1%}",
        ),
        judged(
            "reverse KL at most 0.02",
            [one.reverse_kl <= 0.02 for one in outcomes],
            f"largest reverse KL {max(one.reverse_kl for one in outcomes):.4f}",
        ),
    ]


COLUMNS = ["trials", "modes", "high quality, %", "reverse KL, nats", "width", "steps", "s a trial"]


def body(found: Mapping[tuple[str, str], Sequence[Outcome]], settings: argparse.Namespace) -> str:
    lines = [
        f"Mean ± standard error of {SAMPLES:,} samples a trial; high quality can be 98.9 % at most. PacGAN's rows are its "
        f"networks, data and optimiser, shortened: {settings.steps:,} steps of 100 examples at a rate that falls from "
        f"{settings.rate:g} to 0, where the paper takes 400,000 at 0.0001. They show what this effort reaches, not what the "
        "method can; the paper's own numbers stand beside them. width: the modes' typical width over the true one; below 1, "
        "modes are too narrow. Seconds are of one thread, on a machine that others used too."
    ]
    for data in MODES:
        rows = [[row, *cells(found.get((data, row), [])), PUBLISHED.get((data, row), "")] for row in (*ROWS, BEST)]
        if any((data, row) in found for row in (*ROWS, BEST)):
            lines += [f"### {data}", results.table(["row", *COLUMNS, "paper: modes / high quality / KL"], rows)]
        if (data, BEST) in found:
            lines.append("\n".join(reached(data, found[data, BEST], TRIALS)))
        less = [
            [f"without {name}", *cells(found[data, f"without {name}"])]
            for name in WITHOUT
            if (data, f"without {name}") in found
        ]
        if less and (data, BEST) in found:
            lines.append(f"What the ingredients of the best recipe are worth on the {data}, one left out at a time:")
            lines.append(results.table(["row", *COLUMNS], [[BEST, *cells(found[data, BEST])], *less]))
    return "\n\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=TRIALS, help="of the best recipe")
    parser.add_argument("--others", type=int, default=TRIALS, help="of PacGAN's rows")
    parser.add_argument("--ablation", type=int, default=ABLATION_TRIALS, help="of every ingredient left out")
    parser.add_argument("--steps", type=int, default=2_000, help="of PacGAN's rows; the paper's are 400,000")
    parser.add_argument(
        "--rate", type=float, default=1e-3, help="PacGAN's rows' rate at the start; the paper's is 1e-4"
    )
    parser.add_argument(
        "--only", nargs="+", metavar="ROW", help="train these rows alone: the beginning of a row's name"
    )
    parser.add_argument("--data", nargs="+", choices=list(MODES), default=list(MODES), help="train on these alone")
    parser.add_argument("--train", action="store_true", help="only train")
    parser.add_argument("--judge", action="store_true", help="only write what is kept")
    add_options(parser)
    settings = parser.parse_args(arguments)
    if settings.quick:
        settings.trials = settings.others = 2
    wanted = trials(settings)
    with outcomes_file("pacgan", settings.keep, quick=settings.quick) as file:
        if not settings.judge:
            chosen = [one for one in wanted if one.data in settings.data]
            chosen = [one for one in chosen if not settings.only or one.row.startswith(tuple(settings.only))]
            train_missing(chosen[settings.part], file, settings.minutes, train, describe)
        if settings.train:
            return 0
        found: dict[tuple[str, str], list[Outcome]] = {}
        for trial, outcome in read_outcomes(wanted, file, Outcome):
            found.setdefault((trial.data, trial.row), []).append(outcome)
        measured_at = origin(wanted, file)
    text = body(found, settings)
    print(text)
    if found and not settings.quick and not settings.only:
        results.write(SECTION, text, origin=measured_at)
    return 0


if __name__ == "__main__":
    sys.exit(main())
