"""Silhouette, stability and the number of clusters; outliers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import silhouette_score

from saddlepoint.applications.cluster.choosing import choose_number
from saddlepoint.applications.cluster.outliers import find_outliers
from saddlepoint.applications.cluster.settings import CHOICES, CRITERIA, METHODS, Choice
from saddlepoint.applications.cluster.unlabelled import mean_silhouette, stability
from saddlepoint.errors import SettingError
from tests.applications.cluster.toys import Identity, blobs, subject_of


def test_the_silhouette_is_scikit_learns() -> None:
    points, labels = blobs()
    found = mean_silhouette(points, [labels, labels], 0)
    assert found is not None
    assert found.value == pytest.approx(silhouette_score(points, labels), abs=1e-12)
    assert found.low < found.value < found.high
    assert mean_silhouette(points, [np.zeros(len(points), dtype=np.int64)], 0) is None


@pytest.mark.parametrize("method", METHODS)
def test_obvious_clusters_are_stable(method: str) -> None:
    found = stability(METHODS[method].function, blobs(each=100)[0], 3, 0)
    assert found is not None
    assert found.value > 0.8


def test_clusters_at_random_are_not_stable() -> None:
    points, _ = blobs(each=200)
    found = stability(lambda x, k, seed: np.random.default_rng(seed).integers(0, k, len(x)), points, 3, 0)
    assert found is not None
    assert abs(found.value) < 0.1
    assert stability(METHODS["k-means"].function, points[:4], 4, 0) is None  # too few examples
    assert stability(METHODS["k-means"].function, points, 1, 0) is None  # which says nothing


@pytest.mark.parametrize("criterion", CHOICES)
def test_a_criterion_finds_the_number_of_obvious_clusters(criterion: Choice) -> None:
    number, how = choose_number(blobs(each=60)[0], None, None, criterion, 0)
    assert number == 3
    assert CHOICES[criterion] in how


def test_a_given_number_goes_before_classes_and_these_before_a_criterion() -> None:
    points, labels = blobs()
    assert choose_number(points, labels, 5, "bic", 0) == (5, "as given")
    assert choose_number(points, np.where(labels == 0, -1, labels), None, "bic", 0)[0] == 2
    with pytest.raises(SettingError, match="at most as many"):
        choose_number(points, labels, len(points) + 1, "bic", 0)
    with pytest.raises(SettingError, match="too few"):
        choose_number(points[:2], None, None, "bic", 0)


def test_injected_outliers_come_first() -> None:
    points, labels = blobs(each=100)
    points[17] = [10.0, 40.0]  # between two centres and far above them
    points[42] = [60.0, 0.0]  # which the model does not decode
    subject = subject_of(points, labels, Identity(wrong=50.0))
    found = find_outliers(subject, points, 3, 0, 4)
    assert len(found) == 4 * len(CRITERIA)
    density = [one for one in found if one.criterion == "density"]
    assert {one.position for one in density[:2]} == {17, 42}
    assert [one.score for one in density] == sorted((one.score for one in density), reverse=True)
    worst = next(one for one in found if one.criterion == "reconstruction")
    assert (worst.position, worst.name, worst.known_class) == (42, "row 43", "class 0")
    assert worst.score > 100 * worst.typical
