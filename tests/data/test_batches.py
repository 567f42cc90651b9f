import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.data import Batches, from_array
from saddlepoint.data.batches import epoch_order
from saddlepoint.data.settings import DataSettings
from saddlepoint.errors import DataError

WHOLE = DataSettings(held_out=0.0)
EXPECTED = [6, 7, 2, 5, 3, 1, 0, 4]


def numbered_dataset(n: int):
    """n examples that hold their own number, twice, and carry it as label."""
    return from_array(torch.arange(n).float()[:, None].expand(n, 2), torch.arange(n), WHOLE)


def batches(n: int, size: int, seed: int = 0) -> Batches:
    dataset = numbered_dataset(n)
    return Batches(dataset, size, seed, "cpu", dataset.event.scaling("none"), labels=True)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=20), st.integers(0, 2**40))
def test_a_batch_does_not_depend_on_earlier_requests(asked, seed):
    stream = batches(23, 5, seed)
    in_sequence = [stream[i][0] for i in range(31)]
    at_random = batches(23, 5, seed)
    for i in asked:
        assert torch.equal(at_random[i][0], in_sequence[i])


@pytest.mark.parametrize(("n", "size"), [(20, 5), (23, 5), (5, 5), (7, 1)])
def test_an_epoch_shows_each_example_at_most_once_and_leaves_out_less_than_a_batch(n, size):
    stream = batches(n, size)
    orders = []
    for epoch in range(3):
        seen = torch.cat([stream[epoch * stream.per_epoch + i][1] for i in range(stream.per_epoch)])
        assert len(seen.unique()) == len(seen) > n - size
        orders.append(seen.tolist())
    assert orders[0] != orders[1] != orders[2]


def test_labels_go_with_their_examples_and_scaling_is_applied():
    dataset = numbered_dataset(50)
    scaling = dataset.event.scaling("standard")
    x, y = Batches(dataset, 8, 3, "cpu", scaling, labels=True)[4]
    assert x.dtype == torch.float32
    assert torch.equal(scaling.to_data(x).round()[:, 0].long(), y)


def test_labels_come_only_where_they_are_wanted():
    dataset = numbered_dataset(50)
    with_labels, without = (
        Batches(dataset, 8, 3, "cpu", dataset.event.scaling("none"), labels=wanted)[4] for wanted in (True, False)
    )
    assert torch.equal(with_labels[0], without[0])
    assert without[1] is None


def test_images_keep_their_shape_and_the_data_stay_as_they_are():
    dataset = from_array(torch.randint(0, 256, (10, 3, 4, 5)), settings=WHOLE)
    before = dataset.x.clone()
    x, y = Batches(dataset, 4, 0, "cpu", dataset.event.scaling("unit"))[0]
    assert x.shape == (4, 3, 4, 5)
    assert y is None
    assert x.min() >= 0
    assert x.max() <= 1
    assert torch.equal(dataset.x, before)


def test_every_seed_and_epoch_has_its_own_order():
    orders = [tuple(epoch_order(100, seed, epoch).tolist()) for seed in range(5) for epoch in range(5)]
    assert len(set(orders)) == 25


def test_the_order_never_changes_between_versions():
    # Runs are resumed by later versions of ours too: these numbers are part of the format of a run.
    assert epoch_order(8, 0, 0).tolist() == EXPECTED
    assert sorted(EXPECTED) == list(range(8))


def test_fewer_examples_than_a_batch_are_refused():
    with pytest.raises(DataError, match=r"DATA402: array has 7 training examples, fewer than a batch of 8"):
        batches(7, 8)
