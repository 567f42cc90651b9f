"""Probes: exact on separable classes, at chance on labels at random, and paired between representations."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from saddlepoint.applications.cluster.probing import PROBES, measure_probes, split_for_probes
from tests.applications.cluster.toys import blobs, subject_of


def shuffled(held_out: int = 0) -> tuple[np.ndarray, np.ndarray]:
    points, labels = blobs(each=100)
    order = np.random.default_rng(1).permutation(len(labels))
    return points[order], labels[order]


@pytest.mark.parametrize("probe", PROBES)
def test_separable_classes_are_read_and_random_labels_are_not(probe: str) -> None:
    points, labels = shuffled()
    found = measure_probes(subject_of(points, labels, held_out=60), 0)
    assert found is not None
    assert found.scores[probe]["codes"].accuracy.value == 1.0
    assert (found.trained, found.tested) == (240, 60)
    unrelated = np.random.default_rng(2).integers(0, 3, len(labels))
    chance = measure_probes(subject_of(points, unrelated, held_out=60), 0)
    assert chance is not None
    assert chance.scores[probe]["codes"].accuracy.low < 1 / 3 + 0.1


def test_codes_that_lose_the_class_are_worse_than_raw_values() -> None:
    class Blind:
        def encode(self, x: torch.Tensor) -> torch.Tensor:
            return x[:, 1:]  # the class is in the first column

    points, labels = shuffled()
    found = measure_probes(subject_of(points, labels, Blind(), held_out=60), 0)
    assert found is not None
    for some in found.scores.values():
        assert some["codes"].difference is None
        assert some["raw"].difference is not None
        assert some["raw"].difference.high < 0


def test_only_labelled_examples_are_used_and_the_parts_are_kept_apart() -> None:
    points, labels = shuffled()
    labels[::4] = -1
    subject = subject_of(points, labels, held_out=60)
    train, test, note = split_for_probes(subject, 0)
    assert set(train) & set(test) == set()
    assert (subject.y[np.concatenate([train, test])] >= 0).all()  # type: ignore[index]
    assert test.min() >= 240 > train.max()
    assert "not trained on" in note
    _, tested, note = split_for_probes(subject_of(points, labels), 0)
    assert len(tested) == 45
    assert "was trained on all" in note


def test_there_are_no_probes_without_labels_or_with_few_of_them() -> None:
    points, labels = shuffled()
    assert measure_probes(subject_of(points, None), 0) is None
    assert measure_probes(subject_of(points[:12], labels[:12]), 0) is None
