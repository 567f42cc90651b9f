"""Laws of experience replay: nothing is forgotten until the store is full, and its state restores everything."""

import torch

from saddlepoint.objectives.adversarial.replay import Replay


def filled(size, count, seed=0):
    store, generator = Replay(size), torch.Generator().manual_seed(seed)
    for number in range(count):
        store.add(torch.tensor([float(number)]), generator)
    return store, generator


def test_all_is_kept_until_the_store_is_full():
    store, generator = filled(10, 6)
    assert len(store) == 6
    assert set(store.draw(500, generator).flatten().tolist()) == set(range(6))


def test_a_full_store_holds_the_newest_and_no_more():
    store, _ = filled(10, 200)
    kept = store.state()["replay"].flatten().tolist()
    assert len(store) == len(kept) == len(set(kept)) == 10
    assert 199 in kept


def test_stored_examples_are_copies():
    store, generator = Replay(3), torch.Generator()
    example = torch.zeros(2)
    store.add(example, generator)
    example += 1
    assert torch.equal(store.draw(1, generator), torch.zeros(1, 2))


def test_the_state_restores_everything():
    store, generator = filled(10, 25)
    twin = Replay(10)
    twin.load_state(store.state(), torch.device("cpu"))
    states = generator.get_state()
    for number in range(30):
        store.add(torch.tensor([100.0 + number]), generator)
    first = store.draw(50, generator)
    generator.set_state(states)
    for number in range(30):
        twin.add(torch.tensor([100.0 + number]), generator)
    assert torch.equal(twin.draw(50, generator), first)
    twin.load_state({}, torch.device("cpu"))
    assert len(twin) == 0
    assert twin.state() == {}
