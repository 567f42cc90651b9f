"""Scores for each class, because scores over all samples hide a class that is missing, rare, narrow or unrealistic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.diversity import mean_distance
from saddlepoint.evaluation.metrics.points import check_pair
from saddlepoint.evaluation.metrics.precision_recall import neighbourhoods
from saddlepoint.evaluation.scorecard.score import ClassScores
from saddlepoint.evaluation.statistics.intervals import Interval, normal_interval, wilson_interval
from saddlepoint.evaluation.statistics.resampling import half_sampling, random_halves

LEAST = 5  # points of a class below which its neighbourhoods and distances say nothing
REPEATS = 20  # random cuts into halves behind an interval


@dataclass(frozen=True)
class ClassReport:
    """Scores of one class; None if it has fewer than 5 points, or if all real points of the class are equal.

    Attributes:
        name: of the class.
        real: number of real points.
        samples: number of samples.
        real_share: share of the real points.
        share: share of the samples.
        diversity: mean distance between two samples of the class, in the features' units.
        real_diversity: the same for its real points.
        relative_diversity: the first over the second; 1 is best, 0 means that all samples are equal.
        precision: share of its samples that lie among real points of any class, in [0, 1].
        recall: share of its real points that lie among samples of any class, in [0, 1].
    """

    name: str
    real: int
    samples: int
    real_share: float
    share: Interval
    diversity: float | None = None
    real_diversity: float | None = None
    relative_diversity: Interval | None = None
    precision: Interval | None = None
    recall: Interval | None = None

    @property
    def scores(self) -> ClassScores:
        """The row of the scorecard."""
        return ClassScores(
            name=self.name,
            real_share=self.real_share,
            share=self.share.value,
            low=self.share.low,
            high=self.share.high,
            precision=None if self.precision is None else self.precision.value,
            recall=None if self.recall is None else self.recall.value,
            diversity=self.diversity,
            real_diversity=self.real_diversity,
        )

    def __str__(self) -> str:
        parts = [f"{self.name}: share {self.share} of samples, {self.real_share:.4g} of real"]
        for word, found in (
            ("precision", self.precision),
            ("recall", self.recall),
            ("diversity relative to real", self.relative_diversity),
        ):
            parts.append(f"{word} {'too few' if found is None else found}")
        return "; ".join(parts)


def likeliest_labels(probabilities: Tensor) -> Tensor:
    """The most probable class of each row of class probabilities.

    If a classifier labels the samples, label real points in the same way, so that its confusions affect both shares.

    Args:
        probabilities: (N, C).

    Returns:
        (N,) int64.

    Raises:
        DataError: not (N, C) with an example or more, or NaN values.
    """
    if probabilities.ndim != 2 or 0 in probabilities.shape or probabilities.isnan().any():
        raise DataError(f"need class probabilities (N, C) without NaN, got {tuple(probabilities.shape)}.")
    return probabilities.argmax(1)


def class_reports(
    real: Tensor,
    real_labels: Tensor,
    samples: Tensor,
    sample_labels: Tensor,
    names: Sequence[str],
    *,
    generator: torch.Generator,
    k: int = 3,
) -> tuple[ClassReport, ...]:
    """Scores of each class, in the order of `names`.

    Precision and recall use the neighbourhoods of all points and are averaged by class, so that few points of a class
    do not make its balls large. Shares have Wilson intervals. Those of precision and recall come from the differences
    of random split halves, and are never narrower than Wilson's.

    Args:
        real: (N, D) features of real points.
        real_labels: (N,) integers from 0 to len(names) - 1.
        samples: (M, D) features.
        sample_labels: (M,) the requested labels of a conditional model, or those of a classifier (`likeliest_labels`).
        names: of the classes.
        generator: of the split halves.
        k: neighbour that a ball extends to.

    Raises:
        DataError: labels that do not fit, at most 2 k points in a set, unequal features, NaN or infinite values.

    References:
        Improved Precision and Recall Metric for Assessing Generative Models (Tuomas Kynkäänniemi, Tero Karras, Samuli
            Laine,
        Jaakko Lehtinen, Timo Aila, 2019), https://arxiv.org/abs/1904.06991
    """
    real, samples = check_pair(real, samples, least=2 * (k + 1), dtype=None)
    for word, points, labels in (("real", real, real_labels), ("sample", samples, sample_labels)):
        if labels.shape != points.shape[:1] or labels.is_floating_point():
            raise DataError(f"{word} labels: need one whole number a point, got {tuple(labels.shape)} {labels.dtype}.")
        if labels.min() < 0 or labels.max() >= len(names):
            raise DataError(
                f"{word} labels run from {int(labels.min())} to {int(labels.max())}, but there are {len(names)} class names."
            )
    real_labels, sample_labels = real_labels.cpu(), sample_labels.cpu()
    precisions, recalls = _neighbourhood_shares(real, real_labels, samples, sample_labels, len(names), generator, k)
    return tuple(
        _report(
            name,
            real[real_labels == label],
            samples[sample_labels == label],
            (len(real), len(samples)),
            (precisions[label], recalls[label]),
            generator,
        )
        for label, name in enumerate(names)
    )


def _report(
    name: str,
    real: Tensor,
    samples: Tensor,
    totals: tuple[int, int],
    shares: tuple[Interval | None, Interval | None],
    generator: torch.Generator,
) -> ClassReport:
    spread = mean_distance(samples) if len(samples) >= LEAST else None
    real_spread = mean_distance(real) if len(real) >= LEAST else None
    relative = None
    if spread is not None and real_spread:
        relative = half_sampling(
            _relative_diversity, samples, real, generator=generator, repeats=REPEATS, bounds=(0.0, torch.inf)
        )
    return ClassReport(
        name=name,
        real=len(real),
        samples=len(samples),
        real_share=len(real) / totals[0],
        share=wilson_interval(len(samples), totals[1]),
        diversity=spread,
        real_diversity=real_spread,
        relative_diversity=relative,
        precision=shares[0],
        recall=shares[1],
    )


def _relative_diversity(samples: Tensor, real: Tensor) -> float:
    spread = mean_distance(real)
    return mean_distance(samples) / spread if spread else torch.nan


def _neighbourhood_shares(
    real: Tensor,
    real_labels: Tensor,
    samples: Tensor,
    sample_labels: Tensor,
    classes: int,
    generator: torch.Generator,
    k: int,
) -> tuple[list[Interval | None], list[Interval | None]]:
    """Precision and recall of every class; all classes share the neighbourhoods and the split halves."""

    def shares(one: Tensor, other: Tensor) -> Tensor:
        """(2, classes) for the real points and the samples at these indices; NaN for a class without points."""
        found = neighbourhoods(real[one], samples[other], k=k, density_k=k)
        return torch.stack(
            [
                _means(found.precise, sample_labels[other], classes),
                _means(found.recalled, real_labels[one], classes),
            ]
        )

    whole = shares(torch.arange(len(real)), torch.arange(len(samples)))
    apart = []
    for _ in range(REPEATS):
        ones, others = (random_halves(torch.arange(len(points)), generator) for points in (real, samples))
        first, second = (shares(*half) for half in zip(ones, others, strict=True))
        apart.append((first - second) / 2)
    differences = torch.stack(apart)
    counts = (torch.bincount(sample_labels, minlength=classes), torch.bincount(real_labels, minlength=classes))
    precisions, recalls = (
        [
            _interval(float(whole[row, label]), differences[:, row, label], int(counts[row][label]))
            for label in range(classes)
        ]
        for row in range(2)
    )
    return precisions, recalls


def _means(hit: Tensor, labels: Tensor, classes: int) -> Tensor:
    """(classes,) mean of hit (N,) bool over the points of each class."""
    counts = torch.bincount(labels, minlength=classes)
    return torch.bincount(labels, weights=hit.double(), minlength=classes) / counts


def _interval(value: float, differences: Tensor, n: int) -> Interval | None:
    if n < LEAST:
        return None
    binomial = wilson_interval(value * n, n)
    differences = differences[~differences.isnan()]  # a half may hold no point of the class
    if len(differences) < 2:
        return binomial
    scattered = normal_interval(value, float(differences.std()), degrees=len(differences) - 1)
    return Interval(value, max(0.0, min(scattered.low, binomial.low)), min(1.0, max(scattered.high, binomial.high)))
