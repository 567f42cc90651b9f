"""How many threads a run uses: decided by its size alone, and put back afterwards."""

from __future__ import annotations

import contextlib

import torch

from saddlepoint.data import DataSettings, load
from saddlepoint.models import build
from saddlepoint.models.base import Model
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.training.threads import WORTH_SHARING, threads_for, using_threads


def game(width: int) -> Model:
    network = NetworkSettings(hidden=(width,))
    return build(
        GANSettings(latent=1, generator=network, discriminator=network),
        load(DataSettings(source="ring", points=50)).event,
    )


def test_small_games_play_on_one_thread_and_large_ones_on_torch_s_own_number() -> None:
    model = game(8)
    weights = sum(p.numel() for player in model.players.values() for p in player.parameters())
    enough = -(-WORTH_SHARING // weights)
    with using_threads(2):
        assert threads_for(model, enough - 1) == 1
        assert threads_for(model, enough) == 2


def test_a_number_that_the_user_names_is_taken() -> None:
    assert threads_for(game(8), 1, wanted=3) == 3


def test_the_number_of_before_returns_even_after_an_error() -> None:
    before = torch.get_num_threads()
    with contextlib.suppress(RuntimeError), using_threads(before + 1):
        assert torch.get_num_threads() == before + 1
        raise RuntimeError
    assert torch.get_num_threads() == before
