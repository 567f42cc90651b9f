"""Log-likelihoods on binarised MNIST in nats: variational autoencoders and autoregressive models, beside published numbers.

    python benchmarks/likelihood.py [--keep DIR] [--only ROW ...] [--seeds N] [--minutes M] [--part I/N] [--quick]

A finished row is in outcomes/likelihood.jsonl and not trained again, so the table can grow over several calls; a row is one training run of at
most an hour or so on one core, at the steps that `ROWS` states. A section of RESULTS.md is written when all rows are there.
--quick trains a few steps of three rows and writes nothing.

Protocol: MNIST's 60,000 training digits, each pixel drawn black or white by its grey value again in every batch; MNIST's 10,000 test
digits, drawn once with seed 0, the same for all rows. Exact models give log p(x). The others give the importance-weighted bound with
`SAMPLES` draws of the code for each example, a lower bound on log p(x), which the published rows compute with 5,000. Rows of a family
that this installation lacks are left out.

No row is a normalising flow: a flow is a density of real numbers, and dequantised black and white gives it two values to pile up on, so
that its likelihood says nothing about probabilities of black-and-white digits. Flows of grey digits are measured in bits per dimension
(`saddlepoint evaluate`), which are not comparable with these nats either.
"""

from __future__ import annotations

import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import itertools

import results
from tables.outcomes import group_outcomes, origin, outcomes_file, recipe_key
from tables.trials import argument_parser, train_missing

SEEDS = 1
SAMPLES, TEST = 1_000, 10_000
QUICK_SAMPLES, QUICK_TEST, QUICK_STEPS = 10, 50, 10
QUICK_ROWS = ("VAE", "IWAE, k = 5", "MADE")
SEED_OF_TEST = 0
# The networks of the IWAE paper, 784-200-200-50 and back, tanh; Adam with epsilon 1e-4.
_VAE: Mapping[str, Any] = {
    "model.binarise": "stochastic",
    "model.latent": 50,
    "model.encoder.hidden": [200, 200],
    "model.encoder.activation": "tanh",
    "model.decoder.hidden": [200, 200],
    "model.decoder.activation": "tanh",
    "training.batch_size": 100,
    "training.optimiser.learning_rate": 1e-3,
    "training.optimiser.epsilon": 1e-4,
    "training.optimiser.schedule": "cosine",
}
_QUIET: Mapping[str, Any] = {"training.sample_every": 10**9, "training.checkpoint_every": 10**9}


@dataclass(frozen=True)
class Row:
    """One model.

    Attributes:
        base: the recipe.
        steps: of training.
        settings: that differ from the recipe.
        exact: whether log p(x) is exact.
        family: that must be there.
    """

    base: str
    steps: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    exact: bool = False
    family: str = "vae"


def _iwae(draws: int) -> dict[str, Any]:
    return {**_VAE, "model.bound": "iwae", "model.bound_samples": draws}


def _autoregressive(base: str, steps: int, **network: Any) -> Row:
    settings = {f"model.network.{name}": value for name, value in network.items()}
    return Row(base, steps, settings, exact=True, family="autoregressive")


