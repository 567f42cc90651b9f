"""What an assessment works on: samples, examples and bad generators' sets, and all of them as points in some features."""

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
from saddlepoint.evaluation.scorecard.feature_sets import Sides
from saddlepoint.evaluation.scorecard.generators import noise, repeat
from saddlepoint.evaluation.settings import AssessmentSettings
from saddlepoint.progress import Tally

MOST_SAMPLES = 10_000  # by default; more narrow the intervals slowly and cost the square
MOST_TRAINING = 60_000  # training examples that samples' nearest neighbours are looked for among
NEIGHBOURS = 0.1  # of the work on features that goes into the search for nearest training examples


@dataclass(frozen=True)
class Sets:
    """Examples (N, *event) before any features. training: as many as real ones, for the floor; train: all that copies
    are looked for among."""

    real: Tensor
    labels: Tensor | None
    training: Tensor
    train: Tensor
    fakes: tuple[Tensor, ...]
    noise: Tensor
    repeat: Tensor


def held_out_of(dataset: Dataset) -> Dataset | None:
    """The examples that were not trained on, where there are enough of them to compare samples with."""
    return dataset.held_out if dataset.held_out is not None and len(dataset.held_out) > 1 else None


def sizes(dataset: Dataset, settings: AssessmentSettings) -> tuple[int, int]:
    """Real examples and samples a set."""
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


def gathered(dataset: Dataset, n_real: int, n_fake: int, fakes: tuple[Tensor, ...], seed: int) -> Sets:
    """The reference, training examples and bad generators' sets beside the samples `fakes`."""
    order = shuffled_order(len(dataset), seed)
    held_out = held_out_of(dataset)
    if held_out is not None:
        index = shuffled_order(len(held_out), seed)[:n_real]
        real, labels = held_out.x[index], held_out.y
        training = order
    else:
        index, training = order[:n_real], order[n_real:]
        real, labels = dataset.x[index], dataset.y
    return Sets(
        real=real,
        labels=None if labels is None else labels[index],
        training=dataset.x[training[:n_real]],
        train=dataset.x[order[:MOST_TRAINING]],
        fakes=fakes,
        noise=noise(dataset, n_fake, seed),
        repeat=repeat(dataset, n_fake),
    )


def in_features(made: Features, sets: Sets, dataset: Dataset, seed: int, tally: Tally, work: float) -> Sides:
    """All sets as points in these features, by so much `work` of the tally."""
    compared = [sets.real, sets.training, *sets.fakes, sets.noise, sets.repeat[:1]]
    number = sum(map(len, compared))
    copies = held_out_of(dataset) is not None
    searching = NEIGHBOURS * work if copies else 0.0
    passes = 1 if made.posterior is None else 2
    advance = _counted(tally, (work - searching) / (passes * number + len(sets.train)))
    searched = _counted(tally, searching / number)
    tally.start(f"Features: {made.name}")
    train = Points(made(sets.train, advance))

    def points(x: Tensor, labels: Tensor | None = None) -> Points:
        tally.start(f"Features: {made.name}")
        rows = made(x, advance)
        posterior = None if made.posterior is None else made.probabilities(x, advance)
        distance = None
        if copies:
            tally.start(f"Nearest training examples ({made.name})")
            distance = _to_nearest(rows, train.features, searched)
        return Points(rows, posterior, distance, labels)

    context = Context(points(sets.real, sets.labels), train, dataset.truth, seed, made.dimension)
    training = points(sets.training)
    again = torch.zeros(len(sets.repeat), dtype=torch.int64)
    return Sides(
        made.name,
        context,
        tuple(points(fake) for fake in sets.fakes),
        training,
        {"noise": points(sets.noise), "repeat": points(sets.repeat[:1]).take(again), "copies": training},
    )


def _to_nearest(x: Tensor, train: Tensor, advance: Callable[[int], None]) -> Tensor:
    """(N,) of x (N, D), some at a time."""
    found = []
    for part in torch.split(x, BLOCK):
        found.append(nearest(part, train)[0][:, 0])
        advance(len(part))
    return torch.cat(found)


def in_numbers(sets: Sets, dataset: Dataset, seed: int, most: int | None = None) -> Sides:
    """All sets, or their first `most`, by their own numbers, for metrics that know the truth about those."""
    real, training, noisy, repeated = (
        Points(x[:most].flatten(1).float()) for x in (sets.real, sets.training, sets.noise, sets.repeat)
    )
    context = Context(real, training, dataset.truth, seed, dataset.event.size)
    fakes = tuple(Points(fake[:most].flatten(1).float()) for fake in sets.fakes)
    return Sides("", context, fakes, training, {"noise": noisy, "repeat": repeated, "copies": training})


def _counted(tally: Tally, each: float) -> Callable[[int], None]:
    return lambda n: tally.advance(n * each)
