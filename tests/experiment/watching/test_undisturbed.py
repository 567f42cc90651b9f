"""Watching changes nothing: the same weights, bit for bit, with and without."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

import saddlepoint as sp
from saddlepoint.experiment.watching import optimisers
from saddlepoint.models.watched.functions import Functions
from saddlepoint.models.watched.undisturbed import seed_everything, undisturbed
from tests.experiment.watching.loops import GAN, RECORDS, VAE, Findings


def equal(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_gan_trains_to_the_same_weights(accumulate: int, tmp_path: Path) -> None:
    alone = GAN(accumulate=accumulate)
    alone.train()
    gan = GAN(accumulate=accumulate)

    def sample(n: int) -> Tensor:
        gan.G.train()  # a careless sampler
        np.random.rand(3)  # noqa: NPY002
        random.random()
        return gan.sample(n)

    arguments = {"players": gan.players, "objective": "non-saturating", "data": gan.data, "sample": sample}
    with sp.watch(tmp_path / "run", **arguments, steps=200, settings=RECORDS, pictures=False) as watch:
        gan.train(watch)
    assert equal(alone.weights(), gan.weights())
    assert [record.step for record in sp.Run(tmp_path / "run").records] == [0, 10, 20, 30]


def test_a_vae_trains_to_the_same_weights(tmp_path: Path) -> None:
    alone = VAE()
    alone.learn()
    vae = VAE()
    arguments = {"players": {"vae": vae}, "data": vae.data, "encode": vae.encode, "decode": vae.decoder}
    with sp.watch(tmp_path / "run", **arguments, steps=200, settings=RECORDS, pictures=False) as watch:
        vae.learn(watch)
    assert equal(alone.weights(), vae.weights())


def test_no_hook_stays(tmp_path: Path) -> None:
    gan = GAN()
    with sp.watch(tmp_path / "run", players=gan.players, settings=RECORDS, pictures=False) as watch:
        gan.train(watch, 3)
    assert not _global_optimizer_pre_hooks
    assert not _global_optimizer_post_hooks
    for module in [*gan.G.modules(), *gan.D.modules()]:
        assert not module._forward_hooks
    assert not any(p._post_accumulate_grad_hooks or p._backward_hooks for p in gan.G.parameters())  # type: ignore[attr-defined]


def test_modes_buffers_and_random_numbers_are_restored() -> None:
    network = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5))
    network[1].eval()
    x = torch.randn(8, 2)
    seed_everything(7)
    expected = (torch.rand(()), np.random.rand(), random.random())  # noqa: NPY002
    before = [buffer.clone() for buffer in network.buffers()]
    seed_everything(7)
    with undisturbed([network]):
        assert not network[0].training
        network.train()
        network(x)
        seed_everything(1)
    assert [layer.training for layer in network] == [True, False]
    assert equal(before, list(network.buffers()))
    assert (torch.rand(()), np.random.rand(), random.random()) == expected  # noqa: NPY002


def test_generators_of_the_user_are_restored() -> None:
    class Trainer:
        """Holds what a sampler uses."""

        def __init__(self) -> None:
            self.network = nn.Linear(2, 2)
            self.torch, self.numpy, self.python = torch.Generator(), np.random.default_rng(0), random.Random(0)

        def sample(self, n: int) -> Tensor:
            shift = self.numpy.random() + self.python.random()
            return self.network(torch.randn(n, 2, generator=self.torch)) + shift

    trainer = Trainer()
    expected = trainer.sample(3)
    trainer.torch, trainer.numpy, trainer.python = torch.Generator(), np.random.default_rng(0), random.Random(0)
    functions = Functions.of(lambda n: trainer.sample(n), None, None, {})
    assert functions.modules == (trainer.network,)
    assert torch.equal(functions.draw(4, 1), functions.draw(4, 1))
    assert torch.equal(trainer.sample(3), expected)


def test_an_error_of_the_sampler_in_training_does_not_stop_it(tmp_path: Path) -> None:
    gan, calls = GAN(), []

    def sample(n: int) -> Tensor:
        calls.append(n)
        if len(calls) > 12:
            raise ValueError("no more samples")
        return gan.sample(n)

    listener = Findings()
    arguments = {"players": gan.players, "data": gan.data, "sample": sample, "listener": listener, "settings": RECORDS}
    with sp.watch(tmp_path / "run", **arguments, steps=200, pictures=False) as watch:
        gan.train(watch)
    assert any("no more samples" in note for note in listener.notes)
    assert len(sp.Run(tmp_path / "run").records) == 4


def test_an_error_in_a_hook_does_not_stop_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(gradients: list[Tensor]) -> Tensor:
        raise MemoryError("no room for norms")

    monkeypatch.setattr(optimisers, "gradient_norm", fail)
    gan, listener = GAN(), Findings()
    arguments = {"players": gan.players, "steps": 200, "settings": RECORDS, "pictures": False, "listener": listener}
    with sp.watch(tmp_path / "run", **arguments) as watch:
        gan.train(watch, 20)
    assert [note for note in listener.notes if "no room for norms" in note] == listener.notes[:1]
    assert "d/loss" in sp.Run(tmp_path / "run").records[-1].values


def test_a_folder_that_is_removed_does_not_stop_training(tmp_path: Path) -> None:
    gan, listener = GAN(), Findings()
    with sp.watch(tmp_path / "run", players=gan.players, steps=200, settings=RECORDS, listener=listener) as watch:
        gan.train(watch, 12)
        shutil.rmtree(tmp_path / "run")
        gan.train(watch, 12)
    assert any("Your training continues" in note for note in listener.notes)


@pytest.mark.slow
@pytest.mark.pictures
@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_an_error_of_the_loop_passes_and_leaves_a_complete_folder(error: type[BaseException], tmp_path: Path) -> None:
    gan = GAN()

    def train() -> None:
        with sp.watch(tmp_path / "run", players=gan.players, data=gan.data, steps=200, settings=RECORDS) as watch:
            gan.train(watch, 13)
            raise error

    with pytest.raises(error):
        train()
    run = sp.Run(tmp_path / "run")
    assert run.summary["state"] == "interrupted"
    assert run.records[-1].step == 13
    assert "interrupted" in run.verdict
    assert "Resume" not in run.summary["advice"]
    assert (tmp_path / "run" / "report.html").is_file()
