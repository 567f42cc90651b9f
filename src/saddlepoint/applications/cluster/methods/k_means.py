"""k-means: the K centres with the least sum of squared distances of the points to their nearest centre."""

from __future__ import annotations

from typing import cast

from saddlepoint.applications.cluster.points import Labels, Points

STARTS = 10


def k_means(points: Points, clusters: int, seed: int) -> Labels:
    """Cluster by k-means.

    Args:
        points: (N, D).
        clusters: K.
        seed: of the starts.

    Returns:
        (N,) clusters from 0 to K - 1.

    References:
        k-means++: The Advantages of Careful Seeding (David Arthur, Sergei Vassilvitskii, 2007),
        https://dl.acm.org/doi/10.5555/1283383.1283494
    """
    from sklearn.cluster import KMeans

    return cast(Labels, KMeans(clusters, n_init=STARTS, random_state=seed).fit_predict(points))
