"""Laws of the duality gap: 0 at an equilibrium, above it elsewhere, and nothing of the model is changed."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from saddlepoint.data.event import Event
from saddlepoint.errors import DataError, SettingError
from saddlepoint.evaluation.metrics.duality_gap import duality_gap
from saddlepoint.models.base import Model
from saddlepoint.objectives.adversarial.composition import Composition
from saddlepoint.objectives.adversarial.game import adversarial_game
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.adversarial.registry import loss_named
from saddlepoint.objectives.phase import Phase


class Shift(nn.Module):
    """Noise plus a learnt shift: equals N(0, 1) where the shift is 0."""

    def __init__(self, shift: float, spread: float) -> None:
        super().__init__()
        self.shift, self.spread = nn.Parameter(torch.tensor([shift])), spread

    def forward(self, z: Tensor) -> Tensor:
        return self.spread * z + self.shift


class Line(nn.Module):
    """The logit slope x."""

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor([slope]))
        self.dropout = nn.Dropout(0.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(self.slope * x)


class Small(Model):
    """A GAN with a parameter a player, minimax by default."""

    family = "test"

    def __init__(self, shift: float, slope: float, spread: float = 1.0, objective: str = "minimax") -> None:
        event = Event((1,), "vector")
        players = {"d": Line(slope), "g": Shift(shift, spread)}
        super().__init__(event, event.scaling("none"), players, {"d": "discriminator", "g": "generator"})
        self._phases = adversarial_game(Composition(loss_named(objective)))

    @property
    def phases(self) -> tuple[Phase, ...]:
        return self._phases

    def noise(self, phase, n, step, generator):
        return GameNoise(torch.randn(n, 1, generator=generator))

    def _sample(self, n, labels, generator):
        return self.decode(torch.randn(n, 1, generator=generator))

    def fixed_noise(self, n, generator):
        return torch.randn(n, 1, generator=generator)

    def decode(self, z):
        return self.players["g"](z).detach()


def normal(n: int = 4_000) -> Tensor:
    return torch.randn(n, 1, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("steps", [1, 4])
def test_on_the_dirac_gan_it_is_the_closed_form(steps):
    """One point each: Adam's first steps in one direction are the learning rate, whatever the gradient's size."""
    theta, psi, rate = 0.7, 0.4, 0.01
    found = duality_gap(
        Small(theta, psi, spread=0.0), torch.zeros(200, 1), steps=steps, learning_rate=rate, batch_size=10
    )
    far = steps * rate

    def value(theta: float, psi: float) -> float:
        return math.log(2) + float(softplus(torch.tensor(psi * theta)))

    expected_d = value(theta, psi) - value(theta, psi - far)
    expected_g = -value(theta, psi) + value(theta - math.copysign(far, -psi), psi)
    assert found.gains["d"].value == pytest.approx(expected_d, rel=2e-2)
    assert found.gains["g"].value == pytest.approx(expected_g, rel=2e-2)
    assert found.gap.value == pytest.approx(expected_d + expected_g, rel=2e-2)


@pytest.mark.parametrize("objective", ["minimax", "non-saturating"])
def test_at_the_equilibrium_there_is_nothing_to_gain_and_elsewhere_there_is(objective):
    x = normal()
    here = duality_gap(Small(0.0, 0.0, objective=objective), x, steps=50)
    away = duality_gap(Small(2.0, 0.0, objective=objective), x, steps=50)
    fooled = duality_gap(Small(0.0, 2.0, objective=objective), x, steps=50)
    assert abs(here.gap.value) < 0.01
    assert away.gains["d"].low > 0
    assert fooled.gains["g"].low > 0
    assert min(away.gap.low, fooled.gap.low) > here.gap.high


def test_more_steps_find_more_to_gain():
    gaps = [duality_gap(Small(1.0, 0.0), normal(), steps=steps).gap.value for steps in (1, 10, 100)]
    assert gaps == sorted(gaps)


def test_the_model_and_the_callers_random_numbers_are_left_alone():
    model = Small(1.0, 0.5)
    model.players["g"].eval()
    before = {name: {k: v.clone() for k, v in player.state_dict().items()} for name, player in model.players.items()}
    state = torch.get_rng_state()
    first, second = (duality_gap(model, normal(256), steps=5, seed=3) for _ in range(2))
    assert first == second
    assert first != duality_gap(model, normal(256), steps=5, seed=4)
    assert torch.equal(torch.get_rng_state(), state)
    assert not model.players["g"].training
    for name, player in model.players.items():
        torch.testing.assert_close(player.state_dict(), before[name], rtol=0, atol=0)
        assert all(p.grad is None for p in player.parameters())


def test_the_gap_is_the_sum_of_its_shares():
    found = duality_gap(Small(1.0, 0.5), normal(256), steps=5)
    for bound in ("value", "low", "high"):
        assert getattr(found.gap, bound) == pytest.approx(sum(getattr(gain, bound) for gain in found.gains.values()))


def test_too_few_examples_and_too_few_players_are_refused():
    with pytest.raises(DataError, match="got 127"):
        duality_gap(Small(1.0, 0.5), normal(127))
    alone = Small(1.0, 0.5)
    alone._phases = alone.phases[:1]
    with pytest.raises(SettingError, match="two players"):
        duality_gap(alone, normal())


@pytest.mark.parametrize("setting", [{"steps": 0}, {"steps": -1}, {"batch_size": 0}, {"learning_rate": -1e-3}])
def test_numbers_that_measure_nothing_are_refused(setting):
    ((name, number),) = setting.items()
    with pytest.raises(SettingError, match=f"{name} must be .*, got {number}"):
        duality_gap(Small(1.0, 0.5), normal(), **setting)


def test_a_loss_with_a_gradient_penalty_of_its_own_is_played() -> None:
    game = Small(0.5, 1.0)
    own = game._phases[0].loss

    def loss(nets, batch, noise):
        value, seen = own(nets, batch, noise)
        real = batch.x.requires_grad_()
        (slope,) = torch.autograd.grad(nets["d"](real).sum(), real, create_graph=True)
        return value + slope.square().flatten(1).sum(1), seen

    game._phases = (replace(game._phases[0], loss=loss), *game._phases[1:])
    x = torch.randn(256, 1, generator=torch.Generator().manual_seed(0))
    assert duality_gap(game, x, steps=2).gap.value > 0
    assert not x.requires_grad
