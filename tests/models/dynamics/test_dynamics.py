"""Models of dynamics: columns, units, and predictions that are those of their members."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from saddlepoint.data.event import Event
from saddlepoint.errors import RunError, SettingError
from saddlepoint.models import build
from saddlepoint.models.dynamics.layout import Layout
from saddlepoint.models.dynamics.settings import OUTCOMES, DynamicsSettings
from saddlepoint.networks.ensemble import EnsembleMLP

EVENT = Event(
    (6,), "vector", mean=(1.0, 0.0, 5.0, 2.0, 7.0, 0.3), std=(2.0, 1.0, 3.0, 0.5, 0.0, 0.4), constants=((4, 7.0),)
)
every_outcome = pytest.mark.parametrize("outcome", OUTCOMES)


def model(outcome: str, event: Event = EVENT, **settings: Any) -> Any:
    return build(DynamicsSettings(outcome=outcome, given=2, flags=1, members=3, hidden=(8,), **settings), event)


def test_the_members_are_the_perceptrons_of_their_weights() -> None:
    network = EnsembleMLP(3, 4, 2, (5, 6), "tanh")
    x = torch.randn(3, 7, 4)
    for k, found in enumerate(network(x)):
        alone: list[nn.Module] = []
        for weight, bias in zip(network.weights, network.biases, strict=True):
            layer = nn.Linear(*weight.shape[1:])
            layer.weight.data, layer.bias.data = weight[k].T, bias[k, 0]
            alone += [layer, nn.Tanh()]
        torch.testing.assert_close(found, nn.Sequential(*alone[:-1])(x[k]))
    torch.testing.assert_close(network(x[0]), network(x[0].expand(3, 7, 4)))


@every_outcome
def test_predictions_are_in_the_units_of_the_data(outcome: str) -> None:
    one = model(outcome)
    given = torch.tensor([3.0, -1.0]).expand(one.members, 5, 2)
    noise = torch.randn(one.members, 5, one.noise_size)
    rest = one.outcomes(given, noise)
    assert rest.shape == (one.members, 5, 4)
    assert (rest[..., 2] == 7.0).all(), "a constant column keeps its value"
    assert ((rest[..., 3] > 0) & (rest[..., 3] < 1)).all(), "flags are probabilities"
    numbers, _ = one.outcome.predict(torch.tensor([1.0, -1.0]).expand(one.members, 5, 2), noise)
    with torch.no_grad():
        torch.testing.assert_close(rest[..., 0], numbers[..., 0] * 3 + 5, rtol=1e-4, atol=1e-4)


def test_columns_that_vary_are_joined_around_constant_ones() -> None:
    event = Event((8,), "vector", constants=((0, 1.0), (2, 1.0), (5, 1.0), (6, 1.0)))
    layout = Layout(event, given=2, flags=2)
    x = torch.arange(1.0, 17.0).view(2, 8)
    _, numbers, flags = layout.split(x)
    expected = x[:, 2:].clone()
    expected[:, [0, 3, 4]] = 0.0
    torch.testing.assert_close(layout.join(numbers, flags), expected, rtol=0.0, atol=0.0)


@every_outcome
def test_samples_have_what_is_given_from_examples(outcome: str) -> None:
    one = model(outcome)
    with pytest.raises(RunError, match="no examples of what is given"):
        one.sample(2)
    x = torch.randn(50, 6) + 2
    x[:, 4], x[:, 5] = 7.0, (torch.arange(50) % 3 == 0).float()
    one.fit(x, torch.Generator().manual_seed(0))
    samples = one.sample(20, generator=torch.Generator().manual_seed(0))
    distances = (samples[:, None, :2] - x[None, :, :2]).abs().amax(2)
    assert (distances.amin(1) < 1e-4).all()
    assert samples[:, 5].unique().tolist() in ([0.0], [1.0], [0.0, 1.0])


def test_columns_without_a_place_and_own_networks_are_refused() -> None:
    with pytest.raises(SettingError, match="at least one must be left"):
        build(DynamicsSettings(given=6), EVENT)
    with pytest.raises(SettingError, match="rows of numbers"):
        build(DynamicsSettings(given=2), Event((1, 4, 4), "image", "uint8", 0.0, 255.0))
    with pytest.raises(SettingError, match="leave out generator"):
        build(DynamicsSettings(), EVENT, modules={"generator": nn.Identity()})
