"""The 1,000 modes of Stacked MNIST: a classifier of MNIST reads the digit in every channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from saddlepoint.data import load
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.evaluation.features import build_features
from saddlepoint.evaluation.metrics.classifier_scores import category_report, covered_interval
from saddlepoint.evaluation.metrics.stacked_modes import Reader, stacked_labels
from saddlepoint.evaluation.scorecard.comparison import Comparison, Context, Points
from saddlepoint.evaluation.scorecard.feature_sets import FeatureSets
from saddlepoint.evaluation.scorecard.metric_types import NONNEGATIVE, SampleMetric
from saddlepoint.evaluation.scorecard.protocol import FeatureCard
from saddlepoint.evaluation.scorecard.samples import ExampleSets
from saddlepoint.evaluation.statistics.intervals import Interval

NAME = "stacked-mnist"
CHANNELS, MODES = 3, 1_000


def is_stacked(dataset: Dataset) -> bool:
    """Whether the data are three digits in three channels."""
    return dataset.name == NAME and dataset.event.shape[0] == CHANNELS


def digit_reader(digits: Dataset | None = None) -> tuple[Reader, FeatureCard]:
    """The classifier of MNIST, which is trained once and stored, and its card.

    Args:
        digits: (N, 1, H, W) labelled digits in the place of MNIST.

    Raises:
        DataError: MNIST cannot be loaded.
    """
    made = build_features("classifier", load(DataSettings(source="mnist")) if digits is None else digits, 0)
    card = FeatureCard(f"{made.name}, a channel at a time", made.fingerprint, made.dimension, made.notes)
    return made.probabilities, card


def digit_triples(sets: ExampleSets, read: Reader, name: str, seed: int) -> FeatureSets:
    """The mode of every image as its only feature.

    Args:
        sets: images (N, 3, H, W).
        read: the classifier of single digits.
        name: of that classifier.
        seed: of the split halves.
    """

    def points(x: Tensor) -> Points:
        return Points(stacked_labels(x, read)[:, None].float())

    # As many training images as samples: the "real data" row of published tables.
    real, training = points(sets.real), points(sets.train[: len(sets.fakes[0])])
    return FeatureSets(
        name,
        Context(real, training, None, seed, 1),
        tuple(points(fake) for fake in sets.fakes),
        training,
        {"noise": points(sets.noise), "repeat": points(sets.repeat)},
    )


def count_modes(c: Comparison) -> Mapping[str, float]:
    """Both scores of the samples' modes."""
    found = category_report(c.fake.features[:, 0].long(), MODES)
    return {"stacked_modes": float(found.covered), "stacked_kl": found.kl}


def covered_modes_interval(comparisons: Sequence[Comparison], values: Sequence[float]) -> Interval:
    """From how often each mode was read."""
    return covered_interval([torch.bincount(c.fake.features[:, 0].long(), minlength=MODES) for c in comparisons])


def smallest_divergence(c: Comparison) -> str:
    """A note on what perfect samples score."""
    least = category_report(torch.zeros(len(c.fake), dtype=torch.int64), MODES).expected_kl
    return (
        f"Perfect samples of equal shares get about {least:.3g} at this number of samples; real digits are not quite equally "
        "frequent. Other numbers of samples or other classifiers do not compare."
    )


METRICS: dict[str, SampleMetric] = {
    "stacked_modes": SampleMetric(
        title="Modes of Stacked MNIST",
        section="modes",
        better="higher",
        measure=count_modes,
        meaning="How many of the 1,000 triples of digits a classifier of MNIST reads among the samples.",
        worst_case=("repeat",),
        of="digit triples",
        interval=covered_modes_interval,
        bounds=(0.0, float(MODES)),
    ),
    "stacked_kl": SampleMetric(
        title="KL of the modes of Stacked MNIST",
        section="modes",
        better="lower",
        measure=count_modes,
        meaning="Kullback-Leibler divergence of the shares of the 1,000 modes, as read from the samples, from equal ones.",
        worst_case=("repeat",),
        of="digit triples",
        shape="growing",
        unit="nats",
        bounds=NONNEGATIVE,
        note=smallest_divergence,
    ),
}
