"""Laws of the bounds, priors and layers of a VAE."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.distributions import MultivariateNormal, Normal

from saddlepoint.data.event import Event
from saddlepoint.errors import DataError, SettingError
from saddlepoint.models import build
from saddlepoint.models.capabilities import (
    DecodesNormal,
    HasLatentPosterior,
    HasLearntPrior,
    HasLikelihood,
    Variational,
    has,
    require,
)
from saddlepoint.models.vae.priors import Components, mixture_log_prob
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.objectives.divergence import kl_standard_normal
from saddlepoint.objectives.evidence import BoundNoise
from saddlepoint.objectives.likelihood import standard_normal_log_prob
from saddlepoint.objectives.phase import Batch

TABLE = Event((4,), "vector", "float32", mean=(2.0,), std=(4.0,))
IMAGE = Event((1, 4, 4), "image", "uint8", 0.0, 255.0)
LINEAR = NetworkSettings(hidden=(), activation="identity")
BOTH = {"encoder": LINEAR, "decoder": LINEAR, "likelihood": "gaussian", "observation_std": 0.6, "latent": 2}


def model_of(event=TABLE, seed=0, **settings):
    model = build(VAESettings(**{**BOTH, **settings}), event, seed=seed)
    model.player.double()
    return model


def loss_of(model, x, epsilon, y=None, **noise):
    noise = BoundNoise(epsilon, torch.ones((), dtype=torch.float64), **noise)
    return model.phases[0].loss(model.players, Batch(x, y), noise)[0].detach()


def exact_log_prob(model, x):
    decoder = model.player.decoder.layers[0]
    covariance = decoder.weight @ decoder.weight.T + 0.36 * torch.eye(4, dtype=torch.float64)
    return MultivariateNormal(decoder.bias, covariance).log_prob(x).detach()


@pytest.fixture
def x():
    return torch.randn(5, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def normal(*shape, seed=2):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_one_draw_of_the_importance_bound_is_the_evidence_bound_with_the_kl_of_that_draw(x):
    weighted, plain = model_of(bound="iwae"), model_of()
    epsilon = normal(5, 2)
    mean, log_variance = plain.player.heads(x)
    drawn = standard_normal_log_prob(epsilon) - 0.5 * log_variance.sum(1)
    drawn -= standard_normal_log_prob(mean + torch.exp(0.5 * log_variance) * epsilon)
    difference = loss_of(weighted, x, epsilon[:, None]) - loss_of(plain, x, epsilon)
    torch.testing.assert_close(difference, (drawn - kl_standard_normal(mean, log_variance)).detach())


@pytest.mark.parametrize("prior", ["normal", "vampprior"])
def test_both_bounds_are_equal_for_one_draw_and_ordered_for_several(x, prior):
    models = [model_of(bound=bound, bound_samples=4, prior=prior, pseudo_inputs=3) for bound in ("elbo", "iwae")]
    one, several = normal(5, 1, 2), normal(5, 4, 2)
    torch.testing.assert_close(loss_of(models[0], x, one), loss_of(models[1], x, one))
    assert (loss_of(models[1], x, several) < loss_of(models[0], x, several)).all()  # Jensen's inequality


@pytest.mark.slow
def test_the_bound_of_a_linear_model_grows_with_the_draws_up_to_its_likelihood(x):
    model = model_of(bound="iwae")
    exact = exact_log_prob(model, x)
    many = x.repeat(4_000, 1)
    means, errors = [], []
    for draws in (1, 5, 50):
        bounds = -loss_of(model, many, normal(len(many), draws, 2, seed=draws)).view(4_000, 5)
        means.append(bounds.mean())
        errors.append(bounds.mean(1).std() / 4_000**0.5)
    assert means[0] + 5 * errors[0] < means[1]
    assert means[1] + 5 * errors[1] < means[2]
    assert means[2] < exact.mean() + 5 * errors[2]


def test_a_prior_of_one_pseudo_input_is_its_posterior():
    model = model_of(prior="vampprior", pseudo_inputs=1)
    mean, log_variance = model.player.heads(model.player.pseudo_inputs())
    z = normal(7, 2)
    expected = Normal(mean, torch.exp(0.5 * log_variance)).log_prob(z).sum(1).detach()
    torch.testing.assert_close(model.prior_log_prob(z), expected)
    torch.testing.assert_close(mixture_log_prob(z, Components(mean, log_variance)).detach(), expected)


def test_codes_of_a_mixture_prior_follow_its_density():
    model = model_of(prior="vampprior", pseudo_inputs=3, latent=1)
    with torch.no_grad():  # three components apart from each other
        model.player.mean.weight.mul_(5)
    codes = model.fixed_noise(20_000, torch.Generator().manual_seed(0)).double()
    grid = torch.linspace(-60, 60, 24_001, dtype=torch.float64)[:, None]
    density = model.prior_log_prob(grid).exp()
    assert abs(density.sum() * 0.005 - 1) < 1e-3
    mean = (density * grid[:, 0]).sum() * 0.005
    std = ((density * (grid[:, 0] - mean).square()).sum() * 0.005).sqrt()
    assert abs(codes.mean() - mean) < 5 * std / 20_000**0.5


def test_two_layers_with_an_uninformative_top_are_one_layer(x):
    two, one = model_of(layers=2, top_latent=3, bound="iwae", bound_samples=4), model_of(bound="iwae", bound_samples=4)
    for name, weight in one.player.state_dict().items():
        two.player.state_dict()[name].copy_(weight)
    for heads in (two.player.top.up, two.player.top.down):
        for head in (heads.mean, heads.log_variance):
            nn.init.zeros_(head.weight)
            nn.init.zeros_(head.bias)
    epsilon = normal(5, 4, 5)
    torch.testing.assert_close(loss_of(two, x, epsilon), loss_of(one, x, epsilon[..., :2]))


def test_codes_of_two_layers_descend_to_the_posterior_mean(x):
    model = model_of(layers=2, top_latent=3)
    codes = model.encode(x * 4 + 2)
    assert codes.shape == (5, model.latent)
    assert model.latent == 5
    mean = model.player.heads(model.model_units(x * 4 + 2))[0]
    torch.testing.assert_close(model.player.top.descend(codes), mean)
    decoded = model.normal_decoder()(codes)
    torch.testing.assert_close(decoded, model.player.decoder(mean))


def test_the_discrepancy_is_added_with_its_weight(x):
    mmd, plain = model_of(regulariser="mmd", mmd_weight=3.0), model_of()
    epsilon, prior = normal(5, 2), normal(5, 2, seed=3)
    added = loss_of(mmd, x, epsilon, prior=prior) - loss_of(plain, x, epsilon)
    noise = BoundNoise(epsilon, torch.ones((), dtype=torch.float64), prior=prior)
    observed = mmd.phases[0].loss(mmd.players, Batch(x), noise)[1]["discrepancy"]
    torch.testing.assert_close(added, 3 * observed)


@pytest.mark.parametrize("likelihood", ["student-t", "gaussian-learnt"])
def test_samples_scatter_about_the_mean_as_the_density_says(likelihood):
    event = Event((3,), "vector", "float32", mean=(5.0,), std=(2.0,))
    model = build(VAESettings(latent=2, likelihood=likelihood, observation_std=0.3, degrees_of_freedom=6.0), event)
    z = torch.randn(1, 2, generator=torch.Generator().manual_seed(4))
    mean = model._mean(z).detach()
    drawn = model.likelihood.draw(mean.expand(20_000, 3), model.player.log_std.detach(), torch.Generator())
    residual = ((drawn - mean) / 0.3).double()
    # Share within one scale, by the cumulative distribution function: Student-t with 6 degrees of freedom, or normal.
    expected = 0.6441 if likelihood == "student-t" else 0.6827
    share = (residual.abs() < 1).double().mean()
    assert abs(share - expected) < 5 * math.sqrt(expected * (1 - expected) / 60_000)


def test_samples_of_bytes_are_as_likely_as_they_are_frequent():
    event = Event((1,), "vector", "uint8", 0.0, 3.0)
    model = build(VAESettings(latent=1, likelihood="discretised-logistic", observation_std=0.4), event)
    mean, log_scale = torch.full((40_000, 1), 0.2), model.player.log_std.detach()
    drawn = model.scaling.to_data(model.likelihood.draw(mean, log_scale, torch.Generator().manual_seed(0)))
    levels = model.scaling.to_model(torch.arange(4.0)[:, None])
    expected = model.likelihood.log_prob(levels, mean[:4], log_scale).exp()
    counted = torch.bincount(drawn.flatten().long(), minlength=4) / 40_000
    assert (counted - expected).abs().max() < 5 * 0.5 / 40_000**0.5


def test_what_a_variant_lacks_is_explained():
    vamp, two = model_of(prior="vampprior", pseudo_inputs=2), model_of(layers=2)
    assert has(vamp, HasLearntPrior)
    assert has(vamp, HasLatentPosterior)
    assert not has(vamp, HasLikelihood)
    assert has(two, HasLikelihood)
    assert not has(two, HasLatentPosterior)
    for model in (vamp, two, model_of(bound="iwae")):
        with pytest.raises(DataError):
            require(model, Variational)
    with pytest.raises(DataError, match="its likelihood is student-t"):
        require(model_of(likelihood="student-t"), DecodesNormal)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bound": "iwae", "free_bits": 0.1}, r"model\.free_bits"),
        ({"layers": 2, "prior": "vampprior"}, r"model\.layers"),
        ({"regulariser": "mmd", "bound": "iwae"}, r"model\.regulariser"),
        ({"semi_supervised": True}, r"model\.semi_supervised"),
        ({"conditional": True}, "these data have none"),
        ({"conditional": True, "prior": "vampprior"}, r"model\.prior"),
        ({"likelihood": "discretised-logistic"}, "needs bytes with a known range"),
    ],
)
def test_settings_that_exclude_each_other_are_named(settings, message):
    with pytest.raises(SettingError, match=message):
        model_of(**settings)


def test_black_and_white_draws_are_those_of_the_loss():
    model = build(VAESettings(binarise="stochastic", bound="iwae", bound_samples=3), IMAGE)
    noise = model.noise(model.phases[0], 2, 0, torch.Generator().manual_seed(0))
    assert noise.epsilon.shape == (2, 3, 3)
    grey = torch.full((2, 1, 4, 4), 0.5)
    seen = noise.seen(grey)
    assert set(seen.unique().tolist()) == {0.0, 1.0}
    loss = model.phases[0].loss(model.players, Batch(grey), noise)[0]
    torch.testing.assert_close(
        loss, model.phases[0].loss(model.players, Batch(seen), replace(noise, threshold=None))[0]
    )
