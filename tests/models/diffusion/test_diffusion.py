"""Laws of diffusion models: densities, codes, guidance and reports."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError
from saddlepoint.models import build, check_settings
from saddlepoint.models.capabilities import HasDensity, has, lacks
from saddlepoint.models.diffusion.density import integrate, with_divergence
from saddlepoint.models.diffusion.settings import DiffusionSettings
from saddlepoint.objectives.phase import Batch
from tests.models.diffusion.gaussian import ExactNetwork, GaussianData

NAMES = ("a", "b", "c")
PLANE = Event((2,), "vector", mean=(3.0, -1.0), std=(2.0, 0.5))
SMALL = {"network": "mlp", "hidden": (16, 16)}
VARIANTS = {
    "edm": {"formulation": "edm"},
    "flow-matching": {"formulation": "flow-matching"},
    "cosine": {"path": "cosine", "noise_levels": "uniform"},
    "linear-edm": {"path": "linear"},
}
every_variant = pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)


def model_of(event=PLANE, seed=0, scale=0.3, **settings):
    """A model with random weights; the last layer of a new one is 0."""
    model = build(DiffusionSettings.model_validate({"denoiser": SMALL, **settings}), event, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.player.output.parameters():
            parameter.copy_(scale * torch.randn(parameter.shape, generator=generator))
    return model


def exact(data, event=PLANE, **settings):
    """A model whose network is the exact one for Gaussian data in the model's units."""
    model = build(DiffusionSettings.model_validate({"denoiser": SMALL, **settings}), event)
    model.estimate = lambda noisy, t, weights=None, guidance=1.0: data.estimate(model.path, noisy, t)
    return model


DATA = GaussianData(torch.tensor([0.3, -0.2]), torch.tensor([0.9, 1.2]))


@every_variant
def test_the_density_of_gaussian_data_is_the_closed_form(variant):
    model = exact(DATA, density_steps=100, **variant)
    x = torch.tensor([[3.0, -1.0], [5.0, -0.7], [0.0, -1.8]])
    units = (x - torch.tensor([3.0, -1.0])) / torch.tensor([2.0, 0.5])
    expected = torch.distributions.Normal(DATA.mean, DATA.std).log_prob(units).sum(1) - math.log(2.0 * 0.5)
    torch.testing.assert_close(model.log_prob(x), expected, rtol=0, atol=0.03)


@every_variant
def test_samples_of_the_exact_network_have_the_moments_of_the_data(variant):
    model = exact(DATA, **variant)
    x = model.sample(8_000, generator=torch.Generator().manual_seed(0))
    units = (x - torch.tensor([3.0, -1.0])) / torch.tensor([2.0, 0.5])
    torch.testing.assert_close(units.mean(0), DATA.mean, rtol=0, atol=0.07)
    torch.testing.assert_close(units.std(0), DATA.std, rtol=0, atol=0.07)


@every_variant
def test_the_exact_network_minimises_the_loss(variant):
    """Over 20,000 draws, no output that is shifted or scaled has a lower loss than the one whose estimates are the conditional means."""
    model = build(DiffusionSettings.model_validate({"denoiser": SMALL, **variant}), PLANE)
    network = ExactNetwork(DATA, model.path, model.formulation.preconditioner)
    n = 20_000
    x = DATA.mean + DATA.std * torch.randn(n, 2, generator=torch.Generator().manual_seed(0))
    noise = model.noise(model.phases[0], n, 0, torch.Generator().manual_seed(1))
    network.watch(model.formulation.noisy(x, noise.noise, noise.time), noise.time)

    def loss(change):
        nets = {"dm": lambda *arguments: change(network(*arguments))}
        values, _ = model.phases[0].loss(nets, Batch(x), noise)
        return float(values.mean())

    least = loss(lambda output: output)
    for change in (0.1, -0.1):
        assert loss(lambda output, change=change: output + change) > least
        assert loss(lambda output, change=change: output * (1 + change)) > least


def test_a_conditional_model_is_measured_and_encodes_without_labels_as_of_an_unknown_class():
    event = Event((2,), "vector", class_names=NAMES, class_shares=(0.2, 0.3, 0.5))
    model = model_of(event, conditional=True)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(9, 2, generator=generator)
    series = model.held_out_series(x, generator)
    assert torch.isfinite(series["dm/held_out_loss"]).all()
    assert not model.encode(x)[:, -3:].any()
    with_density = model_of(event, conditional=True, density_steps=8)
    classes = with_density.encode(x)[:, -3:]
    assert torch.equal(classes.argmax(1), with_density.posterior(x).argmax(1))
    assert torch.equal(classes.sum(1), torch.ones(9))


def test_a_model_without_labels_does_not_classify():
    with pytest.raises(SettingError, match="trained without labels"):
        model_of(density_steps=8).posterior(torch.zeros(2, 2))


def test_the_divergence_is_that_of_the_jacobian():
    model = model_of(Event((3,), "vector"), scale=1.0)
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))

    def field(x, t):
        return model.player(x, torch.full((len(x),), t))

    value, divergence = with_divergence(field, x, 0.4)
    torch.testing.assert_close(value, field(x, 0.4).detach())
    for row, found in zip(x, divergence, strict=True):
        jacobian = torch.autograd.functional.jacobian(lambda row: field(row[None], 0.4)[0], row)
        torch.testing.assert_close(found, jacobian.trace())


def test_integration_of_a_linear_field_is_the_exponential():
    x = torch.ones(2, 3, dtype=torch.float64)
    end, total = integrate(lambda x, t: 0.5 * x, x, [step / 100 for step in range(101)])
    torch.testing.assert_close(end, math.exp(0.5) * x, rtol=0, atol=1e-4)
    torch.testing.assert_close(total, torch.full((2,), 1.5, dtype=torch.float64))


