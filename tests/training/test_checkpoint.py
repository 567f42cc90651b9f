"""A checkpoint is complete or absent; damaged ones are detected, named and skipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from torch import nn

from saddlepoint.data.event import Event
from saddlepoint.errors import RunError
from saddlepoint.records import RunFolder
from saddlepoint.training import checkpoint, checkpoint_store
from saddlepoint.training.checkpoint import load, load_weights, newest_valid, prune, save
from saddlepoint.training.loop import play
from saddlepoint.training.manifest import digest, encode_manifest
from saddlepoint.training.settings import OptimiserSettings
from tests.training.games import OnePlayer, RandomBatches, TwoPlayers, assert_same, everything, settings, start

FILES = ("weights.safetensors", "optimiser.safetensors", "state.safetensors", "manifest.json")
TRAINING = settings(steps=8, tick=4, ema=0.9)


def trained(folder, steps=(4, 8), game=TwoPlayers):
    """A run with checkpoints at `steps`."""
    model = game()
    state = start(model, TRAINING)
    for record in play(model, RandomBatches(), TRAINING, state):
        if record.step in steps:
            save(folder, model, state, extra={"records": record.step})
    return model, state


def names(folder):
    return sorted(path.name for path in folder.checkpoints.iterdir())


def test_everything_is_restored(tmp_path):
    folder = RunFolder(tmp_path)
    model, state = trained(folder)
    path, skipped = newest_valid(folder)
    assert (path, skipped) == (folder.checkpoint(8), [])
    other = TwoPlayers(seed=5)
    other_state = start(other, TRAINING)
    manifest = load(path, other, other_state)
    assert_same(everything(other, other_state), everything(model, state))
    assert (other_state.step, other_state.seconds) == (8, state.seconds)
    assert manifest["extra"] == {"records": 8}
    assert Event.from_json(manifest["event"]) == model.event
    assert sorted(path.name for path in path.iterdir()) == sorted(FILES)


def test_weights_for_sampling_are_the_average_where_there_is_one(tmp_path):
    folder = RunFolder(tmp_path)
    model, state = trained(folder)
    averaged, plain = TwoPlayers(seed=5), TwoPlayers(seed=6)
    load_weights(folder.checkpoint(8), averaged)
    load_weights(folder.checkpoint(8), plain, average=False)
    assert_same(averaged.players["g"].state_dict(), state.averages["g"].module.state_dict())
    assert_same(averaged.players["d"].state_dict(), model.players["d"].state_dict())
    assert_same(plain.players["g"].state_dict(), model.players["g"].state_dict())
    with state.averaged(model):
        assert_same(averaged.players["g"].state_dict(), model.players["g"].state_dict())


def test_extra_state_of_the_model_is_restored(tmp_path):
    class Fitted(OnePlayer):
        prior = torch.arange(3.0)

        def extra_state(self):
            return {"prior": self.prior}

        def load_extra_state(self, state):
            self.prior = state["prior"]

    trained(RunFolder(tmp_path), game=Fitted)
    other = Fitted()
    other.prior = torch.zeros(3)
    load_weights(RunFolder(tmp_path).checkpoint(8), other)
    assert torch.equal(other.prior, torch.arange(3.0))


def test_tied_weights_are_stored(tmp_path):
    class Tied(OnePlayer):
        def __init__(self, seed=0):
            super().__init__(seed)
            layer = nn.Linear(3, 3)
            self.players["ae"] = nn.Sequential(layer, layer)

    model, _ = trained(RunFolder(tmp_path), game=Tied)
    other = Tied(seed=5)
    load_weights(RunFolder(tmp_path).checkpoint(8), other, average=False)
    assert_same(other.players["ae"].state_dict(), model.players["ae"].state_dict())


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    trained(folder)
    return folder


@pytest.mark.parametrize("name", FILES)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_newest_checkpoint_is_named_and_the_previous_taken(run, name, data):
    file = run.checkpoint(8) / name
    whole = file.read_bytes()
    position = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        damaged = whole[:position]
    else:
        flipped = whole[position] ^ data.draw(st.integers(1, 255))
        damaged = whole[:position] + bytes([flipped]) + whole[position + 1 :]
    try:
        file.write_bytes(damaged)
        path, (sentence,) = newest_valid(run)
        assert path == run.checkpoint(4)
        assert str(file) in sentence
        model = TwoPlayers(seed=5)
        before = everything(model, state := start(model, TRAINING))
        with pytest.raises(RunError, match=name):
            load(run.checkpoint(8), model, state)
        assert_same(everything(model, state), before)
    finally:
        file.write_bytes(whole)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(tmp_path, name):
    folder = RunFolder(tmp_path)
    trained(folder)
    (folder.checkpoint(8) / name).unlink()
    path, (sentence,) = newest_valid(folder)
    assert path == folder.checkpoint(4)
    assert name in sentence


def test_no_checkpoint_that_holds_is_an_error(tmp_path):
    folder = RunFolder(tmp_path)
    with pytest.raises(RunError, match="no checkpoint"):
        newest_valid(folder)
    trained(folder, steps=(4,))
    (folder.checkpoint(4) / "weights.safetensors").write_bytes(b"")
    with pytest.raises(RunError, match="0 bytes"):
        newest_valid(folder)


def test_a_run_that_went_back_behind_a_damaged_checkpoint_keeps_what_it_saves(tmp_path):
    folder = RunFolder(tmp_path)
    model, state = trained(folder)
    (folder.checkpoint(8) / "state.safetensors").write_bytes(b"")
    load(newest_valid(folder)[0], model, state)
    state.step = 6
    save(folder, model, state)
    prune(folder, keep=1)
    assert names(folder) == ["step-00000006"]
    assert newest_valid(folder) == (folder.checkpoint(6), [])


def test_an_incomplete_checkpoint_is_ignored(tmp_path, monkeypatch):
    folder = RunFolder(tmp_path)
    assert not checkpoint.exists(folder)
    deaths = killed_saves(monkeypatch, folder, model := TwoPlayers(), start(model, TRAINING))
    for _ in range(3):
        next(deaths)
        assert not checkpoint.exists(folder)
    assert list(deaths)
    assert checkpoint.exists(folder)


class Killed(BaseException):
    """Represents SIGKILL: no code of the project may catch it."""


def killed_saves(monkeypatch, folder, model, state):
    """Save again and again, killed just before its 1st, 2nd, ... change of the disk; yields after each death, until one
    lives."""
    allowed = 0

    def counted(change):
        def counting(*arguments, **options):
            nonlocal left
            if left == 0:
                raise Killed
            left -= 1
            return change(*arguments, **options)

        return counting

    changes = [(checkpoint_store, "_write"), (checkpoint_store.shutil, "rmtree"), (Path, "rename"), (Path, "mkdir")]
    while True:
        left = allowed
        with monkeypatch.context() as patch:
            for owner, name in changes:
                patch.setattr(owner, name, counted(getattr(owner, name)))
            try:
                save(folder, model, state)
            except Killed:
                pass
            else:
                return
        yield
        allowed += 1


def test_a_save_killed_at_any_moment_leaves_the_previous_checkpoint(tmp_path, monkeypatch):
    folder = RunFolder(tmp_path)
    model, state = trained(folder, steps=(4,))
    deaths = 0
    for _ in killed_saves(monkeypatch, folder, model, state):
        deaths += 1
        path, skipped = newest_valid(folder)
        assert skipped == []
        assert path == folder.checkpoint(4) or load(path, model)["step"] == 8
    assert deaths >= 7
    assert names(folder) == ["step-00000004", "step-00000008"]


def test_a_replacing_save_killed_at_any_moment_leaves_the_old_or_the_new(tmp_path, monkeypatch):
    folder = RunFolder(tmp_path)
    model, state = trained(folder, steps=(8,))
    nn.init.zeros_(model.players["d"][0].weight)
    old = load(folder.checkpoint(8), TwoPlayers())["files"]
    for _ in killed_saves(monkeypatch, folder, model, state):
        path, skipped = newest_valid(folder)
        assert skipped == []
        assert load(path, TwoPlayers())["step"] == 8
    assert names(folder) == ["step-00000008"]
    assert load(folder.checkpoint(8), TwoPlayers())["files"] != old


def test_pruning_keeps_the_newest_and_the_best(tmp_path):
    folder = RunFolder(tmp_path)
    model, state = trained(folder, steps=())
    for state.step in (1, 2, 3, 4, 5):
        save(folder, model, state)
    prune(folder, keep=2, best_step=2)
    assert names(folder) == ["step-00000002", "step-00000004", "step-00000005"]
    prune(folder, keep=1)
    assert names(folder) == ["step-00000005"]


def test_a_pruning_killed_midway_leaves_no_half_checkpoint(tmp_path, monkeypatch):
    folder = RunFolder(tmp_path)
    trained(folder)

    def killed(path):
        (path / "weights.safetensors").unlink()
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_store.shutil, "rmtree", killed)
        with pytest.raises(Killed):
            prune(folder, keep=1)
    assert newest_valid(folder) == (folder.checkpoint(8), [])
    prune(folder, keep=1)
    assert names(folder) == ["step-00000008"]


def test_another_model_is_refused_in_a_sentence(run):
    other = TwoPlayers()
    other.players["d"] = nn.Linear(3, 2)
    with pytest.raises(RunError, match="does not fit this model"):
        load_weights(run.checkpoint(8), other)


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"ema": 0.0}, "moving averages"), ({"optimiser": OptimiserSettings(name="sgd")}, "optimisers")],
)
def test_other_settings_are_refused_in_a_sentence(run, changed, message):
    model = TwoPlayers()
    state = start(model, TRAINING.model_copy(update=changed))
    with pytest.raises(RunError, match=message):
        load(run.checkpoint(8), model, state)


@pytest.mark.parametrize("content", [{"step": 1}, {"a": {"b": []}, "c": ["\u00e9\u2028", 1.5, None]}, {"last": {}}])
def test_a_manifest_is_plain_json_with_its_own_digest(content):
    body = json.dumps(content, indent=1).encode()
    assert encode_manifest(content) == json.dumps(content | {"sha256": digest(body)}, indent=1).encode()


def test_a_later_format_is_refused(tmp_path):
    folder = RunFolder(tmp_path)
    trained(folder)
    file = folder.checkpoint(8) / "manifest.json"
    manifest = json.loads(file.read_text())
    del manifest["sha256"]
    file.write_bytes(encode_manifest(manifest | {"format": 2}))
    with pytest.raises(RunError, match="format 2"):
        load_weights(folder.checkpoint(8), TwoPlayers())


def test_no_pickle(run):
    for file in run.checkpoint(8).iterdir():
        data = file.read_bytes()
        # A pickle begins with its protocol, torch's own format with a zip header.
        assert data[:2] not in (b"\x80\x02", b"\x80\x04", b"\x80\x05", b"PK")


def in_columns(mean=(1.0, -20.0), std=(2.0, 0.5), seed=0):
    """A small model of a table whose columns have these units."""
    from saddlepoint.models import build
    from saddlepoint.models.gan.settings import GANSettings

    return build(GANSettings(latent=2, scaling="standard"), Event((2,), "vector", mean=mean, std=std), seed=seed)


def saved(folder, model):
    state = start(model, TRAINING)
    state.step = 8
    return save(folder, model, state)


def test_a_resumed_model_keeps_its_units(tmp_path):
    model = in_columns()
    path = saved(RunFolder(tmp_path), model)
    other = in_columns(mean=(0.0, 0.0), std=(1.0, 1.0), seed=1)
    load_weights(path, other)
    assert (other.scaling.scale, other.scaling.offset) == (model.scaling.scale, model.scaling.offset)
    z = torch.randn(4, 2)
    assert torch.equal(other.decode(z), model.decode(z))


def rewritten(path, change):
    """The checkpoint with other tensors, with a valid manifest."""
    tensors = safetensors.torch.load_file(path / "weights.safetensors")
    change(tensors)
    data = safetensors.torch.save(tensors)
    (path / "weights.safetensors").write_bytes(data)
    manifest = json.loads((path / "manifest.json").read_text())
    manifest.pop("sha256")
    manifest["files"]["weights.safetensors"] = {"bytes": len(data), "sha256": digest(data)}
    (path / "manifest.json").write_bytes(encode_manifest(manifest))


def test_a_checkpoint_of_an_earlier_version_has_no_units_of_its_own(tmp_path):
    model = in_columns()
    path = saved(RunFolder(tmp_path), model)
    rewritten(path, lambda tensors: [tensors.pop(name) for name in ("scaling/scale", "scaling/offset")])
    other = in_columns(seed=1)
    load_weights(path, other)
    z = torch.randn(4, 2)
    assert torch.equal(other.decode(z), model.decode(z))


@pytest.mark.parametrize("scale", [[1.0, 2.0, 3.0], [0.0, 1.0], [float("nan"), 1.0], []])
def test_damaged_units_are_refused(tmp_path, scale):
    path = saved(RunFolder(tmp_path), in_columns())
    broken = torch.tensor(scale, dtype=torch.float64)
    rewritten(path, lambda tensors: tensors.update({"scaling/scale": broken}))
    with pytest.raises(RunError, match="its units are damaged"):
        load_weights(path, in_columns())
