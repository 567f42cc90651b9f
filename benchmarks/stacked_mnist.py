"""Modes of Stacked MNIST: five games with PacGAN's small discriminators at one budget, and the recipe `stacked-mnist`.

    python benchmarks/stacked_mnist.py --keep DIR [--seeds N] [--minutes M] [--part I/N] [--only ROW ...] [--train] [--quick]

A trial that is finished is kept in --keep and not done again, so that the table can grow over several calls; trials come in
rounds, one of every row, so that what is there at any time is comparable. The section of RESULTS.md is written when all
trials are there. --quick trains a few steps of every row with few data, reads the samples with a classifier that has hardly
been trained, and writes nothing.

Protocol: 128,000 stacked images, 26,000 samples, each channel read by a classifier of single digits (`sides/digit_reader.py`),
the number of the 1,000 modes found and KL(samples || equal shares) in nats. As many real test images, stacked afresh, are
read as well: what perfect samples would score.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from trials import train_missing

SECTION = "Modes of Stacked MNIST"
SAMPLES, MODES = 26_000, 1_000
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
        steps: of the generator, which took about nine minutes on one core.
        settings: that differ from `GAME`.
    """

    steps: int
    settings: dict[str, Any]


ROWS = {
    "DCGAN": Row(12_000, {}),
    "PacGAN2": Row(12_000, {"model.discriminator.packing": 2}),
    "WGAN-GP": Row(
        2_400,
        {
            **_NO_NORM,
            **_NO_MOMENTUM,
            "model.objective": "wasserstein",
            "model.penalties.gradient_penalty": 10.0,
            "model.updates.discriminator": 5,
        },
    ),
    "SNGAN": Row(10_000, {**_NO_NORM, "model.objective": "hinge", "model.constraints.discriminator": "spectral"}),
    "R3GAN-like": Row(
        7_000,
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
    """A recipe of a row, with its seed, and what is needed to measure it."""

    row: str
    seed: int
    recipe: Any
    reader: Any
    samples: int

    def place(self, keep: Path) -> Path:
        """Its file, under a hash of all that determines the outcome except the code."""
        decisive = [self.recipe.model_dump(mode="json", include={"data", "model", "training"}), self.samples]
        seal = hashlib.sha256(json.dumps(decisive, sort_keys=True, default=str).encode()).hexdigest()[:12]
        return keep / f"{self.row.split()[-1]}-{seal}-{self.seed}.json"


def recipes(quick: bool) -> dict[str, Any]:
    """The recipe of every row, by its name."""
    from saddlepoint.recipe import Recipe

    game = Recipe.from_mapping({"name": "stacked-mnist-game", **GAME})
    found = {name: game.override({**row.settings, "training.steps": row.steps}) for name, row in ROWS.items()}
    found[f"recipe {RECIPE}"] = Recipe.load(RECIPE)
    few = {"training.steps": 2, "data.points": 200} if quick else {}
    return {name: recipe.override(few) for name, recipe in found.items()}


def trials(seeds: int, quick: bool, reader: Any) -> list[Trial]:
    """All trials, in rounds of one of every row."""
    samples = 100 if quick else SAMPLES
    return [
        Trial(name, seed, recipe.override({"training.seed": seed}), reader, samples)
        for seed in range(seeds)
        for name, recipe in recipes(quick).items()
    ]


def train(trial: Trial) -> Outcome:
    """Train as a run does, without records and pictures, and read samples of the averaged generator."""
    import torch

    from saddlepoint.data import load
    from saddlepoint.data.batches import Batches
    from saddlepoint.models import build
    from saddlepoint.training import Devices, TrainingState, play

    torch.set_num_threads(1)
    recipe = trial.recipe
    dataset = load(recipe.data)
    training = recipe.training.model_copy(update={"tick": recipe.training.steps})
    model = build(recipe.model, dataset.event, seed=training.seed)
    state = TrainingState.start(model, training, Devices(torch.device("cpu"), "fp32"))
    batches = Batches(dataset, training.batch_size, training.seed, "cpu", model.scaling)
    for _ in play(model, batches, training, state):
        pass
    with state.averaged(model):
        samples = model.sample(trial.samples, generator=torch.Generator().manual_seed(10_000 + training.seed))
    modes, kl = count_modes(samples, trial.reader)
    return Outcome(modes, kl, state.step, state.seconds)


def count_modes(x: Any, reader: Any) -> tuple[int, float]:
    """The modes among images (N, 3, H, W), and their KL from equal shares in nats; no mode if images are not finite.

    Args:
        x: images in the data's units.
        reader: (n, 1, H, W) -> (n, 10) probabilities of the digits.
    """
    from saddlepoint.evaluation.metrics.classifier_scores import category_report
    from saddlepoint.evaluation.metrics.stacked_modes import stacked_labels

    if not x.isfinite().all():
        return 0, math.log(MODES)  # as far from equal shares as can be
    found = category_report(stacked_labels(x, reader), MODES)
    return found.covered, found.kl


def measure_real(reader: Any, samples: int, points: int) -> tuple[int, float]:
    """What as many stacks of real test images score.

    Args:
        reader: the classifier of digits.
        samples: the number of images.
        points: training images, more than `samples`: the data with which the rows were trained.
    """
    from saddlepoint.data import DataSettings, load

    dataset = load(DataSettings(source="stacked-mnist", points=points, held_out=samples / points))
    assert dataset.held_out is not None
    return count_modes(dataset.held_out.x, reader)


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished trial."""
    return f"{trial.row}, seed {trial.seed}: {outcome.modes} modes, KL {outcome.kl:.4f}"


def read(wanted: Sequence[Trial], keep: Path) -> dict[str, list[Outcome]]:
    """The finished trials by row."""
    found: dict[str, list[Outcome]] = {}
    for trial in wanted:
        if trial.place(keep).exists():
            found.setdefault(trial.row, []).append(Outcome(**json.loads(trial.place(keep).read_text("utf-8"))))
    return found


def spread(values: Sequence[float], digits: int) -> str:
    """Mean ± standard error; the mean alone of a single value."""
    mean = f"{statistics.mean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values) / len(values) ** 0.5:.{digits}f}" if len(values) > 1 else mean


def cells(outcomes: Sequence[Outcome]) -> list[str]:
    """A row's part of the table that is measured."""
    return [
        str(len(outcomes)),
        spread([one.modes for one in outcomes], 1),
        spread([one.kl for one in outcomes], 3),
        f"{outcomes[0].steps:,}",
        f"{statistics.median(one.seconds for one in outcomes) / 60:.1f}",
    ]


def body(found: Mapping[str, Sequence[Outcome]], real: tuple[int, float], accuracy: float) -> str:
    """The section: our table with its goal, and the published numbers apart from it."""
    ours = [["real test images", "-", str(real[0]), f"{real[1]:.3f}", "-", "-"]]
    ours += [[name, *cells(outcomes)] for name, outcomes in found.items()]
    best = found.get(f"recipe {RECIPE}", [])
    reached = bool(best) and all(one.modes == MODES and one.kl <= LARGEST_KL for one in best)
    text = results.goal(f"{MODES:,} modes and KL at most {LARGEST_KL} in every trial of the recipe {RECIPE}", reached)
    worst = (
        f"fewest modes {min(one.modes for one in best)}, largest KL {max(one.kl for one in best):.3f}; " if best else ""
    )
    settings = GAME["training"]
    return "\n\n".join(
        [
            f"Mean ± standard error over trials. {SAMPLES:,} samples of the averaged generator; a small convolutional classifier "
            f"with a test accuracy of {accuracy:.2%} reads the digits; KL(samples || equal shares) in nats, of which equal shares "
            f"would show about {(MODES - 1) / (2 * SAMPLES):.3f}. Real test images, stacked afresh, show the least to expect.",
            "The five games have one generator and one discriminator, those of PacGAN's table 3 as near as our networks come to "
            "them: channels 32-16 and 4-8, where the paper has 64-32-16-8 and 4-8-16; no BatchNorm in a discriminator with a "
            f"penalty or constraint. Noise of {GAME['model']['latent']} numbers, batches of {settings['batch_size']}, Adam with a "
            f"rate that falls from {settings['optimiser']['learning_rate']:g} to 0, and as many steps as take about nine minutes "
            "on one core. The paper trains for 500,000 steps of 128 examples at rates of 0.0002 and 0.0001. The rows show what this "
            "effort reaches, not what a method can. The recipe has larger networks and a budget of its own. Minutes are of one "
            "thread, on a machine that others used too.",
            results.table(["row", "trials", "modes", "KL, nats", "steps", "min a trial"], ours),
            f"Recipe {RECIPE}: {worst}{text}",
            "Published, each with networks, budget, number of samples and classifier of its own, so that rows compare within one source only:",
            results.table(["source", "row", "modes", "KL, nats"], PUBLISHED),
        ]
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="folder of finished trials and of the classifier; without it they are thrown away",
    )
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--minutes", type=float, default=math.inf, help="no trial is begun after this time")
    parser.add_argument("--part", default="0/1", metavar="I/N", help="train every Nth trial from the Ith on")
    parser.add_argument("--only", nargs="+", metavar="ROW", help="train these rows alone: the end of a row's name")
    parser.add_argument("--train", action="store_true", help="only train")
    parser.add_argument("--quick", action="store_true", help="two steps of every row; writes nothing")
    arguments = parser.parse_args(argv)

    import torch

    from sides.digit_reader import STEPS, read_digits

    torch.set_num_threads(1)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch:
        keep = arguments.keep or Path(scratch)
        reader = read_digits(keep, 20 if arguments.quick else STEPS)
        wanted = trials(1 if arguments.quick else arguments.seeds, arguments.quick, reader)
        part, parts = map(int, arguments.part.split("/"))
        chosen = [one for one in wanted if not arguments.only or one.row.endswith(tuple(arguments.only))]
        train_missing(chosen[part::parts], keep, arguments.minutes, train, describe)
        if arguments.train:
            return 0
        found = read(wanted, keep)
    real = measure_real(reader, wanted[0].samples, wanted[0].recipe.data.points)
    text = body(found, real, reader.accuracy)
    print(text)
    if arguments.quick:
        return 0
    if sum(map(len, found.values())) < len(wanted):
        print("Trials are missing, so nothing is written.", file=sys.stderr)
        return 0
    results.write(SECTION, text, load=load)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
