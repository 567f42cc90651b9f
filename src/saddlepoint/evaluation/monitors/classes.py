"""Series of a conditional generator: whether samples follow their labels, and how much the samples of one class vary.

Samples are classified by their nearest training examples in projected space. Agreement with the labels is measured by Cohen's
kappa, which is 0 if the labels have no influence, also where samples or labels are mostly of one class. Since neighbours do not
classify real examples perfectly either, kappa is divided by that of real examples.

References:
    A Coefficient of Agreement for Nominal Scales (Jacob Cohen, 1960), https://doi.org/10.1177/001316446002000104
"""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.pairwise import distances, mean_within

NEIGHBOURS = 5  # that vote on the class of a sample
FEWEST = 8  # examples, and samples, of a class whose spread is measured
RECOGNISED = 0.2  # kappa of real examples; below it, neighbours do not tell classes apart


class ClassMonitor:
    """Compares samples and their labels with labelled real examples.

    Attributes:
        real_agreement: Cohen's kappa of real examples, each classified by the others.
    """

    def __init__(self, real: Tensor, labels: Tensor, classes: int) -> None:
        """Measure the real examples.

        Args:
            real: (N, d) projected training examples.
            labels: (N,) int64.
            classes: number of classes.
        """
        self._real, self._labels, self._classes = real, labels, classes
        squares = distances(real, real)
        squares.fill_diagonal_(torch.inf)
        self.real_agreement = float(agreement(self._vote(squares), labels, classes))
        self._spread: dict[int, Tensor] = {}
        for label in range(classes):
            own = real[labels == label]
            if len(own) >= FEWEST and float(spread := mean_within(own)) > 0:
                self._spread[label] = spread

    def to(self, device: torch.device) -> None:
        """Move all tensors to the device."""
        self._real, self._labels = self._real.to(device), self._labels.to(device)
        self._spread = {label: spread.to(device) for label, spread in self._spread.items()}

    def series(self, samples: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Return the series of projected samples (N, d) with labels (N,), without the player's name.

        Returns:
            "label_use", from 0 (samples do not depend on their labels) to 1 (they are recognised like real examples);
            "class_diversity", the mean distance of two samples of a class over that of two real examples, of the class where
            it is lowest; "least_diverse_class", the number of this class. Series that cannot be measured are left out.
        """
        found = {}
        if self.real_agreement >= RECOGNISED:
            votes = self._vote(distances(samples, self._real))
            found["label_use"] = agreement(votes, labels, self._classes) / self.real_agreement
        counts = torch.bincount(labels, minlength=self._classes).tolist()
        measured = [label for label in self._spread if counts[label] >= FEWEST]
        if measured:
            ratios = [mean_within(samples[labels == label]) / self._spread[label] for label in measured]
            lowest, place = torch.stack(ratios).min(0)
            found["class_diversity"] = lowest
            found["least_diverse_class"] = torch.tensor(measured, device=samples.device)[place]
        return found

    def _vote(self, squares: Tensor) -> Tensor:
        """The most frequent class (N,) among the nearest of the real examples, from distances (N, M)."""
        nearest = squares.topk(min(NEIGHBOURS, squares.shape[1] - 1 or 1), largest=False).indices
        return torch.nn.functional.one_hot(self._labels[nearest], self._classes).sum(1).argmax(1)


def agreement(first: Tensor, second: Tensor, classes: int) -> Tensor:
    """Cohen's kappa of two labellings (N,) int64 of the same examples: () in [-1, 1], 0 for independent ones.

    Args:
        first: int64 from 0 to `classes` - 1.
        second: the same.
        classes: number of classes.
    """
    shares = [torch.nn.functional.one_hot(labels, classes).float().mean(0) for labels in (first, second)]
    chance = (shares[0] * shares[1]).sum()
    same = (first == second).float().mean()
    return torch.where(chance < 1, (same - chance) / (1 - chance).clamp_min(1e-12), torch.zeros_like(chance))
