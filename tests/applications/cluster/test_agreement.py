"""Agreement of clusters and classes: closed forms, scikit-learn's values, symmetries, and intervals."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from saddlepoint.applications.cluster.agreement import METRICS, contingency, matched_accuracy, measure_agreement, scores

RNG = np.random.default_rng(3)
RANDOM = [(RNG.integers(0, 4, 60), RNG.integers(0, 3 + trial, 60)) for trial in range(3)]


@pytest.mark.parametrize(("classes", "clusters"), RANDOM)
def test_it_is_scikit_learns(classes: np.ndarray, clusters: np.ndarray) -> None:
    found = scores(contingency(classes, clusters))
    assert found["nmi"] == pytest.approx(normalized_mutual_info_score(classes, clusters), abs=1e-12)
    assert found["ari"] == pytest.approx(adjusted_rand_score(classes, clusters), abs=1e-12)


@pytest.mark.parametrize(("classes", "clusters"), RANDOM)
def test_accuracy_is_that_of_the_best_assignment(classes: np.ndarray, clusters: np.ndarray) -> None:
    table = contingency(classes, clusters)
    size = max(table.shape)
    square = np.zeros((size, size))
    square[: table.shape[0], : table.shape[1]] = table
    best = max(sum(square[n, order[n]] for n in range(size)) for order in permutations(range(size)))
    assert matched_accuracy(table, len(classes)) == pytest.approx(best / len(classes))


def test_other_numbers_of_the_same_clusters_change_nothing() -> None:
    classes, clusters = RANDOM[0]
    renamed = np.array([2, 0, 1])[clusters]
    assert scores(contingency(classes, clusters)) == pytest.approx(scores(contingency(classes, renamed)))
    assert scores(contingency(classes, classes)) == pytest.approx(dict.fromkeys(METRICS, 1.0))


def test_noise_is_a_cluster_of_its_own_and_always_wrong() -> None:
    classes = np.repeat([0, 1], 10)
    clusters = np.where(np.arange(20) % 10 < 5, classes, -1)
    found = scores(contingency(classes, clusters), noise=True)
    assert found["accuracy"] == 0.5
    assert found["nmi"] == pytest.approx(normalized_mutual_info_score(classes, clusters), abs=1e-12)
    all_noise = np.full(20, -1)
    assert scores(contingency(classes, all_noise), noise=True)["accuracy"] == 0.0


def test_weights_count_examples_several_times() -> None:
    classes, clusters = RANDOM[1]
    weights = RNG.integers(0, 3, len(classes))
    repeated = contingency(np.repeat(classes, weights), np.repeat(clusters, weights))
    table = contingency(classes, clusters, weights)
    assert table[: repeated.shape[0], : repeated.shape[1]].tolist() == repeated.tolist()
    assert table.sum() == repeated.sum()


def test_equal_clusters_differ_by_nothing_and_others_have_intervals() -> None:
    classes = np.repeat(np.arange(3), 50)
    noisy = np.where(np.random.default_rng(0).random(150) < 0.3, (classes + 1) % 3, classes)
    one, same, exact = (measure_agreement(classes, [found], 0) for found in (noisy, noisy, classes))
    for metric in METRICS:
        zero = one.difference(same, metric)
        assert (zero.value, zero.low, zero.high) == (0.0, 0.0, 0.0)
        assert exact.difference(one, metric).low > 0
        interval = one.interval(metric)
        assert interval.low < interval.value < interval.high <= 1
    # The standard error of the share that is right is sqrt(p (1 - p) / N).
    share = (noisy == classes).mean()
    half = 1.96 * (share * (1 - share) / 150) ** 0.5
    interval = one.interval("accuracy")
    assert interval.value == pytest.approx(share)
    assert (interval.high - interval.low) / 2 == pytest.approx(half, rel=0.25)  # 200 resamples: 5 % a standard error


def test_seeds_that_disagree_widen_the_interval() -> None:
    classes = np.repeat(np.arange(2), 2_000)
    half = np.where(np.arange(4_000) % 2 == 0, classes, 0)
    narrow, wide = (
        measure_agreement(classes, some, 0).interval("accuracy") for some in ([half, half], [half, classes])
    )
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low)
