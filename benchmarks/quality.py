"""How well the shipped recipes learn, over seeds: reconstruction of MNIST, and what faster arithmetic does to samples.

python benchmarks/quality.py [--only NAME ...] [--seeds N] [--quick]

- reconstruction: S1 and S2 (`autoencoder-mnist`, `vae-mnist`) on the real MNIST, beside PCA with 3 components
- bf16-digits, bf16-mnist: a DCGAN in both arithmetics, the same seeds
- fresh-noise: a DCGAN whose generator moves on noise of its own, or on the samples the discriminator has just seen

About 15 minutes on two cores. A section of RESULTS.md is written when all that belongs to it was measured with at least the
seeds it wants; never with --quick, which only shows that everything runs.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import results
from saddlepoint import data, models
from saddlepoint.data import Batches, Dataset
from saddlepoint.evaluation.monitors.quality import Quality
from saddlepoint.evaluation.settings import EvaluationSettings
from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval
from saddlepoint.models.base import Model
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.objectives.reconstruction import l2
from saddlepoint.recipe import Recipe
from saddlepoint.training import Devices, TrainingState, play
from saddlepoint.training.threads import threads_for, using_threads
from sides.quiet import LIMIT, awaited_quiet

RECONSTRUCTION, ARITHMETIC = "Reconstruction on MNIST", "bf16 against fp32"
S1, S2 = "autoencoder-mnist", "vae-mnist"
COMPONENTS = 3  # as many numbers as the codes of S1 and S2
BOUND_SAMPLES = 64
NEWS = 15.0  # seconds between two lines of progress


@dataclass(frozen=True)
class Effort:
    """Seeds in place of each measurement's own number, most steps, test images, samples behind an energy distance."""

    seeds: int | None = None
    steps: int | None = None
    images: int | None = None
    samples: int = 2_000

    def length(self, steps: int) -> int:
        return min(steps, self.steps or steps)


@dataclass(frozen=True)
class Pairing:
    """One recipe with a setting at its `base` and at its `other` value, seed by seed; with `steps` None, the recipe's."""

    title: str
    recipe: str
    seeds: int
    setting: str
    base: Any
    other: Any
    names: tuple[str, str]
    steps: int | None = None


PAIRINGS = {
    "bf16-digits": Pairing(
        "dcgan-digits", "dcgan-digits", 4, "training.precision", "fp32", "bf16", ("fp32", "bf16"), 1_500
    ),
    # The recipes' own lengths would take an hour together.
    "bf16-mnist": Pairing("dcgan-mnist", "dcgan-mnist", 3, "training.precision", "fp32", "bf16", ("fp32", "bf16"), 250),
    "fresh-noise": Pairing(
        "dcgan-digits", "dcgan-digits", 4, "model.noise.fresh", False, True, ("shared noise", "fresh noise"), 1_500
    ),
}
RECONSTRUCTION_SEEDS = 3


@dataclass(frozen=True)
class Outcome:
    """The outcome of one training run."""

    energy: float
    seconds: float


