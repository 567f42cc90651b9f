"""Measures of clusters that need no classes: the silhouette, and whether other examples would give the same clusters.

Neither says that clusters mean something. The silhouette depends on the representation, so that its values for codes and raw values do not
compare; stability does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from saddlepoint.applications.cluster.agreement import adjusted_rand_index, contingency
from saddlepoint.applications.cluster.points import Labels, Points
from saddlepoint.applications.cluster.settings import NOISE
from saddlepoint.evaluation.statistics.intervals import Interval, mean_interval

MOST = 2_000  # examples of a silhouette, whose time grows with their square
PAIRS = 5  # of refits

Cluster = Callable[[Points, int, int], Labels]


def mean_silhouette(points: Points, clusterings: Sequence[Labels], seed: int) -> Interval | None:
    """Return the mean silhouette over examples, averaged over clusterings.

    Args:
        points: (N, D).
        clusterings: (N,) clusters by each seed of the method; noise is left out.
        seed: chooses the examples where there are more than 2,000.

    Returns:
        The mean and its interval over examples; None where a clustering has fewer than two clusters.

    References:
        Silhouettes: A Graphical Aid to the Interpretation and Validation of Cluster Analysis (Peter J. Rousseeuw, 1987),
        https://doi.org/10.1016/0377-0427(87)90125-7
    """
    from sklearn.metrics import silhouette_samples

    chosen = np.random.default_rng(seed).permutation(len(points))[:MOST]
    found = []
    for clusters in clusterings:
        kept = chosen[clusters[chosen] != NOISE]
        occurring = len(np.unique(clusters[kept]))
        if not 2 <= occurring < len(kept):
            return None
        values = np.full(len(points), np.nan)
        values[kept] = silhouette_samples(points[kept], clusters[kept])
        found.append(values)
    everywhere = np.nanmean(found, 0)[chosen] if len(found) > 1 else found[0][chosen]
    return _clipped(mean_interval(torch.from_numpy(everywhere[~np.isnan(everywhere)])))


def stability(cluster: Cluster, points: Points, clusters: int, seed: int, pairs: int = PAIRS) -> Interval | None:
    """Return how well clusters of bootstrap samples agree: the adjusted Rand index on the examples that two samples share.

    A refit sees the distinct examples of a bootstrap sample, 63 % of all: copies would be regions of infinite density.

    Args:
        cluster: a clustering method.
        points: (N, D).
        clusters: K.
        seed: of the samples and of the method.
        pairs: of refits, no two of which share a refit.

    Returns:
        The mean over pairs and its interval; None for a single group, which always agrees, and where samples are too small for K.

    References:
        Cluster-wise Assessment of Cluster Stability (Christian Hennig, 2007), https://doi.org/10.1016/j.csda.2006.11.025
    """
    if clusters < 2:
        return None
    rng = np.random.default_rng([seed, 2])
    found = []
    for pair in range(pairs):
        assigned = []
        for side in range(2):
            sample = np.unique(rng.integers(len(points), size=len(points)))
            if len(sample) <= clusters:
                return None
            labels = np.full(len(points), NOISE - 1, dtype=np.int64)
            labels[sample] = cluster(points[sample], clusters, seed + 2 * pair + side)
            assigned.append(labels)
        both = (assigned[0] >= NOISE) & (assigned[1] >= NOISE)
        if min(len(np.unique(labels[both])) for labels in assigned) < 2:
            return None
        # Noise of the first refit is a group as well; classes are counted from 0.
        found.append(adjusted_rand_index(contingency(assigned[0][both] - NOISE, assigned[1][both])))
    return _clipped(mean_interval(torch.tensor(found, dtype=torch.float64)))


def _clipped(interval: Interval) -> Interval:
    return Interval(interval.value, max(interval.low, -1.0), min(interval.high, 1.0), interval.level)
