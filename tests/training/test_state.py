"""The initial state follows from the settings; settings that do not allow one are refused."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import pytest
import torch

from saddlepoint.errors import RunError, SettingError
from saddlepoint.training.settings import OptimiserSettings, PlayerSettings
from saddlepoint.training.state import derived_seed
from tests.training.games import OnePlayer, TwoPlayers, settings, start


def test_every_player_has_the_optimiser_of_its_role():
    own = PlayerSettings(name="sgd", learning_rate=0.5)
    state = start(TwoPlayers(), settings(optimiser=OptimiserSettings(name="adamw"), players={"discriminator": own}))
    assert isinstance(state.optimisers["d"], torch.optim.SGD)
    assert state.optimisers["d"].param_groups[0]["lr"] == 0.5
    assert isinstance(state.optimisers["g"], torch.optim.AdamW)


def test_a_player_without_trainable_parameters_is_refused():
    model = TwoPlayers()
    model.players["g"].requires_grad_(False)
    with pytest.raises(SettingError, match=r"model\.generator has no trainable parameters"):
        start(model, settings())


def test_averages_are_kept_for_the_players_that_request_one():
    assert set(start(TwoPlayers(), settings(ema=0.9)).averages) == {"g"}
    assert start(TwoPlayers(), settings()).averages == {}


def test_averaged_puts_the_players_back_even_after_an_error():
    model = TwoPlayers()
    state = start(model, settings(ema=0.9))
    players = dict(model.players)
    with state.averaged(model):
        assert model.players == players | {"g": state.averages["g"].module}
    assert model.players == players
    with contextlib.suppress(ZeroDivisionError), state.averaged(model):
        _ = 1 / 0
    assert model.players == players


def test_starting_leaves_the_global_generator_alone():
    model = OnePlayer()
    before = torch.get_rng_state()
    start(model, settings())
    assert torch.equal(torch.get_rng_state(), before)


def test_seeds_differ_by_purpose_and_by_seed():
    seeds = [derived_seed(seed, purpose) for seed in range(50) for purpose in ("noise", "global")]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_generators_of_another_kind_of_device_are_refused():
    state = start(OnePlayer(), settings())
    tensors = state.tensors()
    del tensors["generator/global/cpu"]
    with pytest.raises(RunError, match="kind of device"):
        state.load_tensors(tensors)


def test_the_package_and_its_settings_do_not_import_torch():
    code = "import sys, saddlepoint.training, saddlepoint.training.settings; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_is_there():
    import saddlepoint.training

    for name in saddlepoint.training.__all__:
        assert getattr(saddlepoint.training, name).__name__ == name
    with pytest.raises(AttributeError):
        _ = saddlepoint.training.nothing
