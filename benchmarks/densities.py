"""Densities in the plane: how far models of every family are from known distributions, in nats.

    python benchmarks/densities.py [--keep DIR] [--data ring grid moons spirals] [--seeds N] [--minutes M] [--part I/N] [--page]
        [--picture FILE] [--quick]

A finished run is in outcomes/densities.jsonl and not done again, so that the table can grow over several calls. Runs come in rounds, one
of every model. --quick trains a few steps of each model on one data set and writes nothing.

The truth p is known exactly. Two numbers are measured of every model q, on the same new points of p:

- KL(p || q) by the model's own density: exact for flows and mixtures, up to the error of the integration for diffusion
  models, and at least the true value for VAEs, whose density is a lower bound. A GAN has none.
- KL(p || kernel estimate of 10,000 samples), with the bandwidth that is best for other points of p. It is the same for all models, and it is
  not 0 for samples of p itself, which are a row of the table.

Models have recipes of their own and different costs, which the table shows. Families that are not installed are left out.
"""

from __future__ import annotations

import math
import os
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from tables.outcomes import group_outcomes, origin, outcomes_file, recipe_key
from tables.trials import SHORT, argument_parser, train_missing

SEEDS = 3
POINTS, SAMPLES, SHOWN = 2_000, 10_000, 300  # of the truth; behind a kernel estimate; in the picture
BANDWIDTHS = tuple(0.005 * 1.5**k for k in range(12))
TRUTH = "samples of the truth"
DATA: dict[str, dict[str, Any]] = {
    "ring": {"data.source": "ring", "data.scale": 0.05},
    "grid": {"data.source": "grid", "data.scale": 0.2},
    "moons": {"data.source": "moons"},
    "spirals": {"data.source": "spirals"},
}
NO_PICTURES = {"training.sample_every": 10**9, "evaluation.every": 10**9}
COMPONENTS = {"ring": 8, "grid": 25, "moons": 20, "spirals": 60}
_WIDE = [128, 128, 128]
_VAE = {
    "model.likelihood": "gaussian-learnt",
    "model.latent": 2,
    "model.encoder.hidden": _WIDE,
    "model.decoder.hidden": _WIDE,
    "model.importance_samples": 500,
    "training.steps": 5_000,
    "training.optimiser.schedule": "cosine",
}


@dataclass(frozen=True)
class Row:
    """One model of the table.

    Attributes:
        family: the name of its family.
        recipe: the shipped recipe that it is made from.
        settings: that differ from it.
    """

    family: str
    recipe: str
    settings: Mapping[str, Any]


ROWS = {
    "neural spline flow": Row("flow", "flow-moons", {}),
    "RealNVP": Row("flow", "flow-moons", {"model.flow": "realnvp", "model.transforms": 10}),
    "diffusion (EDM)": Row("diffusion", "diffusion-moons", {}),
    "flow matching": Row("diffusion", "flow-matching-moons", {}),
    "Gaussian mixture (EM)": Row("classical", "mixture-ring", {"training.steps": 100, "training.batch_size": 10**6}),
    "VAE": Row("vae", "vae-mnist", _VAE),
    "GAN": Row("gan", "toy-ring-best", {}),
}


@dataclass(frozen=True)
class Outcome:
    """The outcome of one run; nats per point.

    Attributes:
        own: KL(p || q) by the model's own density; None without one.
        own_error: its standard error.
        kernel: KL of the truth to the kernel estimate of samples.
        bound: whether the own density is a lower bound.
        seconds: of training, without measurements.
        parameters: trained numbers.
        samples: some samples of the first seed, for the picture; empty for other seeds, so that the file of outcomes stays small.
    """

    own: float | None
    own_error: float | None
    kernel: float
    bound: bool
    seconds: float
    parameters: int
    samples: Sequence[Sequence[float]]


