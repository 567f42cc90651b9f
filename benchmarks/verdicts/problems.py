"""The data sets on which the result is validated, each in three parts that share no example.

`dataset` (with its held-out part) is all that training and the verdict see. `source` holds real examples from which
corrupted sample sets are made. `reference` holds the real examples that the truth compares with.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from saddlepoint import data
from saddlepoint.data.arrays import from_array
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings

SEED = 20_261  # of the split into the three parts and of the drawn ones
TIMES = 5  # how many times the samples of the verdict the truth sees
CLUSTERS = 10  # groups of data without modes or classes


@dataclass(frozen=True, eq=False)
class Problem:
    """One data set.

    Attributes:
        name: Key in `PROBLEMS`.
        dataset: What training and the verdict see.
        source: (S, *event) real examples for corrupted sample sets, in the data's units.
        source_groups: (S,) int64 group (mode, class or cluster) of each source example.
        reference: (R, *event) real examples for the truth.
        reference_groups: (R,) int64 group of each reference example.
        samples: Number of samples that the verdict sees; the truth sees up to `TIMES` as many.
    """

    name: str
    dataset: Dataset
    source: Tensor
    source_groups: Tensor
    reference: Tensor
    reference_groups: Tensor
    samples: int

    @property
    def is_image(self) -> bool:
        return self.dataset.event.kind == "image"

    @property
    def has_classes(self) -> bool:
        """Whether groups are labelled classes that a classifier on raw pixels recognises well (not so for photographs)."""
        return self.name in ("digits", "mnist")


def _toy(name: str, settings: DataSettings) -> Problem:
    dataset = data.load(settings)
    assert dataset.truth is not None
    count, samples = 5_000, 1_000
    generator = torch.Generator().manual_seed(SEED)
    # More than is needed: dropped modes leave enough.
    source, source_groups = dataset.truth.sample(10 * count, generator)
    reference, reference_groups = dataset.truth.sample(count, generator)
    if dataset.truth.modes is None:
        source_groups, reference_groups = _clusters(dataset.x, source, reference)
    return Problem(name, dataset, source, source_groups, reference, reference_groups, samples)


def _diamonds() -> Problem:
    """Seven measures of 53,940 diamonds, each jittered within its rounding so that no classifier can use the rounding."""
    path = Path(os.environ["SADDLEPOINT_DATA"]) / "tables" / "diamonds.csv.gz"
    columns, steps = (0, 4, 5, 6, 7, 8, 9), (0.01, 0.1, 1.0, 1.0, 0.01, 0.01, 0.01)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        table = np.genfromtxt(file, delimiter=",", skip_header=1, usecols=columns)
    drawn = np.random.default_rng(SEED)
    table = drawn.permutation(table + (drawn.random(table.shape) - 0.5) * steps)
    known, source, reference = table[:11_000], table[11_000:-5_000], table[-5_000:]
    dataset = from_array(known, settings=DataSettings(held_out=1 / 11), name="diamonds")
    tensors = [torch.from_numpy(part).float() for part in (source, reference)]
    groups = _clusters(dataset.x, *tensors)
    return Problem("diamonds", dataset, tensors[0], groups[0], tensors[1], groups[1], samples=1_000)


def _clusters(x: Tensor, *parts: Tensor) -> list[Tensor]:
    """The nearest of `CLUSTERS` k-means centres of x, for every row of each part."""
    from sklearn.cluster import KMeans

    mean, std = x.mean(0), x.std(0)
    found = KMeans(CLUSTERS, n_init=1, random_state=0).fit(((x - mean) / std).numpy())
    return [torch.from_numpy(found.predict(((part - mean) / std).numpy()).astype(np.int64)) for part in parts]


def _pictures(
    name: str, x: Tensor, y: Tensor, *, known: int, held_out: int, source: int, reference: int, samples: int
) -> Problem:
    """The parts of labelled images x (N, C, H, W) uint8 or float, split at random by `SEED`."""
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(SEED))
    ends = np.cumsum([known + held_out, source, reference])
    a, b, c = order[: ends[0]], order[ends[0] : ends[1]], order[ends[1] : ends[2]]
    settings = DataSettings(held_out=held_out / (known + held_out), kind="image")
    dataset = from_array(x[a], y[a], settings=settings, name=name)
    return Problem(name, dataset, x[b], y[b], x[c], y[c], samples)


def _digits() -> Problem:
    whole = data.load(DataSettings(source="digits", held_out=0.0))
    assert whole.y is not None
    return _pictures("digits", whole.x, whole.y, known=700, held_out=200, source=450, reference=447, samples=400)


def _mnist() -> Problem:
    whole = data.load(DataSettings(source="mnist"))
    assert whole.y is not None
    return _pictures(
        "mnist", whole.x, whole.y, known=10_000, held_out=1_000, source=20_000, reference=2_500, samples=500
    )


def _photographs() -> Problem:
    """CIFAR-10 photographs reduced to 16x16."""
    folder = Path(os.environ["SADDLEPOINT_DATA"]) / "cifar10-folder"
    parts = [
        data.load(DataSettings(source=str(folder / part), size=(16, 16), held_out=0.0)) for part in ("train", "test")
    ]
    x, y = (torch.cat(columns) for columns in zip(*((part.x, part.y) for part in parts), strict=True))
    return _pictures("photographs", x, y, known=2_000, held_out=500, source=1_250, reference=1_250, samples=500)


PROBLEMS: dict[str, Callable[[], Problem]] = {
    "gaussian-2": lambda: _toy("gaussian-2", DataSettings(source="gaussian", modes=2)),
    "ring": lambda: _toy("ring", DataSettings(source="ring")),
    "grid": lambda: _toy("grid", DataSettings(source="grid")),
    "moons": lambda: _toy("moons", DataSettings(source="moons")),
    "diamonds": _diamonds,
    "digits": _digits,
    "mnist": _mnist,
    "photographs": _photographs,
}
_NEEDS = {"diamonds": "tables", "mnist": "mnist", "photographs": "cifar10-folder"}


@cache
def load_problem(name: str) -> Problem:
    problem = PROBLEMS[name]()
    return replace(problem, name=name)


def available_problems() -> list[str]:
    """Names of the problems whose data are on this machine."""
    folder = os.environ.get("SADDLEPOINT_DATA", "")
    return [name for name in PROBLEMS if name not in _NEEDS or (folder and Path(folder, _NEEDS[name]).is_dir())]
