"""The moving average is the weighted mean of its formula."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from saddlepoint.training.ema import MovingAverage, effective_decay


def single_weight(value: float) -> nn.Linear:
    player = nn.Linear(1, 1, bias=False).double()
    nn.init.constant_(player.weight, value)
    return player


def test_the_average_of_a_linear_sequence_lags_by_its_formula():
    """w_t = t and constant decay b: the average after t updates lags by b (1 - b^t) / (1 - b)."""
    decay, player = 0.1, single_weight(0.0)  # up to 0.1 the early correction never bites
    average = MovingAverage(player, decay)
    for t in range(1, 30):
        nn.init.constant_(player.weight, float(t))
        average.update(t - 1)
        expected = t - decay * (1 - decay**t) / (1 - decay)
        assert average.module.weight.item() == pytest.approx(expected, rel=1e-12)


def test_early_it_forgets_the_first_weights():
    player = single_weight(1.0)
    average = MovingAverage(player, 0.999)
    nn.init.constant_(player.weight, 0.0)
    left = 1.0
    for t in range(40):
        average.update(t)
        left *= (1 + t) / (10 + t)
        assert average.module.weight.item() == pytest.approx(left, rel=1e-9)
    assert effective_decay(0.999, 10**6) == 0.999


def test_is_a_frozen_copy_in_evaluation_mode_with_the_players_buffers():
    player = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    average = MovingAverage(player, 0.5)
    player(torch.randn(5, 2, generator=torch.Generator().manual_seed(0)))
    average.update(0)
    assert not average.module.training
    assert player.training
    assert not any(p.requires_grad for p in average.module.parameters())
    for own, source in zip(average.module.buffers(), player.buffers(), strict=True):
        assert torch.equal(own, source)
        assert own.data_ptr() != source.data_ptr()
