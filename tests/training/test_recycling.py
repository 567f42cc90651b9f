"""Dead units are reinitialised: the network's function stays the same, and the units learn again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from saddlepoint import experiment
from saddlepoint.experiment.session import Session
from saddlepoint.networks.activity import record_activity
from saddlepoint.networks.build import build
from saddlepoint.networks.settings import NETWORKS as BUILT_IN
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.training.ema import MovingAverage
from saddlepoint.training.optimiser import build_optimiser
from saddlepoint.training.recycling import Reinitialisation, recycle
from saddlepoint.training.settings import OptimiserSettings
from tests.experiment.runs import Interrupting, comparable_state, recipe, start_session


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


def recycle_once(network: nn.Module, x: Tensor) -> Reinitialisation:
    return recycle({"p": network}, lambda: network(x), generator())["p"]


@pytest.mark.parametrize("name", NETWORKS)
def test_units_live_and_the_function_is_the_same(name: str) -> None:
    network, x, killed_units = killed(name)
    with record_activity(network) as activity:
        before = network(x).detach()
    dead = sum(int(mask.sum()) for mask in activity.dead().values())
    assert dead >= killed_units
    old = [parameter.detach().clone() for parameter in network.parameters()]
    renewal = recycle_once(network, x)
    assert renewal.units == dead
    with record_activity(network) as activity:
        after = network(x)
    assert activity.dead_share() == 0
    assert torch.allclose(
        after, before, atol=1e-5
    )  # a saturated tanh said -1 to all: a constant, which is not lost either
    after.square().sum().backward()
    for parameter, value in zip(network.parameters(), old, strict=True):
        mask = renewal.entries.get(parameter, torch.zeros_like(parameter, dtype=torch.bool))
        if parameter not in renewal.bias_changes:
            assert torch.equal(parameter[~mask], value[~mask]), "weights of live units are left alone, bit by bit"
    outgoing = [(p, m) for p, m in renewal.entries.items() if p.ndim > 1 and (p[m] == 0).all()]
    assert outgoing
    assert all(p.grad is not None and (p.grad[m] != 0).any() for p, m in outgoing), "they learn to be read"
    assert not any(layer._forward_hooks for layer in network.modules())


class Summed(nn.Module):
    """Its hidden units are read by a layer and a sum, in place or not."""

    def __init__(self, in_place: bool) -> None:
        super().__init__()
        self.first, self.second, self.last = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 2)
        self.activation, self.in_place = nn.ReLU(), in_place

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.activation(self.first(x))
        if self.in_place:
            hidden += x
            return cast(Tensor, self.last(hidden))
        return cast(Tensor, self.last(self.second(hidden) + hidden))


class Squared(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return -(x**2) - 1


FOLLOWED_NO_MORE = {
    "fed by another layer": lambda: nn.Sequential(nn.Linear(8, 8), Squared(), nn.ReLU(), nn.Linear(8, 2)),
    "read by another layer": lambda: nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.BatchNorm1d(8), nn.Linear(8, 2)),
    "read by a sum": lambda: Summed(False),
    "changed in place": lambda: Summed(True),
}


@pytest.mark.parametrize("name", FOLLOWED_NO_MORE)
def test_units_are_left_alone_if_the_function_would_change(name: str) -> None:
    torch.manual_seed(0)
    network = FOLLOWED_NO_MORE[name]().eval()
    first = next(layer for layer in network.modules() if isinstance(layer, nn.Linear))
    with torch.no_grad():
        first.bias[:3] = -100.0
    x = torch.randn(64, 8)
    before = [parameter.clone() for parameter in network.parameters()]
    assert recycle_once(network, x).units == 0
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


def test_one_activation_in_two_places_is_two() -> None:
    torch.manual_seed(0)
    shared = nn.ReLU()
    network = nn.Sequential(nn.Linear(3, 8), shared, nn.Linear(8, 5), shared, nn.Linear(5, 2)).eval()
    with torch.no_grad():
        network[2].bias[:4] = -100.0
    x = torch.randn(64, 3)
    before = network(x)
    assert recycle_once(network, x).units == 4
    assert torch.allclose(network(x), before, atol=1e-5)


@pytest.mark.parametrize("name", ["adam", "sgd", "extra-adam", "optimistic-adam"])
@pytest.mark.parametrize("beside", [{}, {"lookahead": 2}, {"historical_averaging": 0.1}])
def test_dead_weights_stay_dead(name: Any, beside: dict[str, Any]) -> None:
    network, x, _ = killed("perceptron")
    optimiser = build_optimiser(list(network.parameters()), OptimiserSettings(name=name, momentum=0.9, **beside))
    average = MovingAverage(network, 0.9)
    for _ in range(3):
        network(x).square().mean().backward()
        optimiser.step()
    renewal = recycle_once(network, x)
    renewal.apply_to(network, optimiser, average.module)
    assert renewal.units
    parameters = dict(zip(network.parameters(), average.module.parameters(), strict=True))
    for parameter, mask in renewal.entries.items():
        assert torch.equal(parameters[parameter][mask], parameter[mask])
        parameter.grad = None
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    before = {p: p[m].clone() for p, m in renewal.entries.items()}
    for _ in range(2):
        optimiser.step()
    for parameter, mask in renewal.entries.items():
        assert torch.equal(parameter[mask], before[parameter]), "without a gradient, what is fresh stays where it is"


@pytest.mark.slow
@pytest.mark.parametrize("family", ["autoencoder", "vae", "gan"])
def test_a_run_recycles_its_units_and_does_so_when_resumed(family: str, tmp_path: Path) -> None:
    def start_run(path: Path, every: int) -> Session:
        rectified = {f"model.{role}.activation": "relu" for role in ("generator", "discriminator")}
        chosen = recipe(family, recycle_every=every).override(rectified if family == "gan" else {})
        session = start_session(chosen, path)
        for player in session.model.players.values():
            first = next(layer for layer in player.modules() if isinstance(layer, nn.Linear))
            with torch.no_grad():
                first.bias[:6] = -100.0
        return session

    start_run(tmp_path / "left alone", 0).run()
    start_run(tmp_path / "whole", 5).run()
    session = start_run(tmp_path / "cut", 5)
    session.batches = Interrupting(session, 12 * sum(p.uses_data * p.repeats for p in session.model.phases))  # type: ignore[assignment]
    session.run()
    experiment.resume(tmp_path / "cut")
    assert comparable_state(tmp_path / "cut") == comparable_state(tmp_path / "whole")
    alone, whole = (comparable_state(tmp_path / name)["records"] for name in ("left alone", "whole"))
    for name in (name for name in whole[0] if name.endswith("/dead_units")):
        assert float(alone[-1][name]) > 0.3
        assert float(whole[0][name]) < 0.3, "those that begin dead are woken before the first step"
    woken = [name for name in whole[0] if name.endswith("/recycled_units")]
    assert woken
    assert all(float(whole[0][name]) >= 6 for name in woken)
    assert not any(name.endswith("/recycled_units") for record in alone for name in record)


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_networks_with_dead_units_compute_the_same_afterwards(name: str) -> None:
    torch.manual_seed(0)
    network = build(NetworkSettings(network=name, width=8, hidden=(16, 16)), (1, 12, 9), (3,)).eval()
    x = torch.randn(32, 1, 12, 9)
    inner = [layer for layer in network.modules() if isinstance(layer, nn.Linear | nn.Conv2d)][1:-1]
    with torch.no_grad():
        for layer in inner:
            if layer.bias is not None:
                layer.bias[:3] = -100.0
            else:
                layer.weight[:3] = 0.0
    before = network(x).detach()
    recycle_once(network, x)
    torch.testing.assert_close(network(x), before, rtol=1e-4, atol=1e-4 * before.abs().max().item())