ROWS = {
    "VAE": Row("vae-mnist", 60_000, _VAE),
    "VAE, k = 5": Row("vae-mnist", 60_000, {**_VAE, "model.bound_samples": 5}),
    "IWAE, k = 5": Row("vae-mnist", 60_000, _iwae(5)),
    "IWAE, k = 50": Row("vae-mnist", 20_000, _iwae(50)),
    "IWAE, k = 5, two layers": Row(
        "vae-mnist",
        40_000,
        {
            **_iwae(5),
            "model.layers": 2,
            "model.latent": 100,
            "model.top_latent": 50,
            "model.top.hidden": [100, 100],
            "model.top.activation": "tanh",
        },
    ),
    "VampPrior": Row("vae-mnist", 40_000, {**_VAE, "model.prior": "vampprior", "model.pseudo_inputs": 500}),
    "convolutional VAE": Row("vae-mnist-conv", 8_000),
    # A fully visible sigmoid belief network: logistic regression of each pixel on those before it, which is MADE without hidden layers.
    "FVSBN": _autoregressive("made-mnist", 10_000, hidden=[]),
    "MADE": _autoregressive("made-mnist", 20_000),
    # As published: one layer of 500 sigmoid units.
    "NADE": _autoregressive("made-mnist", 6_000, network="nade", hidden=[500], activation="sigmoid"),
    "PixelCNN": _autoregressive("pixelcnn-mnist", 6_000),
    "gated PixelCNN": _autoregressive("pixelcnn-mnist", 4_000, network="gated-pixelcnn"),
}
# Stochastically binarised MNIST, -log p(x) in nats, of papers and programs whose networks and budgets differ from those above.
PUBLISHED = (
    (
        "VAE, 1 / 5 / 50 draws",
        "86.76 / 86.47 / 86.35",
        "bound, 5,000 draws",
        "Burda et al. 2015, table 1; 3,280 epochs",
    ),
    ("IWAE, k = 1 / 5 / 50", "86.76 / 85.54 / 84.78", "bound, 5,000 draws", "Burda et al. 2015, table 1; 3,280 epochs"),
    ("IWAE, two layers, k = 1 / 5 / 50", "85.33 / 83.89 / 82.90", "bound, 5,000 draws", "Burda et al. 2015, table 1"),
    ("VampPrior, 500 pseudo-inputs", "85.79 (reference 85.57)", "bound", "pythae (C. Chadebec et al.), reproduction"),
    ("FVSBN", "96.58", "exact", "pytorch-generative (E. Hotaj)"),
    ("NADE", "85.65", "exact", "pytorch-generative (E. Hotaj)"),
    ("MADE, 8,000 units, 85 epochs", "84.87", "exact", "pytorch-generative (E. Hotaj)"),
    ("PixelCNN, 457 epochs", "81.45", "exact", "pytorch-generative (E. Hotaj)"),
    ("gated PixelCNN", "81.50", "exact", "pytorch-generative (E. Hotaj)"),
)
SOURCES = (
    "Sources: Importance Weighted Autoencoders (Yuri Burda, Roger Grosse, Ruslan Salakhutdinov, 2015), "
    "https://arxiv.org/abs/1509.00519; Does the Wake-Sleep Algorithm Produce Good Density Estimators? (Brendan Frey, Geoffrey Hinton, "
    "Peter Dayan, 1996), where logistic regressions of this kind are baselines; https://github.com/clementchadebec/benchmark_VAE; "
    "https://github.com/EugenHotaj/pytorch-generative."
)
# -log p(x) at most, within about an hour each.
GOALS = {"VAE": 88.0, "MADE": 88.0, "PixelCNN": 84.0}
# Rows that published tables place in this order, best first.
ORDER = ("PixelCNN", "MADE", "FVSBN")
BOUNDS_ORDER = ("IWAE, k = 50", "IWAE, k = 5", "VAE")


@dataclass(frozen=True)
class Outcome:
    """The outcome of one run.

    Attributes:
        nats: mean of -log p(x), or of its upper bound, over test examples.
        error: standard error of this mean.
        minutes: of training.
        parameters: of the networks.
    """

    nats: float
    error: float
    minutes: float
    parameters: int


