"""Laws of every clustering method and of every representation, over their registries."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from saddlepoint.applications.cluster.agreement import adjusted_rand_index, contingency
from saddlepoint.applications.cluster.measuring import by_size, measure, represent
from saddlepoint.applications.cluster.methods.mixture import covariance_type
from saddlepoint.applications.cluster.points import check_points
from saddlepoint.applications.cluster.settings import CODES, METHODS, NOISE, REPRESENTATIONS
from saddlepoint.errors import DataError
from tests.applications.cluster.toys import blobs, subject_of


@pytest.mark.parametrize("name", METHODS)
def test_obvious_clusters_are_found_again_with_the_same_seed(name: str) -> None:
    points, labels = blobs()
    method = METHODS[name].function
    found = method(points, 3, 0)
    assert found.tolist() == method(points, 3, 0).tolist()
    kept = found != NOISE
    assert kept.all() or METHODS[name].noise
    assert kept.mean() > 0.8
    assert adjusted_rand_index(contingency(labels[kept], found[kept])) == 1.0


@pytest.mark.parametrize("name", METHODS)
def test_clusters_do_not_depend_on_the_unit_of_the_points(name: str) -> None:
    points, _ = blobs()
    method = METHODS[name].function
    first, second = (by_size(method(scale * points, 3, 0)) for scale in (1.0, 2.0**-10))
    assert adjusted_rand_index(contingency(first + 1, second + 1)) == 1.0


@pytest.mark.parametrize("name", METHODS)
def test_as_many_clusters_as_examples_and_a_single_one(name: str) -> None:
    points, _ = blobs(each=4)
    for clusters in (1, len(points)):
        found = METHODS[name].function(points, clusters, 0)
        assert found.shape == (len(points),)
        assert found.max() < clusters


@pytest.mark.parametrize("name", REPRESENTATIONS)
def test_an_example_is_represented_independently_of_the_others(name: str) -> None:
    points, labels = blobs(dimensions=4)
    subject = subject_of(points, labels)
    transform = REPRESENTATIONS[name].function(subject, subject.x)
    whole = transform(subject.x)
    assert whole.shape == (len(points), 4)
    assert whole.dtype == np.float64
    np.testing.assert_allclose(transform(subject.x[5:8]), whole[5:8], atol=1e-5)


def test_principal_components_have_the_dimension_of_the_codes() -> None:
    class Two:
        def encode(self, x: torch.Tensor) -> torch.Tensor:
            return x[:, :2]

    points, _ = blobs(dimensions=5)
    found = represent(subject_of(points, None, Two()))
    assert {name: some.shape[1] for name, some in found.items()} == {"codes": 2, "raw": 5, "pca": 2}


def test_clusters_are_numbered_from_the_largest() -> None:
    assert by_size(np.array([7, 7, 2, -1, 2, 2])).tolist() == [1, 1, 0, -1, 0, 0]
    assert by_size(np.full(3, -1)).tolist() == [-1, -1, -1]


def test_full_covariances_need_enough_numbers() -> None:
    assert covariance_type(1_000, 2, 3) == "full"
    assert covariance_type(1_000, 500, 3) == "diag"


def test_codes_equal_to_raw_values_are_neither_better_nor_worse() -> None:
    points, labels = blobs()
    subject = subject_of((points - points.mean(0)) / points.std(0), labels)
    scores, assignments = measure(subject, represent(subject), 3, 2, 0, None)
    for method in METHODS:
        difference = scores["raw"][method].codes_against["ami"]
        assert abs(difference.value) < 1e-6
        assert scores[CODES][method].codes_against == {}
        assert len(assignments[method]) == len(points)


@pytest.mark.parametrize(
    ("points", "said"),
    [(np.full((4, 2), np.nan), "not finite"), (np.ones((4, 2)), "are equal"), (np.ones((4, 0)), "equal")],
)
def test_points_that_cannot_be_clustered(points: np.ndarray, said: str) -> None:
    with pytest.raises(DataError, match=said):
        check_points(points, "codes")
