"""What the recipes of GANs with conditions and encoders reach on the built-in digits, over training seeds.

    python benchmarks/gan_recipes.py --keep DIR [--seeds N] [--minutes M] [--part I/N] [--quick]

A finished run is kept in --keep and not done again. With all runs of three seeds or more, a section of RESULTS.md is written; never with
--quick, which trains a few steps of one seed.

Classes are those that a support vector machine, trained on the training images, assigns. Diversity within a class is the mean distance
of two samples relative to two real images. Reconstruction errors are of held-out images, summed over the 64 pixels in units of [-1, 1];
the plain autoencoder beside them has the same size of code. The processor time is that of the whole training with its diagnosis on
one core, without pictures.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import results
from trials import train_missing

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
COLUMNS = {
    "seconds": "processor time, s",
    "distance": "energy distance",
    "accuracy": "class accuracy of samples",
    "real_accuracy": "of held-out images",
    "diversity": "diversity within a class",
    "lowest": "lowest class",
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

    def place(self, keep: Path) -> Path:
        """Its file in the folder of outcomes."""
        return (
            keep / f"{self.row.replace(', ', '-').replace(' ', '-')}-{self.seed}{'-quick' if self.quick else ''}.json"
        )


class Outcome:
    """What one run reached, by column; columns that do not apply are missing."""

    def __init__(self, **values: float) -> None:
        self.__dict__.update(values)


def train(trial: Trial) -> Outcome:
    """Train one run and measure it."""
    import torch

    import saddlepoint as sp
    from saddlepoint.data import load
    from saddlepoint.models.capabilities import Conditional, Encodes, HasNamedCodes, has
    from saddlepoint.recipe import Recipe

    torch.set_num_threads(1)
    name, settings = ROWS[trial.row]
    short = {"training.steps": 20} if trial.quick else {}
    recipe = Recipe.load(name).override({**settings, "training.seed": trial.seed, **short})
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        run = sp.train(recipe, run=Path(folder) / "run", pictures=False)
        seconds = time.process_time() - began
        model = run.model
        last = {series: value for record in run.records for series, value in record.values.items()}
    found = {"seconds": seconds, "distance": float(last.get("quality/energy_distance", math.nan))}
    data = load(recipe.data)
    assert data.held_out is not None, "the digits have a held-out part"
    with model.at_rest():
        if has(model, Conditional):
            found |= _classes(model, data)
        if has(model, HasNamedCodes):
            found |= _codes(model, data) | {"code_accuracy": float(last["d/code_accuracy"])}
        if has(model, Encodes):
            x = data.held_out.x.float()
            error = (model.decode(model.encode(x)).float() - x) * (2 / 16)  # bytes of 0 to 16
            found["reconstruction"] = float(error.flatten(1).square().sum(1).mean())
    return Outcome(**found)


def _classifier(data: Any) -> Any:
    from sklearn.svm import SVC

    return SVC(C=10).fit(data.x.flatten(1).numpy(), data.y.numpy())


def _classes(model: Any, data: Any) -> dict[str, float]:
    """Accuracy of the classes asked for, and the diversity within them relative to held-out images."""
    import torch

    classes = len(data.event.class_names)
    labels = torch.arange(SAMPLES) % classes
    samples = model.sample(SAMPLES, labels=labels, generator=torch.Generator().manual_seed(1)).flatten(1).float()
    classifier, held_out = _classifier(data), data.held_out
    real = held_out.x.flatten(1).float()
    ratios = [_spread(samples[labels == label]) / _spread(real[held_out.y == label]) for label in range(classes)]
    return {
        "accuracy": float((classifier.predict(samples.numpy()) == labels.numpy()).mean()),
        "real_accuracy": float(classifier.score(real.numpy(), held_out.y.numpy())),
        "diversity": statistics.fmean(ratios),
        "lowest": min(ratios),
    }


def _codes(model: Any, data: Any) -> dict[str, float]:
    """The share of samples whose digit is the one that their first code stands for, with the best assignment."""
    import numpy as np
    import torch
    from scipy.optimize import linear_sum_assignment

    named = model.named_codes
    z = model.fixed_noise(SAMPLES, torch.Generator().manual_seed(1))
    values = z[:, named.first : named.first + named.categories[0]].argmax(1).numpy()
    digits = _classifier(data).predict(model.decode(z).flatten(1).numpy())
    counts = np.zeros((named.categories[0], len(data.event.class_names)))
    np.add.at(counts, (values, digits), 1)
    rows, columns = linear_sum_assignment(-counts)
    return {"agreement": float(counts[rows, columns].sum() / SAMPLES)}


def _spread(x: Any) -> float:
    """Mean distance of two rows of x (N, D)."""
    import torch

    return float(torch.pdist(x).mean())


def describe(trial: Trial, outcome: Outcome) -> str:
    """One line about a finished run."""
    values = ", ".join(f"{COLUMNS[name]} {value:.4g}" for name, value in vars(outcome).items())
    return f"{trial.row}, seed {trial.seed}: {values}"


def body(found: dict[str, list[dict[str, float]]], seeds: int) -> str:
    """The table as Markdown: mean over seeds, and the range."""
    rows = []
    for row, outcomes in found.items():
        cells = [row]
        for name in COLUMNS:
            values = [outcome[name] for outcome in outcomes if name in outcome]
            cells.append(f"{statistics.fmean(values):.3g} ({min(values):.3g} to {max(values):.3g})" if values else "")
        rows.append(cells)
    said = " ".join(__doc__.split("\n\n")[-1].split())
    return f"Mean over {seeds} training seeds, and the range. {said}\n\n{results.table(['', *COLUMNS.values()], rows)}"


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="where outcomes are kept; without it they are thrown away"
    )
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no run after so many")
    parser.add_argument("--part", default="0/1", metavar="I/N", help="train every Nth run from the Ith on")
    parser.add_argument("--quick", action="store_true", help="a few steps of one seed; writes nothing")
    arguments = parser.parse_args(argv)
    load = os.getloadavg()[0]
    wanted = [
        Trial(row, seed, arguments.quick) for seed in range(1 if arguments.quick else arguments.seeds) for row in ROWS
    ]
    with tempfile.TemporaryDirectory() as scratch:
        keep = arguments.keep or Path(scratch)
        part, parts = map(int, arguments.part.split("/"))
        train_missing(wanted[part::parts], keep, arguments.minutes, train, describe)
        found: dict[str, list[dict[str, float]]] = {row: [] for row in ROWS}
        for trial in wanted:
            if trial.place(keep).exists():
                found[trial.row].append(json.loads(trial.place(keep).read_text("utf-8")))
    complete = all(len(outcomes) == arguments.seeds for outcomes in found.values())
    text = body(found, arguments.seeds)
    print(text)
    if complete and arguments.seeds >= SEEDS and not arguments.quick:
        results.write(SECTION, text, load=load)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
