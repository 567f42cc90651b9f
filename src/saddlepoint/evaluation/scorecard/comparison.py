"""What metrics of samples are given: examples with their features, two sets side by side, and their common context."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from saddlepoint.data.dataset import Truth
from saddlepoint.evaluation.metrics.bins import Bins, fit_bins
from saddlepoint.evaluation.metrics.kernel import median_width

BINNED = 10_000  # training examples whose k-means cells are the bins; more take longer and change little
ALL_PAIRS = 1_000  # points a set where the distances of all pairs are computed in double precision
CLASSIFIED = 5_000  # points a set that a classifier is trained on


@dataclass(frozen=True)
class Points:
    """Examples in some features.

    Attributes:
        features: (N, D).
        posterior: (N, C) class probabilities, or None.
        distance: (N,) in features to the nearest training example, or None where that means nothing.
        labels: (N,) of real examples, or None.
    """

    features: Tensor
    posterior: Tensor | None = None
    distance: Tensor | None = None
    labels: Tensor | None = None

    def __len__(self) -> int:
        return len(self.features)

    def take(self, index: Tensor | slice) -> Points:
        """The examples at `index`."""
        posterior, distance, labels = (
            None if part is None else part[index] for part in (self.posterior, self.distance, self.labels)
        )
        return Points(self.features[index], posterior, distance, labels)


class Context:
    """What all comparisons of one assessment, in one kind of features, have in common.

    Attributes:
        real: the reference.
        train: training examples.
        truth: the distribution the data were drawn from, where it is known.
        seed: of directions, batches and splits.
        dimension: of the features.
    """

    def __init__(self, real: Points, train: Points, truth: Truth | None, seed: int, dimension: int) -> None:
        self.real, self.train, self.truth, self.seed, self.dimension = real, train, truth, seed, dimension

    @cached_property
    def bins(self) -> Bins:
        """K-means cells of training examples in the features: 100, or as many as hold ten samples each."""
        number = max(2, min(100, len(self.real) // 10, len(self.train) // 10))
        return fit_bins(self.train.features[:BINNED], number=number, seed=self.seed)

    @cached_property
    def width(self) -> float:
        """The median distance of real examples: the scale on which two of them are unlike."""
        return median_width(self.real.features, self.real.features)

    def generator(self) -> torch.Generator:
        """In the same state at every call: all sets are compared along the same directions and in the same batches."""
        return torch.Generator().manual_seed(self.seed)


@dataclass(frozen=True)
class Comparison:
    """Real examples and samples.

    Attributes:
        real, fake: the two sets.
        context: what they have in common with other comparisons.
        share: of the whole sets; 1/2 where these are random halves.
    """

    real: Points
    fake: Points
    context: Context
    share: float = 1.0

    def features(self, most: int | None = None) -> tuple[Tensor, Tensor]:
        """(N, D) of the real examples and (M, D) of the samples.

        Args:
            most: only the first so many of each, whose order is random; of halves half as many.
        """
        return self._first(self.real, most), self._first(self.fake, most)

    def _first(self, points: Points, most: int | None) -> Tensor:
        return points.features if most is None else points.features[: max(2, round(most * self.share))]
