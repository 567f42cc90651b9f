"""HDBSCAN: dense regions that persist over a range of densities are clusters; what lies in none of them is noise."""

from __future__ import annotations

from typing import cast

from saddlepoint.applications.cluster.points import Labels, Points

LEAST = 5  # examples of a cluster
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
    return cast(Labels, HDBSCAN(min_cluster_size=smallest, copy=True).fit_predict(points))
