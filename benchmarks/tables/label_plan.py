"""The trials of benchmarks/label.py: data, labels of each class, method and seed; one hidden choice of labels, and its test error.

A seed decides which labels are visible, which examples are tested (MNIST has a test part), and the training.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from saddlepoint.applications.label.examples import Examples
from saddlepoint.applications.label.settings import METHODS
from saddlepoint.applications.label.sources import read_examples
from tables.outcomes import hashed_key

VERSION = 1  # of outcomes: to be counted up when the measurement changes
SEEDS = 10
FIRST_SEED = 100  # those below were seen while the methods were written


@dataclass(frozen=True)
class Row:
    """What is compared on one data set.

    Attributes:
        per_class: visible labels of each class.
        methods: in the order of the table.
        steps: of the training of networks, by method; the method's own where it is not named.
        goals: the highest error, in percent, by method.
    """

    per_class: int
    methods: tuple[str, ...]
    steps: dict[str, int]
    goals: dict[str, float]


ROWS: dict[str, Row] = {
    "digits": Row(5, tuple(METHODS), {}, {}),
    "census": Row(100, tuple(name for name in METHODS if name not in ("m2", "m1+m2")), {}, {}),
    # 300 epochs of batches of 100, of which 80 are drawn from all 60,000 images.
    "mnist": Row(
        10,
        ("supervised", "self-training", "spreading", "spreading-codes", "m1", "m1+m2", "feature-matching"),
        {"feature-matching": 225_000},
        {"m1+m2": 5.0, "feature-matching": 1.5},
    ),
}


@dataclass(frozen=True)
class Trial:
    """One method with one seed.

    Attributes:
        data: a key of `ROWS`.
        method: a key of `METHODS`.
        seed: of everything random.
        steps: of the training of networks; None for the method's own.
        quick: least work, to see that it runs.
    """

    data: str
    method: str
    seed: int
    steps: int | None = None
    quick: bool = False

    @property
    def key(self) -> str:
        """The key of its outcome."""
        return hashed_key(f"{self.data}-{self.method}-{self.seed}", VERSION, ROWS[self.data].per_class, asdict(self))


@dataclass(frozen=True)
class Outcome:
    """What one trial gave.

    Attributes:
        error: share of the held-out examples that is wrong (inductive).
        hidden: share of the hidden labels of the training examples that is wrong (transductive).
        tested: held-out examples.
        seconds: of computing.
    """

    error: float
    hidden: float
    tested: int
    seconds: float


def trials(data: list[str], seeds: int, steps: int | None = None, *, quick: bool) -> list[Trial]:
    """All trials: a seed of every data set and method, then the next seed.

    Args:
        data: keys of `ROWS`.
        seeds: how many.
        steps: of networks, in place of the plan's.
        quick: few steps of one seed.
    """
    return [
        Trial(name, method, FIRST_SEED + seed, 3 if quick else steps or ROWS[name].steps.get(method), quick)
        for seed in range(1 if quick else seeds)
        for name in data
        for method in ROWS[name].methods
    ]


def run(trial: Trial) -> Outcome:
    """Fit the method with the visible labels and test it; nothing is cross-validated or calibrated."""
    import time

    import torch

    from saddlepoint.applications.label.start import label_examples

    torch.set_num_threads(1)
    examples = load(trial.data)
    began = time.process_time()
    done = label_examples(
        examples,
        method=trial.method,
        per_class=ROWS[trial.data].per_class,
        seed=trial.seed,
        folds=0,
        steps=trial.steps,
        baseline=False,
    )
    assert done.tested is not None
    assert done.tested.transductive is not None
    return Outcome(
        1 - done.tested.inductive.value,
        1 - done.tested.transductive.value,
        done.tested.examples,
        time.process_time() - began,
    )


@cache
def load(name: str) -> Examples:
    """The examples of a data set; raises KeyError for the census without $SADDLEPOINT_DATA."""
    if name == "census":
        path = Path(os.environ["SADDLEPOINT_DATA"]) / "tables" / "census_income_20k.csv.gz"
        return read_examples(path, TARGET)
    return read_examples(name)


TARGET = "column_42"  # more than 50,000 dollars or not; the file has no header
