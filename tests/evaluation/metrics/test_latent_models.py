import math

import pytest
import torch
from torch import nn
from torch.distributions import Bernoulli, Normal

from saddlepoint.data.event import Event
from saddlepoint.errors import DataError, SettingError
from saddlepoint.evaluation.metrics.annealing import Annealing, annealed_evidence
from saddlepoint.evaluation.metrics.latent_models import (
    LatentModel,
    bernoulli_model,
    binarise,
    fit_std,
    gaussian_model,
    with_output_noise,
    with_own_likelihood,
)
from saddlepoint.models import build
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.settings import NetworkSettings
from tests.evaluation.linear_gaussian import linear_gaussian

SMALL = NetworkSettings(hidden=(8,))
IMAGES = Event((1, 4, 4), "image", "uint8", 0.0, 255.0)
TABLE = Event((3,), "vector", mean=(1.0, 2.0, 3.0), std=(0.5, 2.0, 4.0))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_likelihoods_are_those_of_torch():
    decoder = nn.Linear(2, 5)
    z, x = torch.randn(7, 2), torch.rand(7, 5).round()
    expected = Bernoulli(logits=decoder(z)).log_prob(x).sum(1)
    torch.testing.assert_close(bernoulli_model(2, decoder).log_likelihood(z, x), expected)
    expected = Normal(decoder(z), 0.3).log_prob(x).sum(1)
    torch.testing.assert_close(gaussian_model(2, decoder, 0.3).log_likelihood(z, x), expected)


def test_draws_have_the_moments_of_their_likelihood():
    decoder = nn.Linear(1, 1)
    z = torch.full((20_000, 1), 0.4)
    white = bernoulli_model(1, decoder).draw(z, seeded())
    share = decoder(z[:1]).sigmoid().item()
    assert set(white.unique().tolist()) <= {0.0, 1.0}
    assert abs(white.mean().item() - share) < 5 * (share * (1 - share) / 20_000) ** 0.5
    scattered = gaussian_model(1, decoder, 0.3).draw(z, seeded())
    assert abs(scattered.mean().item() - decoder(z[:1]).item()) < 5 * 0.3 / 20_000**0.5
    assert abs(scattered.std().item() / 0.3 - 1) < 5 / 40_000**0.5


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "gaussian-learnt"])
def test_a_vae_as_a_latent_model_is_the_integral_over_its_codes(likelihood):
    event = IMAGES if likelihood == "bernoulli" else TABLE
    model = build(
        VAESettings(latent=1, encoder=SMALL, decoder=SMALL, likelihood=likelihood, observation_std=0.7), event
    )
    with torch.no_grad():  # q is the prior, so that the model's own bound with many samples is tight
        for head in (model.player.mean, model.player.log_variance):
            head.weight.zero_()
            head.bias.zero_()
    found = with_own_likelihood(model)
    units, _ = found.simulate(20, seeded())
    x = model.scaling.to_data(units)
    torch.testing.assert_close(found.prepare(x), units, rtol=0, atol=1e-5)
    z = torch.linspace(-7, 7, 2_001)[:, None]
    log_prior = -0.5 * z[:, 0].square() - 0.5 * math.log(2 * math.pi)
    table = torch.stack([found.log_likelihood(z, one.expand(len(z), *one.shape)) for one in units])
    integral = torch.logsumexp(table.double() + log_prior, 1) + math.log(14 / 2_000)
    evidence = annealed_evidence(found.log_likelihood, units, 1, generator=seeded(), annealing=Annealing(60, 16, 4))
    assert ((evidence.log_evidence - integral).abs() < 6 * evidence.standard_error + 1e-3).all()
    torch.testing.assert_close(model.log_prob(x, samples=4_000).double(), integral + found.shift, rtol=0, atol=0.3)


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_a_gans_uniform_noise_is_its_own_noise(distribution):
    settings = GANSettings(latent=2, generator=SMALL, discriminator=SMALL, noise={"distribution": distribution})
    model = build(settings, TABLE)
    found = with_output_noise(model, 1e-6)
    samples = model.scaling.to_data(found.simulate(20_000, seeded())[0])
    own = model.sample(20_000, generator=seeded(1))
    error = ((own.var(0) + samples.var(0)) / 20_000).sqrt()
    assert ((samples.mean(0) - own.mean(0)).abs() < 5 * error).all()
    assert (samples.std(0) / own.std(0) - 1).abs().max() < 0.05


def test_a_gans_note_explains_the_added_noise():
    model = build(GANSettings(latent=2, generator=SMALL, discriminator=SMALL), TABLE)
    found = with_output_noise(model, 0.25)
    assert "Gaussian noise of 0.25" in found.notes[0]
    # Density in the data's units: a stretch of the data by 2 would halve it.
    assert found.shift == pytest.approx(-math.log(0.5 * 2.0 * 4.0))
    with pytest.raises(SettingError, match="must be above 0"):
        with_output_noise(model, 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("start", [0.1, 1.5])
def test_the_fitted_standard_deviation_is_the_likeliest(start):
    linear = linear_gaussian(std=0.4)
    x, _ = linear.model.simulate(300, seeded())
    model = linear.model

    def of(std: float) -> LatentModel:
        return gaussian_model(model.latent, linear.decode, std)

    short = Annealing(temperatures=30, chains=4, leapfrog=4)
    found = fit_std(of, x, start, generator=seeded(), annealing=short, rounds=12)
    grid = torch.linspace(0.3, 0.55, 251, dtype=torch.float64)
    likeliest = max(grid.tolist(), key=lambda std: _evidence(linear, std, x))
    assert found == pytest.approx(likeliest, rel=0.03)


def _evidence(linear, std, x):
    return float(type(linear)(linear.weight, linear.bias, std).evidence.log_prob(x).sum())


def test_binarised_data_are_black_and_white_with_the_right_means():
    unit = Event((1,), "vector", low=-1.0, high=1.0)
    assert binarise(torch.tensor([-1.0, -0.01, 0.0, 1.0]), unit).tolist() == [-1, -1, 1, 1]
    x = torch.full((20_000, 1, 1), 77, dtype=torch.uint8)
    drawn = binarise(x, IMAGES, seeded())
    assert drawn.dtype == torch.uint8
    assert set(drawn.unique().tolist()) == {0, 255}
    share = 77 / 255
    assert abs(drawn.float().mean().item() / 255 - share) < 5 * (share * (1 - share) / 20_000) ** 0.5
    assert torch.equal(binarise(drawn, IMAGES, seeded(1)), drawn)
    with pytest.raises(DataError, match="no lowest and highest value"):
        binarise(x, TABLE)


def test_a_bernoulli_likelihood_refuses_greys():
    found = with_own_likelihood(build(VAESettings(latent=1, encoder=SMALL, decoder=SMALL), IMAGES))
    grey = torch.full((2, 1, 4, 4), 100, dtype=torch.uint8)
    with pytest.raises(DataError, match="these hold greys"):
        found.prepare(grey)
    assert found.prepare(binarise(grey, IMAGES)).unique().tolist() == [0]