@dataclass(frozen=True)
class Trial:
    """One run: row and seed."""

    row: str
    seed: int
    quick: bool = False

    @cached_property
    def recipe(self) -> Any:
        """The recipe of the row."""
        from saddlepoint.recipe import Recipe

        row = ROWS[self.row]
        steps = QUICK_STEPS if self.quick else row.steps
        evaluation = {"evaluation.every": max(steps // 5, 1)}
        own = {**row.settings, **_QUIET, **evaluation, "training.steps": steps, "training.seed": self.seed}
        return Recipe.load(row.base).override(own)

    @property
    def measured(self) -> tuple[int, int]:
        """Draws of the code for each example, and the number of examples."""
        return (QUICK_SAMPLES, QUICK_TEST) if self.quick else (SAMPLES, TEST)

    @property
    def key(self) -> str:
        """The key of its outcome."""
        return recipe_key(f"{self.row}-{self.seed}", self.recipe, *self.measured)


def available_rows() -> list[str]:
    """The rows whose families this installation has."""
    from saddlepoint.models.settings import FAMILIES

    return [name for name, row in ROWS.items() if row.family in FAMILIES]


def trials(rows: Sequence[str], seeds: int, quick: bool) -> list[Trial]:
    """All trials, in rounds of one of every row."""
    return [Trial(row, seed, quick) for seed in range(seeds) for row in rows]


def train(trial: Trial) -> Outcome:
    """Train one run, and measure it on the test digits."""
    import torch

    import saddlepoint as sp
    from saddlepoint.evaluation.metrics.latent_models import binarise

    torch.set_num_threads(1)
    draws, most = trial.measured
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        run = sp.train(trial.recipe, run=Path(folder) / "run", pictures=False)
        minutes = (time.monotonic() - started) / 60
        model = run.model
    held_out = sp.load_data(trial.recipe.data.source).held_out
    assert held_out is not None
    x = binarise(held_out.x, held_out.event, torch.Generator().manual_seed(SEED_OF_TEST))[:most]
    parts = torch.split(x, 500)
    options = {} if ROWS[trial.row].exact else {"samples": draws}
    values = -torch.cat([model.log_prob(part, **options).detach().double() for part in parts])
    parameters = sum(model.parameter_counts().values())
    return Outcome(float(values.mean()), float(values.std()) / math.sqrt(len(values)), minutes, parameters)


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished run."""
    return f"{trial.row}, seed {trial.seed}: {outcome.nats:.2f} +- {outcome.error:.2f} nats, {outcome.minutes:.1f} min"


def read(wanted: Sequence[Trial], file: Path) -> dict[str, list[Outcome]]:
    """The finished runs by row."""
    return group_outcomes(wanted, file, Outcome, lambda trial: trial.row)


def body(found: Mapping[str, Sequence[Outcome]], *, quick: bool = False) -> str:
    """The section of RESULTS.md; with `quick` the same of a few steps, draws and examples."""
    draws, examples = (QUICK_SAMPLES, QUICK_TEST) if quick else (SAMPLES, TEST)
    lines = []
    for name, outcomes in found.items():
        row = ROWS[name]
        nats = statistics.mean(outcome.nats for outcome in outcomes)
        error = max(outcome.error for outcome in outcomes)
        lines.append(
            [
                name,
                f"{nats:.2f} ± {error:.2f}",
                "exact" if row.exact else f"bound, {draws:,} draws",
                f"{outcomes[0].parameters:,}",
                f"{QUICK_STEPS if quick else row.steps:,}",
                f"{statistics.mean(outcome.minutes for outcome in outcomes):.0f}",
                len(outcomes),
            ]
        )
    columns = ["model", "-log p(x), nats", "kind", "parameters", "steps", "minutes", "seeds"]
    means = {name: statistics.mean(outcome.nats for outcome in outcomes) for name, outcomes in found.items()}
    goals = [
        results.goal(f"{name}: at most {most:g} nats (found {means[name]:.2f})", means[name] <= most)
        for name, most in GOALS.items()
        if name in means
    ]
    for order in (ORDER, BOUNDS_ORDER):
        if all(name in means for name in order):
            kept = all(means[a] < means[b] for a, b in itertools.pairwise(order))
            goals.append(results.goal(f"The order of published rows, best first: {', '.join(order)}", kept))
    return "\n\n".join(
        [
            f"MNIST, each pixel drawn black or white by its grey value again in every batch; {examples:,} test digits, drawn once. Mean "
            "over test digits with its standard error; minutes on one core, training with monitoring. A bound is an upper bound on "
            "-log p(x).",
            results.table(columns, lines),
            "Published, with other budgets (test digits drawn in other ways too):",
            results.table(["model", "-log p(x), nats", "kind", "source"], PUBLISHED),
            SOURCES,
            *goals,
        ]
    )


def main(argv: Sequence[str]) -> int:
    parser = argument_parser(__doc__, SEEDS)
    parser.add_argument("--only", nargs="+", metavar="ROW", choices=list(ROWS), help="only these rows; writes nothing")
    arguments = parser.parse_args(argv)
    rows = arguments.only or available_rows()
    if arguments.quick and not arguments.only:
        rows = [row for row in rows if row in QUICK_ROWS]
    wanted = trials(rows, 1 if arguments.quick else arguments.seeds, arguments.quick)
    with outcomes_file("likelihood", arguments.keep, quick=arguments.quick) as file:
        train_missing(wanted[arguments.part], file, arguments.minutes, train, describe)
        found = read(wanted, file)
        measured_at = origin(wanted, file)
    text = body(found, quick=arguments.quick)
    print(text)
    complete = all(len(found.get(row, ())) >= arguments.seeds for row in rows)
    if complete and not (arguments.quick or arguments.only):
        results.write("Likelihoods on binarised MNIST", text, origin=measured_at)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
