"""Label spreading solves its linear system."""

from __future__ import annotations

import numpy as np

from saddlepoint.applications.label import spreading
from saddlepoint.applications.label.spreading import SpreadLabels


def test_spread_labels_solve_the_system() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(40, 3))
    labels = np.full(40, -1)
    labels[:6] = [0, 1, 2, 0, 1, 0]
    found = SpreadLabels(points, labels, 3)
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    graph = np.zeros((40, 40))
    for row, near in enumerate(distance.argsort(1)[:, : spreading.NEIGHBOURS]):
        graph[row, near] = 1
    graph = np.maximum(graph, graph.T)
    root = graph.sum(1) ** -0.5
    start = np.zeros((40, 3))
    start[np.arange(6), labels[:6]] = [1 / 3, 1 / 2, 1, 1 / 3, 1 / 2, 1 / 3]
    exact = np.linalg.solve(np.eye(40) - spreading.ALPHA * root[:, None] * graph * root, start)
    np.testing.assert_allclose(found.distributions, exact / exact.sum(1, keepdims=True), atol=1e-3)


def test_a_new_example_has_the_mean_of_its_neighbours() -> None:
    points = np.random.default_rng(1).normal(size=(30, 2))
    labels = np.where(np.arange(30) < 4, np.arange(30) % 2, -1)
    found = SpreadLabels(points, labels, 2)
    new = np.array([[0.3, -0.2]])
    near = np.linalg.norm(points - new, axis=1).argsort()[: spreading.NEIGHBOURS]
    np.testing.assert_allclose(found.posterior(new)[0], found.distributions[near].mean(0))


def test_points_that_no_label_reaches_have_equal_probabilities() -> None:
    far = np.concatenate(
        [np.random.default_rng(2).normal(size=(20, 2)), 1_000 + np.random.default_rng(3).normal(size=(20, 2))]
    )
    labels = np.where(np.arange(40) < 4, np.arange(40) % 2, -1)
    assert np.allclose(SpreadLabels(far, labels, 2).distributions[20:], 0.5)