@every_variant
def test_the_density_integrates_to_one(variant):
    model = model_of(Event((1,), "vector", mean=(2.0,), std=(3.0,)), density_steps=48, **variant)
    axis = torch.linspace(-25, 29, 400)[:, None]
    assert float(model.log_prob(axis).exp().sum() * (axis[1] - axis[0])) == pytest.approx(1, abs=0.05)


@every_variant
def test_codes_lead_back_to_their_examples(variant):
    model = model_of(sampler={"steps": 100}, **variant)
    x = torch.tensor([[3.0, -1.0], [5.0, -0.7], [0.0, -1.8]])
    torch.testing.assert_close(model.decode(model.encode(x)), x, rtol=0, atol=0.1)


def test_guidance_of_1_is_the_conditional_model_and_0_ignores_labels():
    event = Event((2,), "vector", class_names=NAMES)
    models = {
        guidance: model_of(event, conditional=True, guidance=guidance, scale=1.0)
        for guidance in (0.0, 1.0, 1.0 + 1e-6, 3.0)
    }
    z = models[1.0].fixed_noise(9, torch.Generator().manual_seed(0))
    made = {guidance: model.decode(z) for guidance, model in models.items()}
    torch.testing.assert_close(made[1.0], made[1.0 + 1e-6], rtol=1e-3, atol=1e-3)
    assert not torch.allclose(made[1.0], made[3.0], atol=1e-2)
    other = models[1.0].with_labels(z, torch.tensor([0, 1, 2] * 3))
    torch.testing.assert_close(models[0.0].decode(z), models[0.0].decode(other))
    assert not torch.allclose(models[1.0].decode(z), models[1.0].decode(other), atol=1e-2)


def test_labels_are_dropped_at_the_rate_that_is_set():
    model = model_of(Event((2,), "vector", class_names=NAMES), conditional=True, label_dropout=0.25)
    kept = model.noise(model.phases[0], 4_000, 0, torch.Generator().manual_seed(0)).kept
    weights = model._label_weights(torch.arange(4_000) % 3, kept)
    assert float((weights.sum(1) == 0).double().mean()) == pytest.approx(0.25, abs=0.03)
    assert (weights.argmax(1) == torch.arange(4_000) % 3)[weights.sum(1) > 0].all()


@pytest.mark.slow
def test_classes_have_densities_of_their_own_and_bayes_rule_holds():
    event = Event((2,), "vector", class_names=NAMES, class_shares=(0.5, 0.3, 0.2))
    model = model_of(event, conditional=True, density_steps=20, scale=1.0, guidance=3.0)
    x = torch.randn(4, 2, generator=torch.Generator().manual_seed(0))
    of_class = torch.stack([model.class_log_prob(x, torch.full((4,), label)) for label in range(3)], 1).double()
    joint = of_class + torch.tensor([0.5, 0.3, 0.2]).double().log()
    torch.testing.assert_close(model.log_prob(x).double(), joint.logsumexp(1), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(model.posterior(x), joint.softmax(1))
    assert (of_class.std(1) > 1e-3).all()


def test_densities_are_offered_only_where_they_can_be_computed():
    assert not has(model_of(), HasDensity)
    assert "model.density_steps" in (lacks(model_of(), HasDensity) or "")
    assert has(model_of(density_steps=8), HasDensity)
    assert "8 steps" in model_of(density_steps=8).log_prob_note
    for event in (
        Event((65,), "vector"),
        Event((1, 4, 4), "image", "uint8", 0.0, 255.0),
        Event((2,), "vector", constants=((0, 1.0),)),
    ):
        with pytest.raises(SettingError, match=r"model\.density_steps"):
            model_of(event, density_steps=8)


def test_a_conditional_model_needs_labels():
    with pytest.raises(SettingError, match=r"model\.conditional"):
        check_settings(DiffusionSettings(conditional=True), 0)


def test_a_new_network_has_the_loss_1_at_every_level_and_the_error_of_few_steps_is_larger():
    model = build(DiffusionSettings(denoiser=SMALL), PLANE)
    x = torch.tensor([3.0, -1.0]) + torch.tensor([2.0, 0.5]) * torch.randn(
        3_000, 2, generator=torch.Generator().manual_seed(0)
    )
    series = model.held_out_series(x, torch.Generator().manual_seed(1))
    for name in ("held_out_loss", "held_out_loss_low", "held_out_loss_middle", "held_out_loss_high"):
        assert float(series[f"dm/{name}"].mean()) == pytest.approx(1, abs=0.12)
    errors = [
        float(
            exact(DATA, sampler={"name": "euler", "steps": steps}).held_out_series(x, torch.Generator().manual_seed(0))[
                "dm/sampler_error"
            ]
        )
        for steps in (4, 32)
    ]
    assert errors[0] > 4 * errors[1]


class OwnDenoiser(nn.Module):
    def __init__(self, outputs=2):
        super().__init__()
        self.layer = nn.Linear(3, outputs)

    def forward(self, x, time):
        return self.layer(torch.cat([x, time[:, None]], 1))


def test_the_users_own_denoiser_plays():
    own = OwnDenoiser()
    model = build(DiffusionSettings(), PLANE, modules={"denoiser": own})
    assert model.players["dm"] is own
    assert model.sample(3).shape == (3, 2)
    with pytest.raises(SettingError, match="change its last layer"):
        build(DiffusionSettings(), PLANE, modules={"denoiser": OwnDenoiser(3)})
    with pytest.raises(SettingError, match="give a torch"):
        build(DiffusionSettings(), PLANE, modules={"denoiser": 3})
