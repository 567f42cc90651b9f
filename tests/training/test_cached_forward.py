"""A generator's move on the samples that the discriminator has just seen: the same move, one pass cheaper."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from saddlepoint.data import Batches, DataSettings, load
from saddlepoint.models import build
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.training import Devices, TrainingState, play
from saddlepoint.training.cached_forward import CachedForward
from saddlepoint.training.settings import TrainingSettings


def trained(fresh_noise: bool = False, discriminator_steps: int = 1) -> tuple[dict[str, torch.Tensor], int]:
    """The generator's weights after 5 steps, and how often it was called."""
    network = NetworkSettings(hidden=(8,))
    settings = GANSettings(
        latent=2,
        generator=network,
        discriminator=network,
        noise={"fresh": fresh_noise},
        updates={"discriminator": discriminator_steps},
    )
    training = TrainingSettings(steps=5, batch_size=16, tick=5)
    dataset = load(DataSettings(source="ring", points=100))
    model = build(settings, dataset.event, seed=1)
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    model.players["g"].register_forward_hook(count)
    state = TrainingState.start(model, training, Devices.choose("cpu", "fp32"))
    for _ in play(model, Batches(dataset, 16, 0, torch.device("cpu"), model.scaling), training, state):
        pass
    return model.players["g"].state_dict(), calls


@pytest.mark.parametrize("discriminator_steps", [1, 3])
def test_cached_samples_update_the_generator_exactly_as_recomputed_samples(
    discriminator_steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached, calls = trained(discriminator_steps=discriminator_steps)
    monkeypatch.setattr(CachedForward, "__call__", lambda self, *x, **named: self._network(*x, **named))
    recomputed, more_calls = trained(discriminator_steps=discriminator_steps)
    assert all(torch.equal(cached[name], recomputed[name]) for name in recomputed)
    assert (calls, more_calls) == (5 * discriminator_steps, 5 * (discriminator_steps + 1))


@pytest.mark.parametrize("discriminator_steps", [1, 3])
def test_only_the_samples_that_are_cached_carry_their_graph(
    discriminator_steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphs = []
    plain = CachedForward.__call__

    def observe(self: CachedForward, x: torch.Tensor) -> torch.Tensor:
        made = plain(self, x)
        graphs.append(made.requires_grad)
        return made

    monkeypatch.setattr(CachedForward, "__call__", observe)
    trained(discriminator_steps=discriminator_steps)
    assert graphs == ([False] * (discriminator_steps - 1) + [True, True]) * 5


@pytest.mark.parametrize(
    ("objective", "unrolled", "carry"),
    [("non-saturating", 0, True), ("relativistic", 0, False), ("relativistic-average", 0, False), ("hinge", 1, False)],
)
def test_a_conditional_game_keeps_a_graph_only_of_samples_with_the_labels_of_the_next_update(
    objective: str, unrolled: int, carry: bool
) -> None:
    network = NetworkSettings(hidden=(8,))
    condition = dict.fromkeys(("generator", "discriminator"), "concatenate")
    updates = {"discriminator": 2, "unrolled": unrolled}
    settings = GANSettings(
        latent=2, generator=network, discriminator=network, objective=objective, condition=condition, updates=updates
    )
    training = TrainingSettings(steps=2, batch_size=16, tick=2)
    dataset = load(DataSettings(source="ring", points=100))
    model = build(settings, dataset.event, seed=1)
    graphs: list[bool] = []
    model.players["g"].register_forward_hook(lambda *call: graphs.append(call[-1].requires_grad))
    batches = Batches(dataset, 16, 0, torch.device("cpu"), model.scaling, labels=True)
    state = TrainingState.start(model, training, Devices.choose("cpu", "fp32"))
    assert list(play(model, batches, training, state))
    # Two updates of the discriminator; the samples of the second are those of the generator's update, or it makes its own.
    assert graphs == ([False, True] if carry else [False, False, True]) * 2


def test_fresh_noise_makes_samples_of_its_own() -> None:
    shared, _ = trained()
    fresh, calls = trained(fresh_noise=True)
    assert calls == 10
    assert any(not torch.equal(shared[name], fresh[name]) for name in shared)


class Counting(nn.Module):
    """Adds its arguments, and counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: torch.Tensor, y: torch.Tensor | None = None, *, features: bool = False) -> torch.Tensor:
        self.calls += 1
        return x if y is None else x + y


X, Y = torch.zeros(2), torch.ones(2)


@pytest.mark.parametrize(
    ("second", "named", "calls"),
    [
        ((X,), {"y": Y}, 1),
        ((X,), {"y": Y.clone()}, 2),
        ((X.clone(),), {"y": Y}, 2),
        ((X,), {}, 2),
        ((X, Y), {}, 2),
        ((X,), {"y": Y, "features": True}, 2),
    ],
)
def test_an_output_is_reused_only_for_the_very_same_arguments(
    second: tuple[torch.Tensor, ...], named: dict[str, Any], calls: int
) -> None:
    network = Counting()
    cached = CachedForward(network)
    first = cached(X, y=Y)
    again = cached(*second, **named)
    assert network.calls == calls
    assert (again is first) == (calls == 1)


def test_an_output_is_reused_once() -> None:
    network = Counting()
    cached = CachedForward(network)
    for _ in range(4):
        cached(X, y=Y)
    assert network.calls == 2
