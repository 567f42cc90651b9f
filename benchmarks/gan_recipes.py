"""What the recipes of GANs with conditions and encoders reach on the built-in digits, over training seeds.

    python benchmarks/gan_recipes.py [--keep DIR] [--seeds N] [--minutes M] [--part I/N] [--quick]

A finished run is in outcomes/gan_recipes.jsonl and not done again. With all runs of three seeds or more, a section of RESULTS.md is
written; never with --quick, which trains a few steps of one seed. `EXPLANATION` says what the columns are.
"""

from __future__ import annotations

import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache, cached_property
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from tables.outcomes import group_outcomes, origin, outcomes_file, recipe_key
from tables.trials import SHORT, argument_parser, train_missing

SECTION = "GANs with conditions and encoders"
SEEDS = 3
SAMPLES = 2_000
# Recipe and settings by row.
ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "gan-digits-conditional": ("gan-digits-conditional", {}),
    "info-digits": ("info-digits", {}),
    "bigan-digits": ("bigan-digits", {}),
    "vae-gan-digits": ("vae-gan-digits", {}),
    "autoencoder, code of 16": ("autoencoder-digits", {"model.latent": 16}),
    "adversarial-autoencoder-digits": ("adversarial-autoencoder-digits", {}),
    "autoencoder, code of 8": ("autoencoder-digits", {"model.latent": 8}),
}
EXPLANATION = (
    "Processor time: of the whole training with its diagnosis on one core, without pictures. Energy distance: of samples to held-out "
    "images; an estimate, which chance can bring below 0. Classes are those that a support vector machine, trained on the training images, assigns: the share of samples with the "
    "class that was asked for, and the share of held-out images with their own. Diversity within a class: mean distance of two samples "
    "relative to two held-out images, mean of the classes and lowest class. Codes recognised: the share of samples whose categorical code "
    "the model's own discriminator predicts at the last step. Codes that agree with digits: the share of samples whose digit is the "
    "one that their code stands for, with the assignment of codes to digits that fits best, so that codes without meaning reach about "
    "13 %. Reconstruction error: squared, of held-out images, summed over the 64 pixels in units of [-1, 1]; the plain "
    "autoencoder beside an encoder has a code of the same size."
)


@dataclass(frozen=True)
class Outcome:
    """The outcome of one run; columns that do not apply are None. See `EXPLANATION`."""

    seconds: float
    distance: float
    accuracy: float | None = None
    real_accuracy: float | None = None
    diversity: float | None = None
    lowest: float | None = None
    code_accuracy: float | None = None
    agreement: float | None = None
    reconstruction: float | None = None


COLUMNS = {
    "seconds": "processor time, s",
    "distance": "energy distance",
    "accuracy": "class accuracy of samples",
    "real_accuracy": "class accuracy of held-out images",
    "diversity": "diversity within a class",
    "lowest": "diversity of the lowest class",
    "code_accuracy": "codes recognised",
    "agreement": "codes that agree with digits",
    "reconstruction": "reconstruction error",
}


@dataclass(frozen=True)
class Trial:
    """One run: a row of the table and a seed."""

    row: str
    seed: int
    quick: bool = False

    @cached_property
    def recipe(self) -> Any:
        """The recipe of the run."""
        from saddlepoint.recipe import Recipe

        name, settings = ROWS[self.row]
        short = SHORT if self.quick else {}
        return Recipe.load(name).override({**settings, "training.seed": self.seed, **short})

    @property
    def key(self) -> str:
        """The key of its outcome."""
        return recipe_key(f"{self.row}-{self.seed}", self.recipe, SAMPLES)


def trials(seeds: int, quick: bool) -> list[Trial]:
    """All trials, in rounds of one of every row."""
    return [Trial(row, seed, quick) for seed in range(seeds) for row in ROWS]


