"""Draws of many steps at once are those of one step after the other."""

from __future__ import annotations

import pytest
import torch
from torch.utils._pytree import tree_leaves, tree_structure

from saddlepoint.lanes import Replica, Replicas
from saddlepoint.lanes.noise import box_muller, box_muller_is_exact
from saddlepoint.models import build
from tests.studies.runs import LINE, PLAYED, training


def test_pairs_are_torchs_single_draws():
    one, other = (torch.Generator().manual_seed(3) for _ in range(2))
    drawn = torch.cat([torch.randn(3, generator=one) for _ in range(10)])
    torch.testing.assert_close(box_muller(torch.rand(1, 30, generator=other, dtype=torch.float64))[0], drawn)
    assert box_muller_is_exact()


@pytest.mark.parametrize("sizes", [(1,) * 9, (4, 3, 2), (9,)])
@pytest.mark.parametrize("name", PLAYED)
@pytest.mark.parametrize("batch_size", [3, 8])
def test_blocks_of_any_length_give_the_same(name, sizes, batch_size):
    replicas = Replicas(Replica.over_seeds(PLAYED[name], training(batch_size=batch_size), LINE, 2), device="cpu")
    noise = replicas._noise
    states = [generator.get_state() for generator in noise.generators]
    got = []
    first = 0
    for size in sizes:
        noise.prepare(first, size)
        got += [noise.at(step) for step in range(first, first + size)]
        first += size
    model = build(PLAYED[name], LINE.event)
    for replica, state in enumerate(states):
        generator = torch.Generator()
        generator.set_state(state)
        for step, turns in enumerate(got):
            for phase, made in zip(replicas._turns, turns, strict=True):
                if phase.shares != "nothing":
                    continue
                expected = model.noise(phase, batch_size, step, generator)
                assert tree_structure(made) == tree_structure(expected)
                for stacked, value in zip(tree_leaves(made), tree_leaves(expected), strict=True):
                    torch.testing.assert_close(stacked[replica], value)
