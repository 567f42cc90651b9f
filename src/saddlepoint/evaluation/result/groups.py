"""Known modes and classes (groups): whether each is found, has its share of the samples, and is as wide as in the data.

A lost group excludes the level "close", however many other groups there are: nine of ten digits are not close to the data. A
group is lost where it has less than a quarter of its share and where so few samples are not explained by chance.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from saddlepoint.data.dataset import Truth
from saddlepoint.evaluation.metrics.modes import ModeReport, mode_report
from saddlepoint.evaluation.metrics.neighbours import nearest
from saddlepoint.evaluation.result.aspects import (
    clip_share,
    expected_total_variation,
    group_counts,
    proportion_error,
    shortfall_p_value,
    symmetric_ratio,
    total_variation,
)
from saddlepoint.records.result import Aspect

EXPECTED = 10  # samples that a group should have, so that its share and width can be measured
LOST = 0.25  # a group is lost below this part of its share,
ACCIDENT = 0.001  # if the probability of so few samples is below this
WITH_LOSSES = 0.7  # the highest score of an aspect with a lost group; below that of the level close
VOTES = 5  # nearest training examples that vote on the class of a sample
RECOGNISED = 0.85  # accuracy on held-out examples that is needed to classify samples


def mode_aspects(samples: Tensor, truth: Truth | None) -> list[Aspect]:
    """The aspects of known modes: samples near a mode, modes found, balance and width.

    Args:
        samples: (N, D) in the data's units.
        truth: the true distribution; None, or one without modes, gives no aspects.
    """
    if truth is None or truth.modes is None or truth.mode_std is None:
        return []
    report = mode_report(samples, truth.modes, float(truth.mode_std))
    near = Aspect(
        "samples near a mode",
        report.high_quality,
        report.true_quality,
        clip_share(report.high_quality / report.true_quality),
        error=proportion_error(report.high_quality, len(samples)),
        p_value=shortfall_p_value(report.high_quality, len(samples), report.true_quality),
    )
    counts = torch.nan_to_num(report.mass) * round(report.high_quality * len(samples))
    usual = torch.full((report.modes,), 1 / report.modes, dtype=torch.float64)
    return [
        near,
        *_group_aspects("modes", counts, usual, len(samples), math.inf),
        *_width_aspects(report, len(samples)),
    ]


def _width_aspects(report: ModeReport, n: int) -> list[Aspect]:
    """The median width of the modes; none where there are too few samples."""
    widths = report.width[report.width.isfinite()].double()
    if not len(widths) or n < EXPECTED * report.modes:
        return []
    width = float(widths.median())
    return [Aspect("width of the modes", width, 1.0, symmetric_ratio(width))]


class Classes:
    """A nearest-neighbour classifier of labelled data.

    Attributes:
        reliable: whether it is accurate enough on held-out examples to classify samples.
    """

    def __init__(self, learnt: Tensor, labels: Tensor, real: Tensor, real_labels: Tensor) -> None:
        """Fit the classifier and measure its accuracy.

        Args:
            learnt: (T, D) points of training examples.
            labels: (T,) their classes.
            real: (N, D) points of the examples that samples are compared with.
            real_labels: (N,) their classes.
        """
        self._learnt, self._labels = learnt, labels
        self._groups = int(max(labels.max(), real_labels.max())) + 1
        found = self._classify(real)
        self.reliable = float((found == real_labels).double().mean()) >= RECOGNISED
        # The shares as classified, not the true ones: the classifier makes the same confusions among samples.
        self._usual = group_counts(found, self._groups) / len(real)
        self._examples = len(real)

    def aspects(self, fake: Tensor) -> list[Aspect]:
        """Classes found, and their shares, of fake (M, D); none where the classifier is not reliable."""
        if not self.reliable:
            return []
        return _group_aspects(
            "classes", group_counts(self._classify(fake), self._groups), self._usual, len(fake), self._examples
        )

    def _classify(self, points: Tensor) -> Tensor:
        k = min(VOTES, len(self._learnt))
        labels = self._labels[nearest(points, self._learnt, k=k)[1]]
        return labels.mode(1).values


def _group_aspects(name: str, counts: Tensor, usual: Tensor, n: int, m: float) -> list[Aspect]:
    """Groups found and their balance.

    Args:
        name: of the groups, "modes" or "classes".
        counts: (K,) samples of each.
        usual: (K,) shares of real examples.
        n: number of samples.
        m: number of real examples behind `usual`; infinite where these are known.
    """
    expected = usual * n
    judged = expected >= EXPECTED
    if int(judged.sum()) < 2:
        if not len(counts):
            return []
        # Too few samples for shares: a group is found where it has any sample.
        found = float((counts > 0)[usual > 0].double().mean())
        return [Aspect(f"share of {name} found", found, 1.0, found)]
    chance = _chance_of_so_few(counts[judged], usual[judged], n, m)
    lost = (counts[judged] < LOST * expected[judged]) & (chance < ACCIDENT)
    found = 1 - float(lost.double().mean())
    p_value = min(1.0, float(chance.min()) * len(chance))
    total = counts.sum()
    moved = total_variation(counts / total, usual) if total > 0 else 1.0
    best = 1 - expected_total_variation(usual, n, m)
    return [
        Aspect(f"share of {name} found", found, 1.0, found if found == 1 else min(found, WITH_LOSSES), p_value=p_value),
        Aspect(f"balance of the {name}", 1 - moved, best, clip_share((1 - moved) / best)),
    ]


def _chance_of_so_few(counts: Tensor, usual: Tensor, n: int, m: float) -> Tensor:
    """(K,) probability that each group has at most its count of n samples, given shares (K,) of m real examples."""
    from scipy.special import bdtr, pdtr  # takes a moment to import

    if math.isinf(m):
        return torch.from_numpy(pdtr(counts.numpy(), (usual * n).numpy()))
    # Given the sum of two Poisson counts, the first is binomial.
    total = (counts + usual * m).round().long()
    return torch.from_numpy(bdtr(counts.numpy(), total.numpy(), n / (n + m)))
