"""Agreement of clusters and classes: closed forms, scikit-learn's values, symmetries, and intervals."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, normalized_mutual_info_score

from saddlepoint.applications.cluster.agreement import (
    METRICS,
    contingency,
    expected_information,
    matched_accuracy,
    measure_agreement,
    scores,
)
from saddlepoint.applications.cluster.clustered import HELPS, HURTS, NO_DIFFERENCE, verdict_of
from saddlepoint.evaluation.statistics.intervals import Interval

RNG = np.random.default_rng(3)
RANDOM = [(RNG.integers(0, 4, 60), RNG.integers(0, 3 + trial, 60)) for trial in range(3)]


def scores_of(classes: np.ndarray, clusters: np.ndarray) -> dict[str, float]:
    table = contingency(classes, clusters)
    return scores(table, expected_information(table), noise=bool((clusters == -1).any()))


@pytest.mark.parametrize(("classes", "clusters"), RANDOM)
def test_it_is_scikit_learns(classes: np.ndarray, clusters: np.ndarray) -> None:
    found = scores_of(classes, clusters)
    assert found["ami"] == pytest.approx(adjusted_mutual_info_score(classes, clusters), abs=1e-12)
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
    assert scores_of(classes, clusters) == pytest.approx(scores_of(classes, renamed))
    assert scores_of(classes, classes) == pytest.approx(dict.fromkeys(METRICS, 1.0))


def test_noise_is_a_cluster_of_its_own_and_always_wrong() -> None:
    classes = np.repeat([0, 1], 10)
    clusters = np.where(np.arange(20) % 10 < 5, classes, -1)
    found = scores_of(classes, clusters)
    assert found["accuracy"] == 0.5
    assert found["nmi"] == pytest.approx(normalized_mutual_info_score(classes, clusters), abs=1e-12)
    all_noise = np.full(20, -1)
    assert scores_of(classes, all_noise)["accuracy"] == 0.0


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


def test_many_small_clusters_at_random_are_no_better_than_few() -> None:
    rng = np.random.default_rng(0)
    classes, many, few = (rng.integers(0, groups, 300) for groups in (10, 40, 2))
    many_found, few_found = (measure_agreement(classes, [some], 0) for some in (many, few))
    # NMI by chance is about (C - 1) (K - 1) / 2N nats of information, divided by the mean entropy: 0.2 and 0.01.
    assert many_found.difference(few_found, "nmi").low > 0
    for found in (many_found, few_found):
        interval = found.interval("ami")
        assert interval.low < 0 < interval.high
    difference = many_found.difference(few_found, "ami")
    assert verdict_of(difference, many_found.interval("ami"), few_found.interval("ami")) == NO_DIFFERENCE


@pytest.mark.parametrize(
    ("difference", "codes", "raw", "expected"),
    [
        (0.2, 0.5, 0.3, HELPS),
        (-0.2, 0.3, 0.5, HURTS),
        (0.05, 0.5, 0.45, NO_DIFFERENCE),
        (0.2, 0.05, -0.15, NO_DIFFERENCE),  # codes are at chance
        (-0.2, -0.15, 0.05, NO_DIFFERENCE),
    ],
)
def test_the_better_one_must_be_better_than_chance(difference: float, codes: float, raw: float, expected: str) -> None:
    intervals = (Interval(value, value - 0.1, value + 0.1) for value in (difference, codes, raw))
    assert verdict_of(*intervals) == expected
