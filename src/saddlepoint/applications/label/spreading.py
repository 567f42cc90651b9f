"""Label spreading on a graph of nearest neighbours: labels flow along its edges until they balance with the known ones.

With the symmetric matrix S = D^-1/2 W D^-1/2 of the graph's weights and one column of Y for each class, the spread labels solve
F = alpha S F + (1 - alpha) Y. A new example has the mean of its neighbours' rows of F.

References:
    Learning with Local and Global Consistency (Dengyong Zhou, Olivier Bousquet, Thomas Lal, Jason Weston, Bernhard Schoelkopf, 2003),
        https://papers.nips.cc/paper/2506-learning-with-local-and-global-consistency
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from saddlepoint.applications.label.examples import Floats, Labels
from saddlepoint.data.missing_labels import MISSING

NEIGHBOURS = 10
ALPHA = 0.99  # share of a label that comes from neighbours
ROUNDS, TOLERANCE = 1_000, 1e-6


class SpreadLabels:
    """Labels spread among points.

    Args:
        points: (N, F).
        labels: (N,) classes, -1 where they are missing.
        classes: number of classes.
    """

    def __init__(self, points: npt.NDArray[Any], labels: Labels, classes: int) -> None:
        from scipy.sparse import diags
        from sklearn.neighbors import NearestNeighbors

        self._points = points
        self._near = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(points) - 1)).fit(points)
        graph = self._near.kneighbors_graph(mode="connectivity")  # without the point itself
        graph = graph.maximum(graph.T)
        root = 1 / np.sqrt(np.maximum(np.asarray(graph.sum(1)).ravel(), 1e-12))
        spread = diags(root) @ graph @ diags(root)
        start = np.zeros((len(points), classes))
        known = np.flatnonzero(labels != MISSING)
        # A class has the same total whatever its number of labels, which in a few labels is chance.
        counts = np.bincount(labels[known], minlength=classes)
        start[known, labels[known]] = 1 / np.maximum(counts[labels[known]], 1)
        found = start
        for _ in range(ROUNDS):
            following = ALPHA * (spread @ found) + (1 - ALPHA) * start
            change = float(np.abs(following - found).sum() / np.abs(following).sum())
            found = following
            if change < TOLERANCE:
                break
        self.distributions = _normalised(found)

    def posterior(self, points: npt.NDArray[Any]) -> Floats:
        """(M, F) -> (M, K), the mean of the spread labels of the nearest of the points."""
        _, index = self._near.kneighbors(points)
        return _normalised(self.distributions[index].mean(1))


def _normalised(weights: Floats) -> Floats:
    """Rows of sum 1; a point that no label reaches has equal probabilities."""
    total = weights.sum(1, keepdims=True)
    rows: Floats = np.where(total > 0, weights / np.where(total > 0, total, 1), 1 / weights.shape[1])
    return rows
