"""What an assessment works on: samples, examples and sets of bad generators, and all of them as points in some features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.split import shuffled_order
from saddlepoint.errors import DataError
from saddlepoint.evaluation.features import Features
from saddlepoint.evaluation.metrics.neighbours import BLOCK, nearest
from saddlepoint.evaluation.scorecard.comparison import Context, Points
from saddlepoint.evaluation.scorecard.feature_sets import FeatureSets
from saddlepoint.evaluation.scorecard.generators import noise, repeat
from saddlepoint.evaluation.settings import AssessmentSettings
from saddlepoint.progress import Tally

MOST_SAMPLES = 10_000  # by default; more narrow the intervals slowly, and the cost grows with the square
MOST_TRAINING = 60_000  # training examples that samples' nearest neighbours are searched among
SEARCH_WORK = 0.1  # share of the work on features that is spent on the search for nearest training examples


@dataclass(frozen=True)
class ExampleSets:
    """Examples and samples, (N, *event) each, before any features.

    Attributes:
        real: the reference that samples are compared with.
        labels: (N,) classes of the real examples, or None.
        training: as many training examples as real ones, for the real-data baseline.
        train: all training examples that copies are searched among.
        fakes: samples, one set a sampling seed.
        noise, repeat: the sets of bad generators.
    """

    real: Tensor
    labels: Tensor | None
    training: Tensor
    train: Tensor
    fakes: tuple[Tensor, ...]
    noise: Tensor
    repeat: Tensor


def held_out_part(dataset: Dataset) -> Dataset | None:
    """The examples that were not trained on; None where there are too few of them to compare samples with."""
    return dataset.held_out if dataset.held_out is not None and len(dataset.held_out) > 1 else None


def set_sizes(dataset: Dataset, settings: AssessmentSettings) -> tuple[int, int]:
    """The number of real examples and of samples a set.

    Raises:
        DataError: fewer than two real examples.
    """
    reference = len(dataset.held_out) if dataset.held_out is not None else 0
    if reference < 2:
        reference = len(dataset) // 2
    if reference < 2:
        raise DataError(
            f"{dataset.name}: {len(dataset):,} training and {len(dataset.held_out or ()):,} held-out examples are too few to "
            "compare samples with; give data with two held-out examples or more."
        )
    n_fake = settings.samples or min(MOST_SAMPLES, reference)
    return min(reference, n_fake), n_fake


def build_sets(dataset: Dataset, n_real: int, n_fake: int, fakes: tuple[Tensor, ...], seed: int) -> ExampleSets:
    """The reference, training examples and the sets of bad generators, beside the samples `fakes`."""
    order = shuffled_order(len(dataset), seed)
    held_out = held_out_part(dataset)
    if held_out is not None:
        index = shuffled_order(len(held_out), seed)[:n_real]
        real, labels = held_out.x[index], held_out.y
        training = order
    else:
        index, training = order[:n_real], order[n_real:]
        real, labels = dataset.x[index], dataset.y
    return ExampleSets(
        real=real,
        labels=None if labels is None else labels[index],
        training=dataset.x[training[:n_real]],
        train=dataset.x[order[:MOST_TRAINING]],
        fakes=fakes,
        noise=noise(dataset, n_fake, seed),
        repeat=repeat(dataset, n_fake),
    )


def in_features(
    made: Features, sets: ExampleSets, dataset: Dataset, seed: int, tally: Tally, work: float
) -> FeatureSets:
    """All sets as points in these features; `work` of the tally."""
    compared = [sets.real, sets.training, *sets.fakes, sets.noise, sets.repeat[:1]]
    number = sum(map(len, compared))
    copies = held_out_part(dataset) is not None
    searching = SEARCH_WORK * work if copies else 0.0
    passes = 1 if made.posterior is None else 2
    advance = _per_example(tally, (work - searching) / (passes * number + len(sets.train)))
    searched = _per_example(tally, searching / number)
    tally.start(f"Features: {made.name}")
    train = Points(made(sets.train, advance))

    def points(x: Tensor, labels: Tensor | None = None) -> Points:
        tally.start(f"Features: {made.name}")
        rows = made(x, advance)
        posterior = None if made.posterior is None else made.probabilities(x, advance)
        distance = None
        if copies:
            tally.start(f"Nearest training examples ({made.name})")
            distance = _distance_to_training(rows, train.features, searched)
        return Points(rows, posterior, distance, labels)

    context = Context(points(sets.real, sets.labels), train, dataset.truth, seed, made.dimension)
    training = points(sets.training)
    again = torch.zeros(len(sets.repeat), dtype=torch.int64)
    return FeatureSets(
        made.name,
        context,
        tuple(points(fake) for fake in sets.fakes),
        training,
        {"noise": points(sets.noise), "repeat": points(sets.repeat[:1]).take(again), "copies": training},
    )


def _distance_to_training(x: Tensor, train: Tensor, advance: Callable[[int], None]) -> Tensor:
    """(N,) distances of x (N, D) to the nearest of train (T, D), computed block by block."""
    found = []
    for part in torch.split(x, BLOCK):
        found.append(nearest(part, train)[0][:, 0])
        advance(len(part))
    return torch.cat(found)


def in_numbers(sets: ExampleSets, dataset: Dataset, seed: int, most: int | None = None) -> FeatureSets:
    """All sets, or the first `most` of each, as their own numbers: for metrics that know the truth about these."""
    real, training, noisy, repeated = (
        Points(x[:most].flatten(1).float()) for x in (sets.real, sets.training, sets.noise, sets.repeat)
    )
    context = Context(real, training, dataset.truth, seed, dataset.event.size)
    fakes = tuple(Points(fake[:most].flatten(1).float()) for fake in sets.fakes)
    return FeatureSets("", context, fakes, training, {"noise": noisy, "repeat": repeated, "copies": training})


def _per_example(tally: Tally, work: float) -> Callable[[int], None]:
    return lambda n: tally.advance(n * work)
