"""Closed forms of the penalties between and around examples, and their derivatives."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from saddlepoint.errors import SettingError
from saddlepoint.networks.mlp import MLP
from saddlepoint.objectives.adversarial.composition import Composition
from saddlepoint.objectives.adversarial.game import discriminator_loss
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.adversarial.registry import loss_named
from saddlepoint.objectives.adversarial.slopes import (
    ZERO_CENTRED,
    dragan,
    draw_positions,
    gradient_penalty,
    points_between,
    slope,
)
from saddlepoint.objectives.phase import Batch

X = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
Z = torch.randn(6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
NAMES = ["two-sided", "one-sided", "zero-centred", "dragan"]
PENALTIES = dict(zip(NAMES, (gradient_penalty(), gradient_penalty(sides=1), ZERO_CENTRED, dragan()), strict=True))


def identity(value: torch.Tensor) -> torch.Tensor:
    return value


def with_slope(length: float) -> nn.Module:
    """A linear discriminator whose logit has a gradient of this length everywhere."""
    network = nn.Linear(3, 1, dtype=torch.float64)
    with torch.no_grad():
        network.weight.mul_(length / network.weight.norm())
    return network


def penalty_of(network: object, name: str, weight: float = 10.0) -> torch.Tensor:
    """The penalty of each pair of examples as the game computes it, without the loss."""
    part = PENALTIES[name]
    assert part.draw is not None
    noise = part.draw(len(X), X.shape[1:], torch.Generator().manual_seed(2)).double()
    bare = Composition(loss_named("wasserstein"))
    whole = Composition(loss_named("wasserstein"), {"penalty": (part, weight)})
    nets = {"d": network, "g": identity}
    without, _ = discriminator_loss(bare)(nets, Batch(X), GameNoise(Z))
    both, observed = discriminator_loss(whole)(nets, Batch(X), GameNoise(Z, penalties={"penalty": noise}))
    assert observed["penalty_slope"].shape == (6,)
    return both - without


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("two-sided", lambda s: (s - 1) ** 2),
        ("one-sided", lambda s: max(s - 1, 0.0) ** 2),
        ("zero-centred", lambda s: s**2),
        ("dragan", lambda s: (s - 1) ** 2),
    ],
)
@pytest.mark.parametrize("length", [0.3, 1.0, 2.5])
def test_a_linear_discriminator_pays_by_its_slope_wherever_the_points_are(name, expected, length):
    found = penalty_of(with_slope(length), name)
    torch.testing.assert_close(found, torch.full_like(found, 10 * expected(length)), rtol=1e-9, atol=1e-12)


def test_a_constant_discriminator_pays_the_squared_target_and_its_gradient_is_finite():
    for name, expected in zip(NAMES, (1.0, 0.0, 0.0, 1.0), strict=True):
        network = MLP((3,), (), (4,), "tanh").double()
        nn.init.zeros_(list(network.parameters())[-2])
        found = penalty_of(network, name, 1.0)
        torch.testing.assert_close(found, torch.full_like(found, expected))
        gradients = torch.autograd.grad(found.sum(), list(network.parameters()), allow_unused=True)
        assert all(gradient.isfinite().all() for gradient in gradients if gradient is not None)


@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_of_the_weights_agrees_with_finite_differences(name):
    network = MLP((3,), (), (4,), "tanh").double()
    names = list(dict(network.named_parameters()))

    def penalty(*weights: torch.Tensor) -> torch.Tensor:
        parameters = {key: 3 * value for key, value in zip(names, weights, strict=True)}
        return penalty_of(lambda x: torch.func.functional_call(network, parameters, (x,)), name)

    weights = tuple(value.detach().requires_grad_() for value in network.parameters())
    assert torch.autograd.gradcheck(penalty, weights)


def test_the_slope_is_the_root_with_derivative_zero_at_zero_and_passes_on_what_is_not_a_number():
    squared = torch.tensor([0.0, 1e-30, 4.0, math.inf, math.nan], dtype=torch.float64, requires_grad=True)
    found = slope(squared)
    torch.testing.assert_close(found, squared.detach().sqrt(), equal_nan=True)
    (gradient,) = torch.autograd.grad(found[:3].sum(), squared)
    torch.testing.assert_close(gradient[:3], torch.tensor([0.0, 5e14, 0.25], dtype=torch.float64))


def test_points_lie_between_real_and_generated_examples_uniformly():
    position = draw_positions(10_000, (3,), torch.Generator().manual_seed(0))
    points = points_between(torch.zeros(10_000, 3), torch.ones(10_000, 3), position)
    assert torch.equal(points, position.expand(-1, 3))
    # Of 10,000 uniform numbers the mean lies within 5 standard errors (0.0029) of 1/2, and each decile holds about 1,000.
    assert abs(position.mean() - 0.5) < 5 * 0.0029
    assert (torch.histc(position, 10, 0, 1) - 1_000).abs().max() < 5 * math.sqrt(900)


@pytest.mark.parametrize("scale", [0.0, 0.5, 2.0])
def test_dragan_perturbs_real_examples_by_a_share_of_the_deviation_of_their_batch(scale):
    part = dragan(scale=scale)
    real = 3 * torch.randn(2_000, 5, generator=torch.Generator().manual_seed(0)) + 7
    assert callable(part.where)
    assert part.draw is not None
    moved = part.where(real, real + 1, part.draw(2_000, (5,), torch.Generator().manual_seed(1))) - real
    expected = scale * real.std(correction=0)
    torch.testing.assert_close(moved.std(correction=0), expected, rtol=5 / math.sqrt(2 * moved.numel()), atol=0)
    assert moved.mean().abs() <= 5 * expected / math.sqrt(moved.numel())


@pytest.mark.parametrize("value", [torch.full((4, 2), 3.0), torch.zeros(1, 1)])
def test_a_batch_of_equal_numbers_has_finite_points(value):
    part = dragan()
    assert callable(part.where)
    assert part.draw is not None
    drawn = part.draw(len(value), value.shape[1:], torch.Generator().manual_seed(0))
    leaf = value.clone().requires_grad_()
    points = part.where(leaf, leaf, drawn)
    assert torch.equal(points, value)
    assert torch.autograd.grad(points.sum(), leaf)[0].isfinite().all()


def test_with_target_zero_both_sides_are_the_squared_slope():
    squared = torch.tensor([0.0, 0.5, 4.0])
    for sides in (1, 2):
        assert torch.equal(gradient_penalty(sides=sides, target=0.0).how(squared), squared)


@pytest.mark.parametrize(
    ("make", "arguments", "said"),
    [
        (gradient_penalty, {"sides": 3}, "sides must be 1"),
        (gradient_penalty, {"sides": True}, "sides must be 1"),
        (gradient_penalty, {"target": -1.0}, "target must be a finite number"),
        (dragan, {"target": math.inf}, "target must be a finite number"),
        (dragan, {"scale": math.nan}, "scale must be a finite number"),
        (dragan, {"scale": "wide"}, "scale must be a finite number"),
    ],
)
def test_arguments_out_of_range_are_refused(make, arguments, said):
    with pytest.raises(SettingError, match=said):
        make(**arguments)
