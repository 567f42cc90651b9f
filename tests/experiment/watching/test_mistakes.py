"""Mistakes of scripts are found, each under its code, and a script without mistakes has none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import saddlepoint as sp
from saddlepoint.diagnosis.settings import CODES
from tests.experiment.watching.loops import GAN, NOISE, RECORDS, STEPS, VAE, Findings

LOOP = {code for code in CODES if code.startswith("LOOP")} | {"GAN110", "DATA401"}


def found(
    gan: GAN, folder: Path, *, steps: int = STEPS, train: Callable[[Any], object] | None = None, **arguments: Any
) -> Findings:
    """The findings of a watched loop."""
    listener = Findings()
    given = {"players": gan.players, "objective": "non-saturating", "data": gan.data, "sample": gan.sample} | arguments
    with sp.watch(folder / "run", **given, steps=200, settings=RECORDS, pictures=False, listener=listener) as watch:
        (train or (lambda watch: gan.train(watch, steps)))(watch)
    assert not listener.notes
    return listener


@pytest.mark.parametrize("sigmoid", [False, True])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_a_loop_without_mistakes(sigmoid: bool, accumulate: int, tmp_path: Path) -> None:
    gan = GAN(sigmoid=sigmoid, with_logits=not sigmoid, accumulate=accumulate)
    assert not LOOP & found(gan, tmp_path).codes


@pytest.mark.parametrize("objective", ["non-saturating", "hinge", "wasserstein"])
@pytest.mark.parametrize("player", ["d", "g"])
def test_a_learning_rate_of_0_is_a_player_that_never_moves(objective: str, player: str, tmp_path: Path) -> None:
    gan = GAN()
    (gan.of_d if player == "d" else gan.of_g).param_groups[0]["lr"] = 0.0
    findings = found(gan, tmp_path, steps=120, objective=objective).findings
    assert [finding.code for finding in findings if finding.severity == "failure"] == ["NUM304"]
    assert f"The learning rate of {player} is 0." in next(f.title for f in findings if f.code == "NUM304")


def test_samples_that_are_not_detached(tmp_path: Path) -> None:
    (finding,) = [f for f in found(GAN(detach=False), tmp_path, steps=8).findings if f.code == "LOOP901"]
    assert finding.severity == "info"  # zero_grad comes before the generator's loss


def test_samples_that_are_not_detached_train_the_generator(tmp_path: Path) -> None:
    gan = GAN()

    def train(watch: Any) -> None:
        for _ in range(8):
            gan.of_d.zero_grad()
            gan.of_g.zero_grad()
            fake = gan.sample(8)
            d_loss = gan.loss(gan.D(gan.data[:8]), 1.0) + gan.loss(gan.D(fake), 0.0)
            d_loss.backward(retain_graph=True)
            gan.of_d.step()
            g_loss = gan.loss(gan.D(gan.sample(8)), 1.0)
            g_loss.backward()
            gan.of_g.step()
            watch.step(d_loss=d_loss, g_loss=g_loss)

    (finding,) = [f for f in found(gan, tmp_path, train=train).findings if f.code == "LOOP901"]
    assert finding.severity == "failure"


def test_gradients_that_are_never_cleared(tmp_path: Path) -> None:
    gan = GAN(clear=False)
    findings = [f for f in found(gan, tmp_path, steps=10).findings if f.code == "LOOP904"]
    assert {f.evidence["role"] for f in findings} == {"discriminator", "generator"}


def test_an_optimiser_of_an_earlier_network(tmp_path: Path) -> None:
    gan = GAN()
    gan.of_g = torch.optim.Adam(nn.Linear(NOISE, 2).parameters())
    (finding,) = [f for f in found(gan, tmp_path).findings if f.code == "LOOP902"]
    assert finding.severity == "failure"
    assert finding.evidence["of_no_player"] == 8
    assert "generator" in finding.title


def test_an_optimiser_of_some_layers(tmp_path: Path) -> None:
    gan = GAN()
    gan.of_d = torch.optim.Adam(gan.D[3].parameters())  # type: ignore[index]
    (finding,) = [f for f in found(gan, tmp_path).findings if f.code == "LOOP902"]
    assert (finding.severity, finding.evidence["moved"]) == ("warning", 13)


def test_weights_that_are_frozen_need_no_optimiser(tmp_path: Path) -> None:
    gan = GAN()
    gan.G[0].requires_grad_(False)  # type: ignore[index]
    gan.of_g = torch.optim.Adam([p for p in gan.G.parameters() if p.requires_grad])
    assert not LOOP & found(gan, tmp_path).codes


def test_one_optimiser_for_both_players(tmp_path: Path) -> None:
    gan = GAN()
    gan.of_d = gan.of_g = torch.optim.Adam([*gan.G.parameters(), *gan.D.parameters()])
    assert "LOOP903" in found(gan, tmp_path, steps=3).codes


def test_a_discriminator_in_evaluation_mode(tmp_path: Path) -> None:
    gan = GAN()
    gan.D.eval()
    (finding,) = [f for f in found(gan, tmp_path, steps=10).findings if f.code == "LOOP905"]
    assert finding.evidence["role"] == "discriminator"


def test_samples_of_another_shape(tmp_path: Path) -> None:
    gan = GAN()
    listener = Findings()
    arguments = {"data": gan.data, "sample": lambda n: gan.sample(n)[:, :1], "listener": listener}
    with sp.watch(tmp_path / "run", players=gan.players, **arguments, settings=RECORDS, pictures=False) as watch:
        gan.train(watch, 2)
    assert "LOOP906" in listener.codes


@pytest.mark.parametrize("changed", [False, True])
def test_a_sigmoid_before_a_cross_entropy_with_logits(changed: bool, tmp_path: Path) -> None:
    assert "LOOP907" in found(GAN(sigmoid=True, changed=changed), tmp_path, steps=8).codes


@pytest.mark.parametrize("sigmoid", [False, True])
def test_a_loop_whose_samples_are_changed_has_no_mistake(sigmoid: bool, tmp_path: Path) -> None:
    gan = GAN(sigmoid=sigmoid, with_logits=not sigmoid, changed=True)
    assert not found(gan, tmp_path).codes & LOOP


def test_gradients_that_are_not_finite_are_no_forgotten_call(tmp_path: Path) -> None:
    gan = GAN()
    gan.data = torch.full_like(gan.data, torch.nan)
    codes = found(gan, tmp_path, steps=10, data=None).codes
    assert "NUM301" in codes
    assert "LOOP904" not in codes


def test_a_generator_that_ignores_its_noise(tmp_path: Path) -> None:
    class Constant(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(2))

        def forward(self, z: Tensor) -> Tensor:
            return self.bias + torch.zeros(len(z), 2)

    assert "GAN110" in found(GAN(generator=Constant()), tmp_path, steps=2).codes


def test_a_range_that_the_generator_cannot_reach(tmp_path: Path) -> None:
    assert "DATA401" in found(GAN(end=nn.Sigmoid), tmp_path, steps=2).codes


@pytest.mark.parametrize("reduce", [Tensor.mean, Tensor.sum])
def test_a_vae_without_mistakes_in_both_usual_units(reduce: Callable[[Tensor], Tensor], tmp_path: Path) -> None:
    vae = VAE(reduce)
    listener = Findings()
    with sp.watch(
        tmp_path / "run", players={"vae": vae}, data=vae.data, listener=listener, settings=RECORDS, pictures=False
    ) as watch:
        vae.learn(watch)
    assert not listener.codes & {*LOOP, "VAE202", "VAE201", "VAE204"}
    record = sp.Run(tmp_path / "run").records[-1].values
    assert record["vae/kl"] == pytest.approx(record["vae/head_kl"], rel=0.5)  # nats an example


def test_a_kl_term_that_is_a_mean_over_units(tmp_path: Path) -> None:
    vae, listener = VAE(averages_units=True), Findings()
    arguments = {"players": {"vae": vae}, "steps": 200, "settings": RECORDS, "pictures": False, "listener": listener}
    with sp.watch(tmp_path / "run", **arguments) as watch:
        vae.learn(watch)
    assert listener.codes & {"LOOP908", "VAE202"} == {"LOOP908"}


def test_findings_of_the_first_steps_are_found_again_in_the_folder(tmp_path: Path) -> None:
    found(GAN(clear=False), tmp_path, steps=10)
    assert "LOOP904" in {finding.code for finding in sp.diagnose(tmp_path / "run").findings}
