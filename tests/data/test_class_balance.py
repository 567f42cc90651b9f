"""Laws of balanced batches: shares of the classes, fair use of their examples, independence of earlier requests."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import saddlepoint as sp
from saddlepoint.data import Batches, from_array
from saddlepoint.data.class_balance import BalancedOrder
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import SettingError
from saddlepoint.lanes.batches import StackedBatches

WHOLE = DataSettings(held_out=0.0)


def dataset_of(sizes: list[int]) -> Dataset:
    """Examples that hold their own number, in classes of these sizes."""
    labels = torch.cat([torch.full((size,), label) for label, size in enumerate(sizes)])
    return from_array(torch.arange(len(labels)).float()[:, None].expand(-1, 2).contiguous(), labels, WHOLE)


def stream(dataset: Dataset, epochs: int, length: int, seed: int = 0) -> torch.Tensor:
    order = BalancedOrder(dataset, length, seed)
    return torch.cat([order.epoch(epoch) for epoch in range(epochs)])


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 40), min_size=2, max_size=5).filter(lambda sizes: sum(sizes) > 4),
    st.integers(1, 60),
    st.integers(1, 6),
    st.integers(0, 2**40),
)
def test_classes_and_the_examples_of_a_class_are_shown_equally_often(sizes, length, epochs, seed):
    dataset = dataset_of(sizes)
    shown = stream(dataset, epochs, length, seed)
    of_classes = torch.bincount(dataset.y[shown], minlength=len(sizes))
    assert of_classes.max() - of_classes.min() <= 1
    times = torch.bincount(shown, minlength=len(dataset))
    for label in range(len(sizes)):
        own = times[dataset.y == label]
        assert own.max() - own.min() <= 1


def test_every_example_of_the_largest_class_is_shown():
    dataset = dataset_of([90, 10])
    assert set(range(90)) <= set(stream(dataset, 2, 100).tolist())


def test_an_epoch_does_not_depend_on_earlier_requests():
    dataset = dataset_of([700, 3, 60])
    order = BalancedOrder(dataset, 500, 7)
    in_sequence = [order.epoch(epoch) for epoch in range(9)]
    for epoch in (8, 0, 5, 5, 3):
        assert torch.equal(BalancedOrder(dataset, 500, 7).epoch(epoch), in_sequence[epoch])
        assert torch.equal(order.epoch(epoch), in_sequence[epoch])
    assert not torch.equal(BalancedOrder(dataset, 500, 8).epoch(0), in_sequence[0])


def test_batches_show_every_class_with_the_same_expected_share():
    dataset = dataset_of([160, 30, 10])
    batches = Batches(dataset, 20, 3, "cpu", dataset.event.scaling("none"), labels=True, balanced=True)
    labels = torch.cat([batches[i][1] for i in range(3 * batches.per_epoch)])
    assert torch.bincount(labels).tolist() == [200, 200, 200]
    # The first place of a batch has no class of its own: batches are not sorted.
    assert len({int(batches[i][1][0]) for i in range(30)}) == 3


def test_a_class_without_training_examples_is_left_out():
    dataset = from_array(torch.arange(8.0)[:, None].expand(8, 2), torch.tensor([0, 0, 0, 0, 0, 2, 2, 2]), WHOLE)
    assert torch.bincount(dataset.y[stream(dataset, 1, 8)]).tolist()[0] == 4


def test_replicas_get_the_balanced_batches_of_single_runs():
    dataset = dataset_of([50, 14])
    scaling = dataset.event.scaling("standard")
    stacked = StackedBatches([dataset] * 2, [scaling] * 2, [4, 5], 8, torch.device("cpu"), 0, True, True)
    singles = [Batches(dataset, 8, seed, "cpu", scaling, labels=True, balanced=True) for seed in (4, 5)]
    for index in (0, 3, 11):
        x, y = stacked[index]
        for replica, single in enumerate(singles):
            assert torch.equal(x[replica], single[index][0])
            assert torch.equal(y[replica], single[index][1])


def test_data_without_labels_are_refused():
    with pytest.raises(SettingError, match=r"training.balance_classes: array has no labels"):
        BalancedOrder(from_array(torch.randn(9, 2), settings=WHOLE), 8, 0)


@pytest.mark.slow
def test_a_resumed_run_with_balanced_classes_equals_an_uninterrupted_one(tmp_path: Path):
    training = {"tick": 2, "batch_size": 400, "checkpoint_every": 4, "balance_classes": True}
    data = {"source": "digits", "limit": 500}
    whole = sp.train("gan-digits", data=data, training={**training, "steps": 8}, run=tmp_path / "a", pictures=False)
    sp.train("gan-digits", data=data, training={**training, "steps": 4}, run=tmp_path / "b", pictures=False)
    resumed = sp.resume(tmp_path / "b", steps=8, pictures=False)
    for name, player in whole.model.players.items():
        for key, value in player.state_dict().items():
            assert torch.equal(value, resumed.model.players[name].state_dict()[key]), (name, key)
