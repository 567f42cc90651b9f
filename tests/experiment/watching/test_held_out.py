"""Held-out examples of the user's: reported losses of any usual name, and reconstructions that the watch measures itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

import saddlepoint as sp
from saddlepoint.experiment.watching.names import SeriesNames, is_of_held_out
from tests.experiment.watching.loops import RECORDS, VAE, Findings, examples

STEPS, EVERY = 300, 15


@pytest.mark.parametrize(
    ("name", "series"),
    [
        ("val_loss", "vae/held_out_loss"),
        ("validation_loss", "vae/held_out_loss"),
        ("valLoss", "vae/held_out_loss"),
        ("test/loss", "vae/held_out_loss"),
        ("loss_eval", "vae/held_out_loss"),
        ("val_recon", "vae/held_out_reconstruction"),
        ("val_kl", "vae/held_out_kl"),
        ("vae/held_out_loss", "vae/held_out_loss"),
        ("val_elbo", "val_elbo"),  # higher may be better
        ("val_accuracy", "val_accuracy"),
        ("loss", "vae/loss"),
        ("my_number", "my_number"),
    ],
)
def test_usual_names_of_held_out_numbers_are_known(name: str, series: str) -> None:
    assert SeriesNames("vae")[name] == series
    assert is_of_held_out(name) == ("held_out" in series or name.startswith("val"))


def test_two_numbers_of_held_out_examples_stay_apart() -> None:
    names = SeriesNames("autoencoder")
    assert [names[name] for name in ("val_loss", "test_loss", "val_loss")] == [
        "ae/held_out_loss",
        "test_loss",
        "ae/held_out_loss",
    ]


def autoencoder(width: int) -> tuple[nn.Sequential, nn.Sequential]:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(16, width), nn.ReLU(), nn.Linear(width, 12)), nn.Sequential(nn.Linear(12, 16))


def learn(folder: Path, count: int, *, report: bool, measure: bool, with_heads: bool = False) -> Findings:
    """Train an autoencoder on some of 600 points near a plane, and return what is found."""
    torch.manual_seed(0)
    x = torch.randn(600, 12) @ torch.randn(12, 16) / 4 + 0.2 * torch.randn(600, 16)
    train, held_out = x[:count], x[400:]
    encoder, decoder = autoencoder(64)
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], 1e-2)
    listener = Findings()
    encode: Callable[[Tensor], Any] = (lambda x: (encoder(x), encoder(x))) if with_heads else encoder
    given = {"held_out": held_out, "data": train, "encode": encode, "decode": decoder} if measure else {}
    name = "vae" if with_heads else "autoencoder"
    with sp.watch(
        folder / "run",
        players={name: nn.Sequential(encoder, decoder)},
        steps=STEPS,
        settings=RECORDS,
        pictures=False,
        listener=listener,
        **given,  # type: ignore[arg-type]
    ) as watch:
        for step in range(STEPS):
            batch = train[torch.randint(count, (32,))]
            loss = mse_loss(decoder(encoder(batch)), batch)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            watch.step(loss=loss)
            if report and step % EVERY == EVERY - 1:
                with torch.no_grad():
                    watch.step(val_loss=mse_loss(decoder(encoder(held_out)), held_out))
    assert not listener.notes
    assert sp.Run(folder / "run").records[-1].step == STEPS  # calls with held-out numbers alone are no steps
    return listener


@pytest.mark.slow
@pytest.mark.parametrize(("count", "overfits"), [(24, True), (400, False)])
@pytest.mark.parametrize("report", [False, True])
def test_an_autoencoder_that_overfits_is_found(report: bool, count: int, overfits: bool, tmp_path: Path) -> None:
    codes = learn(tmp_path, count, report=report, measure=not report).codes
    assert ("NUM306" in codes) == overfits


@pytest.mark.slow
def test_reconstructions_of_a_vae_are_measured(tmp_path: Path) -> None:
    assert "VAE206" in learn(tmp_path, 24, report=False, measure=True, with_heads=True).codes


def test_the_verdict_says_how_to_find_overfitting(tmp_path: Path) -> None:
    vae = VAE()
    arguments = {"players": {"vae": vae}, "settings": RECORDS, "pictures": False, "listener": Findings()}
    with sp.watch(tmp_path / "run", data=examples(), **arguments) as watch:
        vae.learn(watch, 20)
    assert "VAE206 (give held_out= and encode= and decode=)" in watch.verdict


def test_reconstructions_of_a_vae_are_no_samples(tmp_path: Path) -> None:
    """The distance of reconstructions is that of decoded codes of examples: 0 where decoding undoes encoding."""
    vae = VAE()
    with sp.watch(
        tmp_path / "run",
        players={"vae": vae},
        data=examples(),
        held_out=examples(),
        encode=lambda x: (8 * x, 0 * x),
        decode=lambda z: z / 8,
        settings=RECORDS,
        pictures=False,
        listener=Findings(),
    ) as watch:
        vae.learn(watch, 10)
    values = sp.Run(tmp_path / "run").records[-1].values
    assert values["vae/held_out_unexplained"] == values["vae/train_unexplained"] == 0
    assert values["vae/reconstruction_distance"] < 0.1 < values["quality/energy_distance"]
