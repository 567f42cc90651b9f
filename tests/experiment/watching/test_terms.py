"""The terms of a VAE's loss are recognised as sums or means, and unequal ones are found."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

import saddlepoint as sp
from tests.experiment.watching.loops import RECORDS, Findings

NUMBERS, UNITS, BATCH = 40, 3, 8


class Network(nn.Module):
    """A VAE as tutorials write it, whose call returns the reconstruction and both heads."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.encoder, self.decoder = nn.Linear(NUMBERS, 2 * UNITS), nn.Linear(UNITS, NUMBERS)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_variance = self.encoder(x).chunk(2, 1)
        z = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        return self.decoder(z), mean, log_variance


REDUCED = {
    "sum": lambda term: term.sum(),
    "mean": lambda term: term.sum(1).mean(),
    "mean of all": lambda term: term.mean(),
}


def weight_found(reconstruction: str, kl: str, folder: Path, beta: float = 1.0) -> float | None:
    """The weight of the KL term that LOOP908 names; None without the finding."""
    network, listener = Network(), Findings()
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    arguments = {"players": {"vae": network}, "steps": 200, "settings": RECORDS, "pictures": False}
    with sp.watch(folder / "run", **arguments, listener=listener) as watch:
        for _ in range(4):
            x = torch.randn(BATCH, NUMBERS)
            made, mean, log_variance = network(x)
            first = REDUCED[reconstruction](mse_loss(made, x, reduction="none"))
            second = REDUCED[kl](0.5 * (mean.square() + log_variance.exp() - 1 - log_variance))
            loss = first + beta * second
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            watch.step(loss=loss, reconstruction=first, kl=second, mean=mean, log_variance=log_variance)
    return next((f.evidence["weight"] for f in listener.findings if f.code == "LOOP908"), None)


@pytest.mark.parametrize("reduction", REDUCED)
def test_equal_terms_are_no_finding(reduction: str, tmp_path: Path) -> None:
    found = weight_found(reduction, reduction, tmp_path)
    # Means over 40 numbers and 3 units differ by a factor of 13.
    assert found == (pytest.approx(NUMBERS / UNITS, rel=0.01) if reduction == "mean of all" else None)


@pytest.mark.parametrize(
    ("reconstruction", "kl", "weight"),
    [
        ("mean of all", "mean", NUMBERS),
        ("mean of all", "sum", NUMBERS * BATCH),
        ("mean", "mean of all", 1 / UNITS),
        ("sum", "mean", 1 / BATCH),
    ],
)
def test_unequal_terms_are_found_with_the_weight_that_follows(
    reconstruction: str, kl: str, weight: float, tmp_path: Path
) -> None:
    assert weight_found(reconstruction, kl, tmp_path) == pytest.approx(weight, rel=0.01)


def test_a_weight_that_makes_up_for_the_mean_is_no_finding(tmp_path: Path) -> None:
    assert weight_found("mean of all", "mean", tmp_path, beta=1 / NUMBERS) is None