@dataclass(frozen=True)
class Trial:
    """One run: data, row of the table, and seed."""

    data: str
    row: str
    seed: int
    quick: bool = False

    @cached_property
    def recipe(self) -> Any:
        """The recipe of the run; that of the data for the truth itself."""
        from saddlepoint.recipe import Recipe

        row = ROWS.get(self.row, ROWS["GAN"])
        own = {"model.components": COMPONENTS[self.data]} if row.family == "classical" else {}
        short = SHORT if self.quick else {}
        data = {"data.points": 20_000, **DATA[self.data]}
        return Recipe.load(row.recipe).override(
            {**row.settings, **own, **data, **NO_PICTURES, "training.seed": self.seed, **short}
        )

    @property
    def key(self) -> str:
        """The key of its outcome."""
        return recipe_key(f"{self.data}-{self.row}-{self.seed}", self.recipe, self.row, POINTS, SAMPLES)


def trials(data: Sequence[str], seeds: int, quick: bool) -> list[Trial]:
    """All trials, in rounds of one of every model; models of missing families are left out."""
    from saddlepoint.models.settings import FAMILIES

    rows = [TRUTH, *(name for name, row in ROWS.items() if row.family in FAMILIES)]
    return [Trial(name, row, seed, quick) for seed in range(seeds) for name in data for row in rows]


def kernel_log_prob(samples: Any, x: Any, bandwidth: float) -> Any:
    """Log density of the kernel estimate of samples (M, 2) at points (N, 2), with Gaussian kernels: (N,) nats."""
    import torch

    values = [(-(part[:, None] - samples).square().sum(2) / (2 * bandwidth**2)).logsumexp(1) for part in x.split(100)]
    return torch.cat(values) - math.log(len(samples) * 2 * math.pi * bandwidth**2)


def train(trial: Trial) -> Outcome:
    """Train one model and measure it."""
    import torch

    import saddlepoint as sp
    from saddlepoint.data import load
    from saddlepoint.models.capabilities import HasDensity, has

    torch.set_num_threads(1)
    truth = load(trial.recipe.data).truth
    generator = torch.Generator().manual_seed(10_000 + trial.seed)
    points, count = (100, 500) if trial.quick else (POINTS, SAMPLES)
    x, others = (truth.sample(points, generator)[0] for _ in range(2))
    log_p = truth.log_prob(x).double()
    own = error = None
    bound, seconds, parameters = False, 0.0, 0
    if trial.row == TRUTH:
        samples = truth.sample(count, generator)[0]
    else:
        with tempfile.TemporaryDirectory() as folder:
            run = sp.train(trial.recipe, run=Path(folder) / "run", pictures=False)
            model = run.model
            seconds = float(list(run.records)[-1].seconds)
        parameters = sum(model.parameter_counts().values())
        samples = model.sample(count, generator=generator)
        if has(model, HasDensity):
            difference = log_p - model.log_prob(x).detach().double()
            own, error = float(difference.mean()), float(difference.std()) / math.sqrt(len(x))
            bound = model.log_prob_kind == "lower bound"
    samples, scale = samples.double(), float(x.double().std())
    best = max(
        BANDWIDTHS, key=lambda width: float(kernel_log_prob(samples, others[:500].double(), width * scale).mean())
    )
    kernel = float((log_p - kernel_log_prob(samples, x.double(), best * scale)).mean())
    shown = [[round(float(value), 2) for value in point] for point in samples[: SHOWN if trial.seed == 0 else 0]]
    return Outcome(own, error, kernel, bound, seconds, parameters, shown)


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished run."""
    own = "no density" if outcome.own is None else f"KL {outcome.own:.3f}"
    return f"{trial.data}, {trial.row}, seed {trial.seed}: {own}, kernel estimate {outcome.kernel:.3f}"


def read(wanted: Sequence[Trial], file: Path) -> dict[str, dict[str, list[Outcome]]]:
    """The finished runs by data and row."""
    by_data = {
        data: group_outcomes([one for one in wanted if one.data == data], file, Outcome, lambda one: one.row)
        for data in dict.fromkeys(one.data for one in wanted)
    }
    return {data: models for data, models in by_data.items() if models}


def rows(models: Mapping[str, Sequence[Outcome]]) -> list[list[str]]:
    """The rows of one data set's table, the best kernel estimate first."""
    lines = []
    for name, outcomes in models.items():
        own = [outcome.own for outcome in outcomes if outcome.own is not None]
        words = "none" if not own else results.with_interval(own, 3)
        if own and outcomes[0].bound:
            words = f"at most {words}"
        kernel = [outcome.kernel for outcome in outcomes]
        lines.append(
            (
                statistics.fmean(kernel),
                [
                    name,
                    words,
                    results.with_interval(kernel, 3),
                    f"{statistics.median(outcome.seconds for outcome in outcomes):.0f}",
                    f"{outcomes[0].parameters:,}",
                    str(len(outcomes)),
                ],
            )
        )
    return [cells for _, cells in sorted(lines, key=lambda line: line[0])]