def train(trial: Trial) -> Outcome:
    """Train one run and measure it."""
    import torch

    import saddlepoint as sp
    from saddlepoint.data import load
    from saddlepoint.models.capabilities import Conditional, Encodes, HasNamedCodes, has

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        run = sp.train(trial.recipe, run=Path(folder) / "run", pictures=False)
        seconds = time.process_time() - began
        model = run.model
        last = {series: value for record in run.records for series, value in record.values.items()}
    found = {"seconds": seconds, "distance": float(last.get("quality/energy_distance", math.nan))}
    data = load(trial.recipe.data)
    assert data.held_out is not None, "the digits have a held-out part"
    with model.at_rest():
        if has(model, Conditional):
            found |= _measure_classes(model, data)
        if has(model, HasNamedCodes):
            found |= {"agreement": _agreement(model, data), "code_accuracy": float(last["d/code_accuracy"])}
        if has(model, Encodes):
            x = data.held_out.x.float()
            error = (model.decode(model.encode(x)).float() - x) * (2 / (data.event.high - data.event.low))
            found["reconstruction"] = float(error.flatten(1).square().sum(1).mean())
    return Outcome(**found)


@cache
def _classifier(data: Any) -> Any:
    """A support vector machine of the training images."""
    from sklearn.svm import SVC

    return SVC(C=10).fit(data.x.flatten(1).numpy(), data.y.numpy())


def _measure_classes(model: Any, data: Any) -> dict[str, float]:
    """Accuracy of the classes asked for, and the diversity within them relative to held-out images."""
    import torch

    from saddlepoint.evaluation.metrics.diversity import mean_distance

    labels = torch.arange(SAMPLES) % model.classes
    samples = model.sample(SAMPLES, labels=labels, generator=torch.Generator().manual_seed(1)).flatten(1).float()
    held_out = data.held_out
    real = held_out.x.flatten(1).float()
    ratios = [
        mean_distance(samples[labels == label]) / mean_distance(real[held_out.y == label])
        for label in range(model.classes)
    ]
    return {
        "accuracy": float((_classifier(data).predict(samples.numpy()) == labels.numpy()).mean()),
        "real_accuracy": float(_classifier(data).score(real.numpy(), held_out.y.numpy())),
        "diversity": statistics.fmean(ratios),
        "lowest": min(ratios),
    }


def _agreement(model: Any, data: Any) -> float:
    """The share of samples whose digit is the one that their first code stands for, with the best assignment."""
    import numpy as np
    import torch
    from scipy.optimize import linear_sum_assignment

    named = model.named_codes
    z = model.fixed_noise(SAMPLES, torch.Generator().manual_seed(1))
    codes = z[:, named.first : named.first + named.categories[0]].argmax(1).numpy()
    digits = _classifier(data).predict(model.decode(z).flatten(1).numpy())
    counts = np.zeros((named.categories[0], len(data.event.class_names)))
    np.add.at(counts, (codes, digits), 1)
    rows, columns = linear_sum_assignment(-counts)
    return float(counts[rows, columns].sum() / SAMPLES)


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished run."""
    found = [(column, getattr(outcome, name)) for name, column in COLUMNS.items()]
    return f"{trial.row}, seed {trial.seed}: {', '.join(f'{name} {v:.4g}' for name, v in found if v is not None)}"


def body(found: Mapping[str, Sequence[Outcome]]) -> str:
    """The table as Markdown: mean over seeds, and the range."""
    assert list(COLUMNS) == [field.name for field in fields(Outcome)]
    rows = []
    for row, outcomes in found.items():
        cells = [row, str(len(outcomes))]
        for name in COLUMNS:
            values = [value for one in outcomes if (value := getattr(one, name)) is not None]
            cells.append(f"{statistics.fmean(values):.3g} ({min(values):.3g} to {max(values):.3g})" if values else "")
        rows.append(cells)
    return f"Mean over training seeds, and the range. {EXPLANATION}\n\n{results.table(['', 'seeds', *COLUMNS.values()], rows)}"


def main(argv: Sequence[str]) -> int:
    arguments = argument_parser(__doc__, SEEDS).parse_args(argv)
    wanted = trials(1 if arguments.quick else arguments.seeds, arguments.quick)
    with outcomes_file("gan_recipes", arguments.keep, quick=arguments.quick) as file:
        train_missing(wanted[arguments.part], file, arguments.minutes, train, describe)
        found = group_outcomes(wanted, file, Outcome, lambda trial: trial.row)
        measured_at = origin(wanted, file)
    text = body(found)
    print(text)
    complete = sum(map(len, found.values())) == len(wanted)
    if complete and arguments.seeds >= SEEDS and not arguments.quick:
        results.write(SECTION, text, origin=measured_at)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
