"""The trials of benchmarks/cluster.py: data sets, recipes, one training, and the scores of its codes beside raw values and PCA.

Digits are clustered with all their examples, MNIST with its test part, which no model is trained on. The recipes of MNIST have codes of 3 and
of 16 numbers.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from saddlepoint.applications.cluster.settings import RECIPES, Part
from tables.outcomes import recipe_key

SEEDS = 5
CLUSTERING_SEEDS = 3  # runs of k-means and of the mixture within a trial
VERSION = 1  # of outcomes: to be counted up when the measurement changes
RECOMMENDED = "recommended"
DATA: dict[str, tuple[str, Part]] = {"digits": ("small image", "all"), "mnist": ("image", "held-out")}
MODELS: dict[str, tuple[str, ...]] = {
    "digits": (
        RECOMMENDED,
        "autoencoder-digits",
        "vae-digits",
        "adversarial-autoencoder-digits",
        "vq-vae-digits",
        "bigan-digits",
    ),
    "mnist": (RECOMMENDED, "autoencoder-mnist", "vae-mnist"),
}


@dataclass(frozen=True)
class Trial:
    """One training of one recipe.

    Attributes:
        data: name of the data set.
        model: name of a recipe, or "recommended" for that which `saddlepoint cluster` takes.
        seed: of training and of clustering.
        quick: least work, to see that it runs.
    """

    data: str
    model: str
    seed: int
    quick: bool = False

    @property
    def recipe(self) -> Any:
        """The recipe that is trained."""
        from saddlepoint.recipe import Recipe

        recommended = RECIPES[DATA[self.data][0]]
        if self.model == RECOMMENDED:
            recipe = Recipe.load(recommended.recipe).override(dict(recommended.changes))
        else:
            recipe = Recipe.load(self.model)
        # Only the trained model is measured.
        steps = recipe.training.steps
        changes: dict[str, Any] = {
            "training.seed": self.seed, "training.sample_every": steps, "training.checkpoint_every": steps, "evaluation.every": steps,
        }  # fmt: skip
        if self.quick:
            changes |= {"training.steps": 2, "data.limit": 300}
        return recipe.override(changes)

    @property
    def key(self) -> str:
        """The key of its outcome."""
        return recipe_key(f"{self.data}-{self.model}-{self.seed}", self.recipe, VERSION, asdict(self), CLUSTERING_SEEDS)


@dataclass(frozen=True)
class Outcome:
    """What one trial gave.

    Attributes:
        scores: by representation, method and metric (nmi, ari, accuracy, silhouette), and the share of noise.
        probes: accuracy by probe and representation.
        dimension: numbers in a code.
        examples: that were clustered.
        seconds: that it took.
    """

    scores: Mapping[str, Mapping[str, Mapping[str, float]]]
    probes: Mapping[str, Mapping[str, float]]
    dimension: int
    examples: int
    seconds: float


def trials(data: list[str], seeds: int, *, quick: bool) -> list[Trial]:
    """All trials: every recipe of every data set with one seed, then with the next."""
    return [
        Trial(name, model, seed, quick)
        for seed in range(1 if quick else seeds)
        for name in data
        for model in MODELS[name][: 1 if quick else None]
    ]


def run(trial: Trial) -> Outcome:
    """Train, cluster and score."""
    import saddlepoint as sp

    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        run = sp.train(trial.recipe, run=Path(scratch) / "run", pictures=False, listener=sp.Listener())
        if run.summary["state"] == "interrupted":
            raise KeyboardInterrupt
        done = sp.cluster(
            run, part=DATA[trial.data][1], seeds=CLUSTERING_SEEDS, seed=trial.seed, progress=False,
            limit=300 if trial.quick else 10_000,
        )  # fmt: skip
    scores = {
        name: {
            method: {"noise": one.noise, **{metric: interval.value for metric, interval in one.metrics.items()}}
            for method, one in some.items()
        }
        for name, some in done.scores.items()
    }
    probes = {
        probe: {name: one.accuracy.value for name, one in some.items()}
        for probe, some in (done.probes.scores if done.probes else {}).items()
    }
    return Outcome(scores, probes, done.points["codes"].shape[1], len(done.subject), time.monotonic() - began)