def page(found: Mapping[str, Mapping[str, Sequence[Outcome]]]) -> str:
    """The tables as Markdown."""
    parts = [
        f"KL divergence of the truth to the model, nats per point, on {POINTS:,} new points; mean over seeds with its 95 % interval. "
        f"The kernel estimate is of {SAMPLES:,} samples, with the bandwidth that is best for other points of the truth; it limits "
        "every row alike, as the row of the truth shows.",
    ]
    for name, models in found.items():
        settings = ", ".join(f"`{key} {value}`" for key, value in DATA[name].items())
        columns = ["model", "KL, own density", "KL, kernel estimate", "seconds", "parameters", "seeds"]
        parts += [f"### {name}", f"{settings}, 20,000 points.", results.table(columns, rows(models))]
    return "\n\n".join(parts) + "\n"


def draw(found: Mapping[str, Mapping[str, Sequence[Outcome]]], path: Path) -> None:
    """Draw the samples of the first seed of every model on every data set."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    names = [name for name in (TRUTH, *ROWS) if any(name in models for models in found.values())]
    figure, axes = plt.subplots(
        len(found), len(names), figsize=(1.8 * len(names), 2.1 * len(found)), squeeze=False, layout="constrained"
    )
    for line, (data, models) in zip(axes, found.items(), strict=True):
        reach = (
            1.2 * max(abs(value) for point in models[TRUTH][0].samples for value in point) if TRUTH in models else None
        )
        for axis, name in zip(line, names, strict=True):
            axis.set_axis_off()
            axis.set_aspect("equal")
            if name not in models:
                continue
            first = models[name][0]
            axis.scatter(*zip(*first.samples, strict=True), s=0.5, color="#1f5fa8", linewidths=0)
            if reach is not None:
                axis.set(xlim=(-reach, reach), ylim=(-reach, reach))
            value = first.kernel if first.own is None else first.own
            axis.set_title(f"{name}\n{data}: {value:.2f} nats", fontsize=6)
    figure.savefig(path, dpi=160)
    plt.close(figure)


def main(argv: Sequence[str]) -> int:
    parser = argument_parser(__doc__, SEEDS)
    parser.add_argument("--data", nargs="+", choices=list(DATA), default=list(DATA))
    parser.add_argument("--page", action="store_true", help="write the tables into RESULTS.md")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw samples of every model into this file")
    arguments = parser.parse_args(argv)
    data = arguments.data[:1] if arguments.quick else arguments.data
    wanted = trials(data, 1 if arguments.quick else arguments.seeds, arguments.quick)
    with outcomes_file("densities", arguments.keep, quick=arguments.quick) as file:
        train_missing(wanted[arguments.part], file, arguments.minutes, train, describe)
        found = read(wanted, file)
        measured_at = origin(wanted, file)
    text = page(found)
    print(text)
    if arguments.picture and found:
        draw(found, arguments.picture)
    if arguments.page and not arguments.quick:
        results.write("Densities in the plane", text, origin=measured_at)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
