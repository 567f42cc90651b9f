"""The 1,000 modes of Stacked MNIST in a scorecard: a classifier of MNIST reads every channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from saddlepoint.data import load
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import SaddlepointError
from saddlepoint.evaluation.features import build_features
from saddlepoint.evaluation.metrics.classifier_scores import category_report, covered_interval
from saddlepoint.evaluation.metrics.stacked_modes import Reader, stacked_labels
from saddlepoint.evaluation.scorecard.comparison import Comparison, Context, Points
from saddlepoint.evaluation.scorecard.feature_sets import Sides
from saddlepoint.evaluation.scorecard.metric import Bad, Metric
from saddlepoint.evaluation.scorecard.protocol import FeatureCard
from saddlepoint.evaluation.scorecard.scorecard import Score, Skipped
from saddlepoint.evaluation.scorecard.scoring import scored
from saddlepoint.evaluation.statistics.intervals import Interval

NAME = "stacked-mnist"
CHANNELS, MODES = 3, 1_000


def _read(c: Comparison) -> dict[str, float]:
    """From the samples' modes, kept as their only feature."""
    found = category_report(c.fake.features[:, 0].long(), MODES)
    return {"stacked_modes": float(found.covered), "stacked_kl": found.kl}


def _covered(comparisons: Sequence[Comparison], values: Sequence[float]) -> Interval:
    """From how often each mode was read."""
    return covered_interval([torch.bincount(c.fake.features[:, 0].long(), minlength=MODES) for c in comparisons])


STACKED = {
    "stacked_modes": Metric(
        "Modes of Stacked MNIST",
        "higher",
        _read,
        "How many of the 1,000 triples of digits a classifier of MNIST reads among the samples.",
        ("repeat",),
        interval=_covered,
        bounds=(0.0, float(MODES)),
    ),
    "stacked_kl": Metric(
        "KL of the modes of Stacked MNIST",
        "lower",
        _read,
        "Kullback-Leibler divergence of the shares of the 1,000 modes, as read from the samples, from equal ones.",
        ("repeat",),
        shape="growing",
        unit="nats",
        bounds=(0.0, None),
    ),
}


def is_stacked(dataset: Dataset) -> bool:
    """Whether the data are three digits in three channels."""
    return dataset.name == NAME and dataset.event.shape[0] == CHANNELS


def reader() -> tuple[Reader, FeatureCard]:
    """The classifier of MNIST, learned once and kept, and what is known of it.

    Raises:
        DataError: MNIST cannot be loaded.
    """
    made = build_features("classifier", load(DataSettings(source="mnist")), 0)
    card = FeatureCard(f"{made.name}, a channel at a time", made.fingerprint, made.dimension, made.notes)
    return made.probabilities, card


def of_stacks(
    real: Tensor,
    training: Tensor,
    fakes: Sequence[Tensor],
    bad: dict[Bad, Tensor],
    seed: int,
    resamples: int,
    read: Callable[[], tuple[Reader, FeatureCard]] = reader,
) -> tuple[list[Score], list[Skipped], list[FeatureCard]]:
    """Of sets of images (N, 3, H, W); `training` stands in the samples' place for the floor, the real row of papers."""
    try:
        classify, card = read()
    except SaddlepointError as error:
        return [], [Skipped(key, metric.title, str(error)) for key, metric in STACKED.items()], []

    def points(x: Tensor) -> Points:
        return Points(stacked_labels(x, classify)[:, None].float())

    reference, floor = points(real), points(training)
    sides = Sides(
        card.name,
        Context(reference, floor, None, seed, 1),
        tuple(points(fake) for fake in fakes),
        floor,
        {kind: points(x) for kind, x in bad.items()},
    )
    found, skipped = scored(sides, STACKED, resamples, lambda what, share: None)
    least = category_report(torch.zeros(len(fakes[0]), dtype=torch.int64), MODES).floor
    note = (
        f"Perfect samples of equal shares get about {least:.3g} at this number of samples; real digits are not quite equally "
        "frequent. Other numbers of samples or other classifiers do not compare."
    )
    scores = [replace(one, notes=(*one.notes, note)) if key == "stacked_kl" else one for key, one in found.items()]
    return scores, skipped, [card]