@dataclass(frozen=True)
class Paired:
    """Both sides of a pairing, one outcome a seed, and how they were made."""

    pairing: Pairing
    steps: int
    recipe_steps: int
    precision: str
    floor: float | None
    points: tuple[int, int]
    base: list[Outcome]
    other: list[Outcome]

    @property
    def differences(self) -> list[float]:
        return [b.energy - a.energy for a, b in zip(self.base, self.other, strict=True)]

    @property
    def interval(self) -> Interval | None:
        """95 % for the mean difference, by Student's t; None for a single seed."""
        return mean_interval(torch.tensor(self.differences)) if len(self.base) > 1 else None

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds of the base."""
        return deviation([outcome.energy for outcome in self.base])


class Trainer:
    """Trains recipes on the processor as a run does, without pictures and records; keeps the data and the DCGANs' outcomes."""

    def __init__(self, effort: Effort) -> None:
        self.effort = effort
        self._datasets: dict[str, Dataset] = {}
        self._qualities: dict[str, Quality] = {}
        self._outcomes: dict[str, Outcome] = {}

    def dataset(self, recipe: Recipe) -> Dataset:
        if recipe.data.source not in self._datasets:
            self._datasets[recipe.data.source] = data.load(recipe.data)
        return self._datasets[recipe.data.source]

    def quality(self, recipe: Recipe) -> Quality:
        """One quality measurement for all runs on the same data: the same features, held-out examples and noise."""
        if recipe.data.source not in self._qualities:
            settings = EvaluationSettings(samples=self.effort.samples)
            self._qualities[recipe.data.source] = Quality(self.dataset(recipe), settings)
        return self._qualities[recipe.data.source]

    def started(self, recipe: Recipe) -> tuple[Model, Devices]:
        model = models.build(recipe.model, self.dataset(recipe).event, seed=recipe.training.seed)
        return model, Devices.choose("cpu", recipe.training.precision, model)

    def trained(self, recipe: Recipe, title: str) -> tuple[Model, TrainingState]:
        """The model after `training.steps`, with progress every few seconds."""
        training = recipe.training
        model, devices = self.started(recipe)
        batches = Batches(self.dataset(recipe), training.batch_size, training.seed, devices.device, model.scaling)
        say(f"{title}: {training.steps:,} steps in {devices.precision} ...")
        reported = time.monotonic()
        with using_threads(threads_for(model, training.batch_size, training.threads)):
            state = TrainingState.start(model, training, devices)
            for record in play(model, batches, training, state):
                if record is not None and time.monotonic() - reported > NEWS:
                    reported = time.monotonic()
                    say(f"  step {record.step:,}, {record.values['time/steps_per_second']:.0f} steps/s")
        return model, state

    def outcome(self, recipe: Recipe, title: str) -> Outcome:
        """Energy distance of the averaged generator; a finished run is not trained again."""
        key = recipe.to_yaml()
        if key not in self._outcomes:
            model, state = self.trained(recipe, title)
            with state.averaged(model):
                energy = self.quality(recipe).measure(model)
            self._outcomes[key] = Outcome(energy, state.seconds)
            say(f"  energy distance {energy:.4f}, {state.seconds:.1f} s")
        return self._outcomes[key]

    def paired(self, pairing: Pairing) -> Paired:
        """Both sides, seed by seed; every second seed begins with the other side, so that neither is always warmer."""
        recipe = Recipe.load(pairing.recipe)
        steps = self.effort.length(pairing.steps or recipe.training.steps)
        changed = recipe.override({"training.steps": steps})
        # "auto" said in full, so that one and the same training is known by one name.
        changed = changed.override({"training.precision": self.started(changed)[1].precision})
        sides: tuple[list[Outcome], list[Outcome]] = ([], [])
        for seed in range(self.effort.seeds or pairing.seeds):
            for side in (0, 1) if seed % 2 == 0 else (1, 0):
                value = (pairing.base, pairing.other)[side]
                one = changed.override({pairing.setting: value, "training.seed": seed})
                sides[side].append(self.outcome(one, f"{pairing.title}, {pairing.names[side]}, seed {seed}"))
        quality, dataset = self.quality(recipe), self.dataset(recipe)
        held_out = len(dataset.held_out) if dataset.held_out is not None else len(dataset)
        points = (self.effort.samples, min(self.effort.samples, held_out))
        precision = changed.training.precision
        return Paired(pairing, steps, recipe.training.steps, precision, quality.baseline, points, *sides)


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def deviation(values: list[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0


def spread(values: list[float], digits: str = ".2f") -> str:
    """Mean ± standard deviation over seeds."""
    return f"{statistics.fmean(values):{digits}} ± {deviation(values):{digits}}"


def s1_errors(model: Model, x: Tensor) -> dict[str, float]:
    """Squared error an image of the raw network output, pixels in [0, 1]."""
    series = model.held_out_series(x, torch.Generator().manual_seed(0))
    return {"squared": float(series["ae/held_out_reconstruction"].mean())}


def s2_errors(model: Any, x: Tensor) -> dict[str, float]:
    """`squared` of the decoded mean of q(z | x); the others in nats an image."""
    inputs = model.model_units(x)
    with evaluating(model.player):
        decoded = model.player.decoder(model.player.heads(inputs)[0]).sigmoid()
    series = model.held_out_series(x, torch.Generator().manual_seed(0))
    return {
        "squared": float(l2(decoded, inputs).mean()),
        "reconstruction": float(series["vae/held_out_reconstruction"].mean()),
        "elbo": float(series["vae/held_out_bound"].mean()),
        "bound": float(model.log_prob(x, samples=BOUND_SAMPLES).mean()),
    }


def linear_errors(train: Tensor, test: Tensor) -> tuple[float, float]:
    """Squared error of test images by PCA and by the mean image of the training images: (N, *event) uint8 each."""
    from sklearn.decomposition import PCA

    x, y = (images.flatten(1).double().div_(255).numpy() for images in (train, test))
    pca = PCA(COMPONENTS, svd_solver="covariance_eigh").fit(x)
    residual = y - pca.inverse_transform(pca.transform(y))
    return float((residual**2).sum(1).mean()), float(((y - pca.mean_) ** 2).sum(1).mean())


def reconstruction(trainer: Trainer) -> str:
    """S1, S2, PCA and the mean image on the test images."""
    effort = trainer.effort
    recipe = Recipe.load(S1)
    dataset = trainer.dataset(recipe)
    assert dataset.held_out is not None  # MNIST has a test part of its own
    test = dataset.held_out.x[: effort.images]
    pca, mean = linear_errors(dataset.x, test)
    seeds = range(effort.seeds or RECONSTRUCTION_SEEDS)
    found: dict[str, dict[str, list[float]]] = {S1: {}, S2: {}}
    for name, errors in ((S1, s1_errors), (S2, s2_errors)):
        recipe = Recipe.load(name)
        steps = effort.length(recipe.training.steps)
        for seed in seeds:
            one = recipe.override({"training.steps": steps, "training.seed": seed})
            model, state = trainer.trained(one, f"{name}, seed {seed}")
            values = errors(model, test) | {"seconds": state.seconds}
            say("  " + ", ".join(f"{quantity} {value:.2f}" for quantity, value in values.items()))
            for quantity, value in values.items():
                found[name].setdefault(quantity, []).append(value)
    pixels = dataset.event.size
    rows = [
        [
            title,
            spread(found[name]["squared"]),
            spread([error / pixels for error in found[name]["squared"]], ".5f"),
            spread(found[name]["seconds"], ".1f"),
        ]
        for title, name in (("S1, autoencoder, 3-D code", S1), ("S2, VAE, 3-D code, decoded mean", S2))
    ]
    rows += [
        [title, f"{error:.2f}", f"{error / pixels:.5f}", ""]
        for title, error in ((f"PCA, {COMPONENTS} components", pca), ("mean image", mean))
    ]
    nats = [
        ["reconstruction, -E log p(x given z)", spread(found[S2]["reconstruction"])],
        ["evidence lower bound", spread(found[S2]["elbo"])],
        [f"importance bound on log p(x), {BOUND_SAMPLES} samples", spread(found[S2]["bound"])],
    ]
    better = "less" if statistics.fmean(found[S1]["squared"]) < pca else "not less"
    return (
        f"The recipes `{S1}` and `{S2}`, {steps:,} steps each, trained on {len(dataset):,} images of MNIST; mean ± standard "
        f"deviation over\n{len(seeds)} seed(s), on the {len(test):,} test images. Squared error: summed over the {pixels} pixels of an image, "
        f"each in [0, 1],\nthen averaged over images; nothing is clamped or rounded. S1's is {better} than that of PCA.\n\n"
        + results.table(["", "squared error an image", "a pixel", "seconds of training"], rows)
        + "\n\nS2 in nats an image (Bernoulli; pixels between 0 and 1 are taken as they are):\n\n"
        + results.table(["", "nats"], nats)
    )


def verdict(found: Paired) -> str:
    """The interval compared with zero and with the spread of the seeds, in words."""
    base, other = found.pairing.names
    if found.interval is None:
        return f"{found.pairing.title}: one seed has no interval."
    low, high, scatter = found.interval.low, found.interval.high, found.spread
    zero = "holds 0: no difference is shown" if low <= 0 <= high else f"lies {'above' if low > 0 else 'below'} 0"
    excludes = -scatter <= low and high <= scatter
    return (
        f"{found.pairing.title}: {other} minus {base} is {found.interval.value:+.4f}, 95 % [{low:+.4f}, {high:+.4f}], which {zero}. "
        f"It {'excludes' if excludes else 'does not exclude'}\na difference larger than the seed spread "
        f"({scatter:.4f}, the standard deviation of {base} over {len(found.base)} seeds)."
    )


def paired_tables(rows: Mapping[str, Paired]) -> str:
    """Every seed's pair, then what the differences say."""
    blocks = []
    for found in rows.values():
        base, other = found.pairing.names
        table = [
            [
                seed,
                f"{a.energy:.4f}",
                f"{b.energy:.4f}",
                f"{b.energy - a.energy:+.4f}",
                f"{a.seconds:.1f}",
                f"{b.seconds:.1f}",
            ]
            for seed, (a, b) in enumerate(zip(found.base, found.other, strict=True))
        ]
        both = (found.base, found.other)
        energies = [[o.energy for o in side] for side in both]
        table.append(
            [
                "mean ± sd",
                *(spread(values, ".4f") for values in energies),
                f"{statistics.fmean(found.differences):+.4f} ± {deviation(found.differences):.4f}",
                *(spread([o.seconds for o in side], ".1f") for side in both),
            ]
        )
        shortened = "" if found.steps == found.recipe_steps else f", shortened from the recipe's {found.recipe_steps:,}"
        arithmetic = "" if found.pairing.setting == "training.precision" else f", {found.precision}"
        floor = "" if found.floor is None else f"; real training images reach {found.floor:.4f}"
        blocks.append(
            f"### {found.pairing.title}: {base} and {other}\n\n"
            f"{found.steps:,} steps{shortened}{arithmetic}; {found.points[0]:,} samples against {found.points[1]:,} held-out images{floor}.\n\n"
            + results.table(["seed", base, other, "difference", f"seconds, {base}", f"seconds, {other}"], table)
            + f"\n\n{verdict(found)}"
        )
    return (
        "Energy distance of the averaged generator's samples to held-out images (lower is better), on the same noise "
        "at every\nmeasurement. Pairs share recipe, seed, first weights and order of data; the interval is Student's t over "
        "the pairs'\ndifferences. Two trainings part from the "
        "smallest rounding on,\nand few seeds leave the interval wide: what it excludes is what is shown, no more.\n\n"
        + "\n\n".join(blocks)
    )


def mnist_is_here() -> bool:
    """Whether MNIST is on this machine; nothing is downloaded for a benchmark."""
    own = os.environ.get("SADDLEPOINT_DATA")
    return bool(own) and (Path(own) / "mnist").is_dir()


def main(argv: list[str]) -> int:
    names = ["reconstruction", *PAIRINGS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--seeds", type=int, help="seeds of everything (default: 3, and 4 of dcgan-digits)")
    parser.add_argument("--quick", action="store_true", help="a few steps of one seed; writes nothing")
    arguments = parser.parse_args(argv)
    if arguments.seeds is not None and arguments.seeds < 2:
        parser.error("--seeds: at least 2, for a spread")
    if {"reconstruction", "bf16-mnist"} & set(arguments.only) and not mnist_is_here():
        print("quality: there is no MNIST in $SADDLEPOINT_DATA/mnist; put its four files there.", file=sys.stderr)
        return 2
    effort = Effort(1, 4, 200, 100) if arguments.quick else Effort(arguments.seeds)
    busy = None if arguments.quick else awaited_quiet()
    if busy is not None and busy > LIMIT:
        say(f"The machine is busy ({busy:.1f} cores): the scores hold, the seconds do not.")
    load = os.getloadavg()[0] if busy is None else busy

    def publish(name: str, body: str, *, complete: bool) -> None:
        print(f"\n## {name}\n\n{body}", flush=True)
        if complete and not arguments.quick:
            results.write(name, body, load=load)

    trainer = Trainer(effort)
    if "reconstruction" in arguments.only:
        few = effort.seeds is not None and effort.seeds < RECONSTRUCTION_SEEDS
        publish(RECONSTRUCTION, reconstruction(trainer), complete=not few)
    found = {name: trainer.paired(PAIRINGS[name]) for name in PAIRINGS if name in arguments.only}
    if found:
        enough = all(len(one.base) >= one.pairing.seeds for one in found.values())
        publish(ARITHMETIC, paired_tables(found), complete=enough and len(found) == len(PAIRINGS))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
