"""Laws of batches of labelled and unlabelled examples."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.missing_labels import has_missing_labels, labelled_part
from saddlepoint.data.mixed_batches import MixedBatches
from saddlepoint.data.split import class_shares
from saddlepoint.errors import DataError

EVENT = Event((1,), "vector", class_names=("a", "b"))


def data(known: int = 3, n: int = 20) -> Dataset:
    """x is the position; the first examples have the labels 0, 1, 0, ..."""
    y = torch.where(torch.arange(n) < known, torch.arange(n) % 2, -1)
    return Dataset("numbers", torch.arange(n).float()[:, None], EVENT, y)


def batches(dataset: Dataset, size: int = 5, share: float = 0.4) -> MixedBatches:
    return MixedBatches(dataset, size, 0, "cpu", EVENT.scaling("none"), share)


def test_a_batch_has_its_share_of_labels_and_others_of_all_examples() -> None:
    mixed = batches(data())
    assert (mixed.labelled, mixed.per_epoch) == (2, 6)
    seen = []
    for number in range(6):
        x, y = mixed[number]
        assert y[:2].tolist() == [int(value) % 2 for value in x[:2, 0]]
        assert y[2:].tolist() == [-1] * 3
        assert set(x[:2, 0].tolist()) <= {0.0, 1.0, 2.0}
        seen += x[2:, 0].tolist()
    assert len(set(seen)) == 18  # a part of one permutation


def test_labelled_examples_are_shown_equally_often_and_a_batch_does_not_depend_on_earlier_ones() -> None:
    mixed, other = batches(data()), batches(data())
    shown = torch.cat([mixed[number][0][:2, 0] for number in range(30)])
    assert torch.bincount(shown.long()).tolist() == [20, 20, 20]
    assert torch.equal(other[17][0], mixed[17][0])


@pytest.mark.parametrize(("share", "labelled"), [(0.01, 1), (0.99, 4)])
def test_both_kinds_are_in_a_batch(share: float, labelled: int) -> None:
    assert batches(data(), share=share).labelled == labelled


def test_missing_labels_are_found_and_do_not_count() -> None:
    assert has_missing_labels(data())
    assert not has_missing_labels(data(20))
    assert class_shares(data().y, EVENT) == (2 / 3, 1 / 3)
    assert class_shares(data(0).y, EVENT) is None
    assert labelled_part(data()).x.flatten().tolist() == [0, 1, 2]
    assert has_missing_labels(replace(data(20), held_out=data()))
    with pytest.raises(DataError, match="no example has a label"):
        batches(data(0))
