"""How well clusters agree with known classes: mutual information, adjusted Rand index and accuracy, with intervals.

All are functions of the contingency table, the numbers of examples of each class in each cluster. Examples that a method takes for
noise are one more cluster for all but the accuracy, for which they are always wrong.

Normalised mutual information (NMI) is above 0 for random clusters, the more the smaller and more numerous they are; the adjusted one (AMI)
is 0 in expectation. Comparisons are decided by the adjusted one.

An interval allows for two sources of chance: other examples of the same number (a bootstrap) and other seeds of the method. Representations
are compared on the same resamples, so that the intervals of differences are those of paired results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.cluster.points import Labels, Points
from saddlepoint.applications.cluster.settings import NOISE, RESAMPLES
from saddlepoint.evaluation.statistics.intervals import Interval, normal_interval

METRICS = ("ami", "nmi", "ari", "accuracy")
CORRECTED = ("ami", "ari")  # for chance, so that values may be negative
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Agreement:
    """Agreement of one method on one representation with the classes.

    Attributes:
        values: of each metric, the mean over seeds.
        draws: of each metric, (R,) values on resamples of examples and seeds.
    """

    values: Mapping[str, float]
    draws: Mapping[str, Points]

    def interval(self, metric: str) -> Interval:
        """The value of a metric with its interval."""
        found = normal_interval(self.values[metric], float(self.draws[metric].std(ddof=1)))
        return Interval(found.value, max(found.low, -1.0 if metric in CORRECTED else 0.0), min(found.high, 1.0))

    def difference(self, other: Agreement, metric: str) -> Interval:
        """How much higher this one is than another one on the same examples."""
        spread = float((self.draws[metric] - other.draws[metric]).std(ddof=1))
        return normal_interval(self.values[metric] - other.values[metric], spread)


def measure_agreement(
    classes: Labels, clusterings: Sequence[Labels], seed: int, resamples: int = RESAMPLES
) -> Agreement:
    """Measure the agreement of clusterings with classes.

    Args:
        classes: (N,) from 0.
        clusterings: (N,) clusters from 0, -1 for noise, by each seed of the method.
        seed: of the resamples; the same seed draws the same examples.
        resamples: R.
    """
    tables = [contingency(classes, clusters) for clusters in clusterings]
    noise = [bool((clusters == NOISE).any()) for clusters in clusterings]
    # The expectation by chance takes long to compute and hardly differs between resamples.
    expected = [expected_information(table) for table in tables]
    own = [scores(table, chance, noise=some) for table, chance, some in zip(tables, expected, noise, strict=True)]
    values = {metric: float(np.mean([one[metric] for one in own])) for metric in METRICS}
    rng, picks = np.random.default_rng([seed, 0]), np.random.default_rng([seed, 1])
    draws: dict[str, list[float]] = {metric: [] for metric in METRICS}
    for _ in range(resamples):
        weights = np.bincount(rng.integers(len(classes), size=len(classes)), minlength=len(classes))
        chosen = picks.integers(len(clusterings), size=len(clusterings))
        times = {int(pick): int((chosen == pick).sum()) for pick in set(chosen.tolist())}
        found = {
            pick: scores(contingency(classes, clusterings[pick], weights), expected[pick], noise=noise[pick])
            for pick in times
        }
        for metric in METRICS:
            draws[metric].append(sum(times[pick] * found[pick][metric] for pick in times) / len(chosen))
    return Agreement(values, {metric: np.array(some) for metric, some in draws.items()})


def contingency(classes: Labels, clusters: Labels, weights: Counts | None = None) -> Counts:
    """Count the examples of each class in each cluster.

    Args:
        classes: (N,) from 0.
        clusters: (N,) from 0; -1, noise, is the last column if it occurs.
        weights: (N,) how often each example counts; None for once.

    Returns:
        (C, K) counts.
    """
    most = int(clusters.max())
    columns = most + 1 + int((clusters == NOISE).any())
    column = np.where(clusters == NOISE, columns - 1, clusters)
    rows = int(classes.max()) + 1
    counts = np.bincount(classes * columns + column, weights=weights, minlength=rows * columns)
    return np.rint(counts).astype(np.int64).reshape(rows, columns)


def scores(table: Counts, expected: float, *, noise: bool = False) -> dict[str, float]:
    """Compute all metrics of a contingency table.

    Args:
        table: (C, K) counts.
        expected: mutual information by chance, of `expected_information`.
        noise: whether the last column is noise.
    """
    information, mean_entropy = _information(table)
    return {
        "ami": adjusted_mutual_information(information, mean_entropy, expected),
        "nmi": normalised_mutual_information(information, mean_entropy),
        "ari": adjusted_rand_index(table),
        "accuracy": matched_accuracy(table[:, :-1] if noise else table, int(table.sum())),
    }


def _information(table: Counts) -> tuple[float, float]:
    """I(class; cluster), and the mean of H(class) and H(cluster), in nats, of a table (C, K)."""
    p = table / table.sum()
    of_classes, of_clusters, of_both = (
        -float((q[q > 0] * np.log(q[q > 0])).sum()) for q in (p.sum(1), p.sum(0), p.ravel())
    )
    return of_classes + of_clusters - of_both, (of_classes + of_clusters) / 2


def expected_information(table: Counts) -> float:
    """The expectation of I(class; cluster) in nats over random tables (C, K) with the same sums of rows and columns."""
    from sklearn.metrics.cluster import expected_mutual_information

    return float(expected_mutual_information(table, int(table.sum())))


def adjusted_mutual_information(information: float, mean_entropy: float, expected: float) -> float:
    """(I - E) / (H - E): 0 in expectation for random clusters, 1 for those of the classes.

    Args:
        information: I(class; cluster) in nats.
        mean_entropy: H, the mean of the entropies of classes and clusters.
        expected: E, the expectation of I by chance.

    References:
        Information Theoretic Measures for Clusterings Comparison: Variants, Properties, Normalization and Correction for Chance (Nguyen
        Xuan Vinh, Julien Epps, James Bailey, 2010), https://www.jmlr.org/papers/v11/vinh10a.html
    """
    most = mean_entropy - expected
    return 1.0 if most < 1e-12 else float(np.clip((information - expected) / most, -1.0, 1.0))


def normalised_mutual_information(information: float, mean_entropy: float) -> float:
    """I / H, from 0 to 1; 1 where classes and clusters have a single value.

    Args:
        information: I(class; cluster) in nats.
        mean_entropy: H, the mean of the entropies of classes and clusters.

    References:
        Cluster Ensembles: A Knowledge Reuse Framework for Combining Multiple Partitions (Alexander Strehl, Joydeep Ghosh, 2002),
        https://www.jmlr.org/papers/v3/strehl02a.html
    """
    return 1.0 if mean_entropy < 1e-12 else float(np.clip(information / mean_entropy, 0.0, 1.0))


def adjusted_rand_index(table: Counts) -> float:
    """The share of pairs of examples that both partitions treat alike, corrected for chance: 0 in expectation for random clusters.

    Args:
        table: (C, K) counts.

    References:
        Comparing Partitions (Lawrence Hubert, Phipps Arabie, 1985), https://doi.org/10.1007/BF01908075
    """
    both, rows, columns, every = (
        float((counts * (counts - 1.0) / 2).sum()) for counts in (table, table.sum(1), table.sum(0), table.sum())
    )
    expected = rows * columns / every if every else 0.0
    most = (rows + columns) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def matched_accuracy(table: Counts, examples: int) -> float:
    """The share of examples that are right when each cluster stands for at most one class and each class for at most one cluster.

    Args:
        table: (C, K) counts, without noise.
        examples: all of them, with noise.

    References:
        The Hungarian Method for the Assignment Problem (Harold W. Kuhn, 1955), https://doi.org/10.1002/nav.3800020109
    """
    rows, columns = match(table)
    return float(table[rows, columns].sum() / examples)


def match(table: Counts) -> tuple[Labels, Labels]:
    """Assign classes to clusters one to one with the largest number of examples: positions of the rows and columns."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(table, maximize=True)
    return np.asarray(rows, np.int64), np.asarray(columns, np.int64)
