"""HDBSCAN: dense regions that persist over a range of densities are clusters; what lies in none of them is noise."""

from __future__ import annotations

from typing import cast

from saddlepoint.applications.cluster.points import Labels, Points

LEAST = 5  # examples of a cluster
FEW_DIMENSIONS, MOST_AT_ONCE = 16, 10_000  # at once, N^2 distances are in memory
SHARE = 10  # the smallest cluster is 1 / SHARE of the mean one of `clusters` clusters


def hdbscan(points: Points, clusters: int, seed: int) -> Labels:
    """Cluster by HDBSCAN.

    Args:
        points: (N, D).
        clusters: K, which only sets the smallest size of a cluster: a tenth of N / K.
        seed: is not used, because the method draws no random numbers.

    Returns:
        (N,) clusters from 0, and -1 for noise.

    References:
        Density-Based Clustering Based on Hierarchical Density Estimates (Ricardo J. G. B. Campello, Davoud Moulavi, Joerg Sander,
        2013), https://doi.org/10.1007/978-3-642-37456-2_14
    """
    from sklearn.cluster import HDBSCAN

    smallest = min(max(LEAST, len(points) // (SHARE * clusters)), len(points))
    # In many dimensions a tree of the points saves no distances: all of them at once are 20 times faster, with the same result.
    at_once = points.shape[1] > FEW_DIMENSIONS and len(points) <= MOST_AT_ONCE
    method = HDBSCAN(min_cluster_size=smallest, algorithm="brute" if at_once else "auto", copy=True)
    return cast(Labels, method.fit_predict(points))
