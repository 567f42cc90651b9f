"""Dead units begin anew: what the network computes stays, and the units learn again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from saddlepoint import experiment
from saddlepoint.evaluation.signals.activity import heard
from saddlepoint.experiment.recycling import recycle
from saddlepoint.experiment.session import Session
from tests.experiment.runs import Interrupting, recipe, started, told

pytestmark = pytest.mark.usefixtures("plain")


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


class Forked(nn.Module):
    """Two layers read one activation."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 8), nn.ReLU())
        self.mean, self.spread = nn.Linear(8, 2), nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.body(x)
        return torch.cat([self.mean(hidden), self.spread(hidden)], 1)


NETWORKS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "perceptron": (
        lambda: nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 2)),
        (3,),
    ),
    "in place": (lambda: nn.Sequential(nn.Linear(3, 8), nn.ReLU(inplace=True), nn.Linear(8, 2)), (3,)),
    "BatchNorm": (lambda: nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2)), (3,)),
    "convolutions": (
        lambda: nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.LeakyReLU(0.0), nn.Conv2d(4, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32, 2)
        ),
        (1, 6, 6),
    ),
    "transposed": (
        lambda: nn.Sequential(nn.ConvTranspose2d(3, 8, 2), nn.ReLU(), nn.ConvTranspose2d(8, 1, 2)),
        (3, 4, 4),
    ),
    "forked": (Forked, (3,)),
}


def killed(name: str) -> tuple[nn.Module, Tensor, int]:
    """With the first three units of every hidden layer dead, and how many these are."""
    torch.manual_seed(0)
    make, shape = NETWORKS[name]
    network = make().eval()
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)]
    hidden = layers[:1] if name == "forked" else layers[:-1]
    with torch.no_grad():
        for layer in hidden:
            layer.bias[:3] = -100.0
    return network, torch.randn(64, *shape), 3 * len(hidden)


@pytest.mark.parametrize("name", NETWORKS)
def test_units_live_and_the_function_is_the_same(name: str) -> None:
    network, x, killed_units = killed(name)
    with heard(network) as activity:
        before = network(x).detach()
    dead = sum(int(mask.sum()) for mask in activity.dead().values())
    assert dead >= killed_units
    assert recycle({"p": network}, lambda: network(x), generator()) == {"p": dead}
    with heard(network) as activity:
        after = network(x)
    assert activity.dead_share() == 0
    assert torch.allclose(
        after, before, atol=1e-5
    )  # a saturated tanh said -1 to all: a constant, which is not lost either
    after.square().sum().backward()
    reader = next(m for m in reversed(list(network.modules())) if isinstance(m, nn.Linear | nn.ConvTranspose2d))
    assert reader.weight.grad is not None
    assert (reader.weight.grad != 0).any()


@pytest.mark.parametrize("name", NETWORKS)
def test_live_units_are_left_alone_bit_by_bit(name: str) -> None:
    torch.manual_seed(0)
    make, shape = NETWORKS[name]
    network = make().eval()
    x = torch.randn(256, *shape)
    with heard(network) as activity:
        network(x)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    counts = recycle({"p": network}, lambda: network(x), generator())
    assert counts["p"] == sum(int(mask.sum()) for mask in activity.dead().values())
    if counts["p"] == 0:
        assert all(torch.equal(before[key], value) for key, value in network.state_dict().items())
    assert not any(layer._forward_hooks for layer in network.modules())


def test_what_feeds_a_unit_through_something_unknown_is_left_alone() -> None:
    class Squared(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return -(x**2) - 1

    network = nn.Sequential(nn.Linear(3, 8), Squared(), nn.ReLU(), nn.Linear(8, 2)).eval()
    x = torch.randn(16, 3)
    before = [parameter.clone() for parameter in network.parameters()]
    assert recycle({"p": network}, lambda: network(x), generator()) == {"p": 0}
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


@pytest.mark.parametrize("family", ["autoencoder", "vae", "gan"])
def test_a_run_wakes_its_units_and_resumed_does_the_same(family: str, tmp_path: Path) -> None:
    def begun(path: Path, every: int) -> Session:
        rectified = {f"model.{role}.activation": "relu" for role in ("generator", "discriminator")}
        chosen = recipe(family, recycle_every=every).override(rectified if family == "gan" else {})
        session = started(chosen, path)
        for player in session.model.players.values():
            first = next(layer for layer in player.modules() if isinstance(layer, nn.Linear))
            with torch.no_grad():
                first.bias[:6] = -100.0
        return session

    begun(tmp_path / "left alone", 0).run()
    begun(tmp_path / "whole", 5).run()
    session = begun(tmp_path / "cut", 5)
    session.batches = Interrupting(session, 12 * sum(p.uses_data * p.repeats for p in session.model.phases))  # type: ignore[assignment]
    session.run()
    experiment.resume(tmp_path / "cut")
    assert told(tmp_path / "cut") == told(tmp_path / "whole")
    alone, whole = (told(tmp_path / name)["records"] for name in ("left alone", "whole"))
    for name in (name for name in whole[0] if name.endswith("/dead_units")):
        assert float(alone[-1][name]) > 0.3
        assert float(whole[0][name]) < 0.3, "those that begin dead are woken before the first step"
    woken = [name for name in whole[0] if name.endswith("/recycled_units")]
    assert woken
    assert all(float(whole[0][name]) >= 6 for name in woken)
    assert not any(name.endswith("/recycled_units") for record in alone for name in record)
