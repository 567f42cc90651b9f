"""A generator's move on the samples that the discriminator has just seen: the same move, one pass cheaper."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.data import Batches, DataSettings, load
from saddlepoint.models import build
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.training import Devices, TrainingState, loop, play
from saddlepoint.training.settings import TrainingSettings


def trained(fresh_noise: bool = False, discriminator_steps: int = 1) -> tuple[dict[str, torch.Tensor], int]:
    """The generator's weights after 5 steps, and how often it was called."""
    network = NetworkSettings(hidden=(8,))
    settings = GANSettings(
        latent=2,
        generator=network,
        discriminator=network,
        fresh_noise=fresh_noise,
        discriminator_steps=discriminator_steps,
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
def test_recalled_samples_move_the_generator_exactly_as_samples_made_anew_from_the_same_noise(
    discriminator_steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    recalled, calls = trained(discriminator_steps=discriminator_steps)
    monkeypatch.setattr(loop._Recalled, "__call__", lambda self, x: self._network(x))
    anew, more_calls = trained(discriminator_steps=discriminator_steps)
    assert all(torch.equal(recalled[name], anew[name]) for name in anew)
    assert (calls, more_calls) == (5 * discriminator_steps, 5 * (discriminator_steps + 1))


@pytest.mark.parametrize("discriminator_steps", [1, 3])
def test_only_the_samples_that_are_recalled_carry_their_graph(
    discriminator_steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphs = []
    plain = loop._Recalled.__call__

    def look(self: loop._Recalled, x: torch.Tensor) -> torch.Tensor:
        made = plain(self, x)
        graphs.append(made.requires_grad)
        return made

    monkeypatch.setattr(loop._Recalled, "__call__", look)
    trained(discriminator_steps=discriminator_steps)
    assert graphs == ([False] * (discriminator_steps - 1) + [True, True]) * 5


def test_fresh_noise_makes_samples_of_its_own() -> None:
    shared, _ = trained()
    fresh, calls = trained(fresh_noise=True)
    assert calls == 10
    assert any(not torch.equal(shared[name], fresh[name]) for name in shared)
