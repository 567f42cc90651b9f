"""Laws of normalising flows: inverses, determinants, normalisation, dequantisation and Bayes' rule."""

from __future__ import annotations

import math
import sys

import pytest
import torch

from saddlepoint.data.event import Event
from saddlepoint.errors import DataError, MissingExtraError, SettingError
from saddlepoint.evaluation.metrics.bits import dequantised_log_likelihood
from saddlepoint.models import build, check_settings
from saddlepoint.models.flow.settings import FlowSettings
from saddlepoint.objectives.phase import Batch

KINDS = ("spline", "realnvp", "maf")
NAMES = ("a", "b", "c")
every_kind = pytest.mark.parametrize("kind", KINDS)


def flow(kind, size, *, conditional=False, seed=0, transforms=3, **event):
    """A flow with random weights in float64; the weights of a new flow are those of the identity."""
    settings = FlowSettings(flow=kind, transforms=transforms, hidden=(16,), bins=6, conditional=conditional)
    model = build(settings, Event((size,), "vector", class_names=NAMES if conditional else None, **event))
    generator = torch.Generator().manual_seed(seed)
    model.player.double().requires_grad_(False)
    with torch.no_grad():
        for parameter in model.player.parameters():
            parameter.copy_(0.25 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return model


@every_kind
@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("conditional", [False, True])
def test_the_inverse_undoes_the_flow_in_both_directions(kind, size, conditional):
    network = flow(kind, size, conditional=conditional).player
    x = 3 * torch.randn(50, size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    labels = (torch.arange(50) % 3,) if conditional else ()
    torch.testing.assert_close(network.inverse(network(x, *labels)[0], *labels), x, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(network(network.inverse(x, *labels), *labels)[0], x, rtol=1e-6, atol=1e-6)


@every_kind
@pytest.mark.parametrize("size", [1, 2, 5])
def test_the_determinant_is_that_of_autograd(kind, size):
    network = flow(kind, size).player
    x = torch.randn(6, size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for one, log_det in zip(x, network(x)[1], strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda row: network(row[None])[0][0], one)
        assert float(log_det) == pytest.approx(float(torch.linalg.slogdet(jacobian)[1]), abs=1e-8)


@every_kind
def test_a_new_flow_is_the_identity_up_to_the_order_of_the_numbers(kind):
    model = build(FlowSettings(flow=kind), Event((4,), "vector"))
    z, log_det = model.player(torch.arange(4.0)[None])
    torch.testing.assert_close(z.sort().values, torch.arange(4.0)[None], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(log_det, torch.zeros(1), rtol=0, atol=1e-4)


@pytest.mark.slow
@every_kind
def test_the_density_integrates_to_one_in_the_units_of_the_data(kind):
    model = flow(kind, 2, mean=(3.0, -1.0), std=(2.0, 0.5))
    axis = torch.linspace(-14, 14, 281, dtype=torch.float64)
    grid = torch.cartesian_prod(3 + 2 * axis, -1 + 0.5 * axis)
    mass = model.log_prob(grid).exp().sum() * float(axis[1] - axis[0]) ** 2
    assert float(mass) == pytest.approx(1, abs=0.01)


@every_kind
def test_samples_follow_the_density(kind):
    """The mean of log p over samples is minus the entropy, which the base distribution and the determinant give as well."""
    model = flow(kind, 2)
    z = torch.randn(4_000, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    log_det = model.player(model.player.inverse(z))[1]
    entropy = 1 + math.log(2 * math.pi) - float(log_det.mean())
    samples = model.sample(4_000, generator=torch.Generator().manual_seed(4))
    log_prob = model.log_prob(samples)
    error = math.sqrt(float(log_prob.var() + log_det.var()) / 4_000)
    assert abs(float(log_prob.mean()) + entropy) < 4 * error + 1e-3


@pytest.mark.parametrize("kind", ["spline", "realnvp"])
@pytest.mark.parametrize("size", [2, 3, 8, 33])
@pytest.mark.parametrize("transforms", [2, 3, 5])
def test_two_coupling_layers_or_more_transform_every_number(kind, size, transforms):
    model = flow(kind, size, transforms=transforms)
    x = torch.randn(4, size, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    z, _ = model.player(x)
    assert (z[:, :, None] - x[:, None, :]).abs().amin(0).min() > 1e-9  # no number of the code is one of the example


def test_couplings_mix_numbers():
    model = flow("realnvp", 5)
    jacobian = torch.autograd.functional.jacobian(lambda x: model.player(x[None])[0][0], torch.ones(5).double())
    assert (jacobian.abs() > 1e-9).sum() > 5  # not diagonal


def test_the_order_of_the_numbers_is_part_of_the_weights():
    first, second = flow("realnvp", 5), flow("realnvp", 5)
    for layer in second.player.layers:
        layer.order.copy_(layer.order.flip(0))
        layer.restore.copy_(layer.order.argsort())
    x = torch.randn(3, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    assert not torch.equal(first.player(x)[0], second.player(x)[0])
    second.player.load_state_dict(first.player.state_dict())
    assert torch.equal(first.player(x)[0], second.player(x)[0])


def test_constant_columns_have_no_density_and_exact_samples():
    event = Event((3,), "vector", mean=(0.0, 7.0, 1.0), std=(1.0, 0.0, 2.0), constants=((1, 7.0),))
    model = build(FlowSettings(), event)
    assert model.numbers == 2
    assert (model.sample(4)[:, 1] == 7).all()
    x = event.with_constants(torch.randn(4, 3))
    expected = torch.distributions.Normal(torch.tensor([0.0, 1.0]), torch.tensor([1.0, 2.0])).log_prob(x[:, [0, 2]])
    torch.testing.assert_close(model.log_prob(x), expected.sum(1), rtol=1e-4, atol=1e-4)
    with pytest.raises(DataError, match="are constant"):
        build(FlowSettings(), Event((1,), "vector", std=(0.0,), constants=((0, 7.0),)))


def test_bytes_are_spread_over_their_unit_in_training_and_in_densities():
    event = Event((1, 4, 4), "image", "uint8", 0.0, 255.0, mean=(100.0,), std=(50.0,))
    model = build(FlowSettings(), event)
    spread = model.noise(model.phases[0], 1_000, 0, torch.Generator().manual_seed(0)).dequantisation
    assert float(spread.abs().max()) <= 0.5 / 50
    assert float(spread.var()) == pytest.approx(1 / 12 / 50**2, rel=0.05)
    x = torch.randint(0, 256, (5, 1, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    assert torch.equal(model.log_prob(x), model.log_prob(x))
    assert torch.equal(model.decode(model.encode(x)), x)
    # A new flow is the normal distribution with the moments of the data; the density hardly changes within a byte.
    normal = torch.distributions.Normal(100.0, 50.0).log_prob(x.float()).flatten(1).sum(1)
    torch.testing.assert_close(model.log_prob(x), normal, rtol=0, atol=0.2)
    bound = dequantised_log_likelihood(model, x, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(bound.values.float(), normal, rtol=0, atol=0.2)


def test_noise_on_training_examples_has_the_deviation_that_is_set():
    model = build(FlowSettings(noise_std=0.3), Event((2,), "vector", std=(5.0,)))
    noise = model.noise(model.phases[0], 5_000, 0, torch.Generator().manual_seed(0))
    assert noise.dequantisation is None
    assert float(noise.gaussian.std()) == pytest.approx(0.3, rel=0.05)


@every_kind
def test_classes_have_densities_of_their_own_and_bayes_rule_holds(kind):
    model = flow(kind, 2, conditional=True, class_shares=(0.5, 0.3, 0.2))
    x = torch.randn(6, 2, generator=torch.Generator().manual_seed(0)).double()
    of_class = torch.stack([model.class_log_prob(x, torch.full((6,), label)) for label in range(3)], 1)
    joint = of_class + torch.tensor([0.5, 0.3, 0.2]).double().log()
    torch.testing.assert_close(model.log_prob(x), joint.logsumexp(1))
    torch.testing.assert_close(model.posterior(x), joint.softmax(1))
    assert (of_class.std(1) > 1e-3).all()
    loss, _ = model.phases[0].loss(
        model.players, Batch(x, torch.zeros(6, dtype=torch.int64)), model.noise(None, 6, 0, torch.Generator())
    )
    torch.testing.assert_close(-loss, of_class[:, 0])
    # Codes end with the class.
    labels = torch.tensor([2, 0, 1])
    z = model.with_labels(model.fixed_noise(3, torch.Generator().manual_seed(0)), labels)
    again = model.encode(model.decode(z), labels)
    torch.testing.assert_close(again, z.double(), rtol=1e-3, atol=1e-3)
    assert torch.equal(model.split_codes(z)[1].argmax(1), labels)


def test_a_conditional_flow_needs_labels():
    for check in (
        lambda: build(FlowSettings(conditional=True), Event((2,), "vector")),
        lambda: check_settings(FlowSettings(conditional=True), 0),
    ):
        with pytest.raises(SettingError, match=r"model\.conditional"):
            check()
    check_settings(FlowSettings(conditional=True))


def test_slow_samples_are_announced():
    image = Event((1, 8, 8), "image", "uint8", 0.0, 255.0)
    assert "one number after another" in build(FlowSettings(flow="maf"), image).notes[0]
    assert build(FlowSettings(), image).notes == ()
    assert build(FlowSettings(flow="maf"), Event((2,), "vector")).notes == ()


def test_a_missing_package_is_named(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "zuko"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "saddlepoint.models.flow.transforms", raising=False)
    monkeypatch.setitem(sys.modules, "zuko", None)
    with pytest.raises(MissingExtraError, match=r"saddlepoint\[flows\]"):
        build(FlowSettings(), Event((2,), "vector"))


def test_the_measured_error_of_the_inverse_finds_a_wrong_inverse(monkeypatch):
    model = flow("spline", 2)
    x = torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(0)
    assert float(model.held_out_series(x, generator)["flow/inverse_error"]) < 1e-3
    right = model.player.inverse
    monkeypatch.setattr(model.player, "inverse", lambda z: 1.1 * right(z))
    assert float(model.held_out_series(x, generator)["flow/inverse_error"]) > 0.1


@every_kind
def test_a_new_flow_is_a_normal_distribution_whatever_the_data(kind):
    """Outliers have a low density then, which is no fault of the flow."""
    x = torch.distributions.Exponential(1.0).icdf(torch.linspace(0.01, 0.9999, 200))[:, None]
    model = build(FlowSettings(flow=kind), Event((1,), "vector", mean=(1.0,), std=(1.0,)))
    generator = torch.Generator().manual_seed(0)
    assert float(model.held_out_series(x, generator)["flow/lowest_density"]) < -10
    assert float(model.training_series(x, generator)["flow/below_normal"]) == pytest.approx(0, abs=1e-3)


def test_the_density_of_whole_numbers_is_measured_in_their_units():
    event = Event((1, 4, 4), "image", "uint8", 0.0, 255.0, mean=(127.5,), std=(256 / 12**0.5,))
    x = torch.full((3, 1, 4, 4), 128, dtype=torch.uint8)
    found = build(FlowSettings(), event).held_out_series(x, torch.Generator().manual_seed(0))
    peak = -math.log(256 / 12**0.5 * math.sqrt(2 * math.pi))  # of the normal distribution that a new flow is
    assert float(found["flow/highest_density_per_unit"]) == pytest.approx(peak, abs=1e-3)
    continuous = build(FlowSettings(), Event((2,), "vector"))
    assert "flow/highest_density_per_unit" not in continuous.held_out_series(
        torch.zeros(3, 2), torch.Generator().manual_seed(0)
    )
