"""A batch that BatchNorm cannot normalise is refused before anything is trained or written."""

import pytest
import torch

import saddlepoint as sp
from saddlepoint.cli.main import main
from saddlepoint.errors import SettingError
from saddlepoint.recipe import Recipe


@pytest.mark.parametrize(
    ("recipe", "model", "batch_size"),
    [
        ("gan-digits", {}, 1),
        ("gan-digits", {"discriminator.packing": 2, "discriminator.batch_norm": True}, 2),
        ("vae-digits", {"encoder.batch_norm": True}, 1),
        ("autoencoder-digits", {"decoder.batch_norm": True}, 1),
    ],
)
def test_one_value_a_channel_is_refused_in_one_sentence(recipe, model, batch_size, tmp_path):
    training = {"batch_size": batch_size, "steps": 2}
    with pytest.raises(SettingError, match=r"training.batch_size: .* BatchNorm"):
        sp.train(recipe, model=model, training=training, run=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("more", [["--run", "run"], ["--dry-run"]])
def test_the_command_line_ends_with_a_sentence(more, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["train", "gan-digits", "--training.batch_size", "1", *more]) == 2
    shown = capsys.readouterr().err
    assert "training.batch_size: 1 is too small for the generator" in shown
    assert "Traceback" not in shown


@pytest.mark.slow
def test_a_batch_of_one_trains_where_layers_see_more_values(tmp_path):
    """Without BatchNorm."""
    model = {"generator.batch_norm": False, "discriminator.batch_norm": False}
    training = {"batch_size": 1, "steps": 4, "tick": 2, "ema": 0.0}
    run = sp.train("gan-digits", model=model, training=training, run=tmp_path / "run")
    assert run.model.sample(2).shape[0] == 2


def test_the_check_changes_nothing():
    from saddlepoint.data import load
    from saddlepoint.experiment.batch_statistics import check_batch_statistics
    from saddlepoint.models import build

    data = load("digits")
    model = build(Recipe.load("gan-digits").model, data.event)
    before = {
        f"{name}/{key}": value.clone() for name, p in model.players.items() for key, value in p.state_dict().items()
    }
    state = torch.get_rng_state()
    with pytest.raises(SettingError):
        check_batch_statistics(model, data.x[:1])
    assert torch.equal(torch.get_rng_state(), state)
    for name, player in model.players.items():
        assert player.training
        for key, value in player.state_dict().items():
            assert torch.equal(value, before[f"{name}/{key}"])
        assert not any(layer._forward_pre_hooks for layer in player.modules())
