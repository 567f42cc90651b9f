import math

import pytest
import torch
from torch import nn
from torch.distributions import MultivariateNormal

from saddlepoint.data.event import Event
from saddlepoint.errors import SettingError
from saddlepoint.models import build
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.objectives.evidence import BoundNoise
from saddlepoint.objectives.phase import Batch

MNIST = Event((1, 28, 28), "image", "uint8", 0.0, 255.0)
TABLE = Event((4,), "vector", "float32", mean=(2.0,), std=(4.0,))
LINEAR = NetworkSettings(hidden=(), activation="identity")


def linear_layers(network):
    return [(layer.in_features, layer.out_features) for layer in network.modules() if isinstance(layer, nn.Linear)]


def test_by_default_heads_share_two_layers_and_the_decoder_has_three():
    player = build(VAESettings(), MNIST).players["vae"]
    assert linear_layers(player.trunk) == [(784, 50), (50, 50)]
    assert [type(layer) for layer in player.trunk.layers] == [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU]
    assert linear_layers(player.mean) == linear_layers(player.log_variance) == [(50, 3)]
    assert linear_layers(player.decoder) == [(3, 50), (50, 50), (50, 784)]
    shared, head, back = 784 * 50 + 50 + 50 * 50 + 50, 50 * 3 + 3, 3 * 50 + 50 + 50 * 50 + 50 + 50 * 784 + 784
    assert sum(p.numel() for p in player.parameters()) == shared + 2 * head + back


def linear_gaussian(std=0.6):
    """p(x) is known in closed form where the decoder is linear; its posterior's mean too, and here q is that posterior."""
    settings = VAESettings(
        latent=2, encoder=LINEAR, decoder=LINEAR, likelihood="gaussian", observation_std=std, importance_samples=1
    )
    model = build(settings, TABLE)
    player = model.players["vae"].double()
    generator = torch.Generator().manual_seed(0)
    # Orthogonal columns make the posterior's covariance diagonal, so that q can be the posterior.
    w = torch.linalg.qr(torch.randn(4, 2, generator=generator, dtype=torch.float64))[0] * torch.tensor([1.5, 0.7])
    b = torch.randn(4, generator=generator, dtype=torch.float64)
    variance = 1 / (1 + w.square().sum(0) / std**2)
    with torch.no_grad():
        player.decoder.layers[0].weight.copy_(w)
        player.decoder.layers[0].bias.copy_(b)
        player.mean.weight.copy_((w * variance / std**2).T)
        player.mean.bias.copy_(-(w * variance / std**2).T @ b)
        player.log_variance.weight.zero_()
        player.log_variance.bias.copy_(variance.log())
    # The data's units: model units = (x - 2) / 4.
    exact = MultivariateNormal(4 * b + 2, 16 * (w @ w.T + std**2 * torch.eye(4, dtype=torch.float64)))
    return model, exact


def test_log_prob_is_exact_in_the_datas_units_where_the_posterior_is():
    model, exact = linear_gaussian()
    x = torch.randn(30, 4) * 4 + 2
    for samples in (None, 5):
        # The data enter as float32: relative precision 6e-8, times values of a few tens.
        torch.testing.assert_close(model.log_prob(x, samples=samples), exact.log_prob(x.double()), rtol=0, atol=1e-4)


def test_the_evidence_bound_then_is_the_likelihood_on_average_and_never_above():
    model, exact = linear_gaussian()
    x = (torch.randn(20_000, 4) * 4 + 2).float()
    series = model.held_out_series(x, torch.Generator().manual_seed(0))
    gap = exact.log_prob(x.double()) - (series["vae/held_out_bound"] + model.scaling.log_abs_det)
    assert gap.mean().abs() < 5 * gap.std() / 20_000**0.5
    with torch.no_grad():
        model.players["vae"].mean.bias.add_(0.3)
    worse = model.held_out_series(x, torch.Generator().manual_seed(0))["vae/held_out_bound"]
    gap = exact.log_prob(x.double()) - (worse + model.scaling.log_abs_det)
    assert gap.mean() > 5 * gap.std() / 20_000**0.5


def test_log_prob_repeats_itself_and_rises_with_the_samples():
    model, exact = linear_gaussian()
    with torch.no_grad():
        model.players["vae"].mean.bias.add_(0.5)
    x = torch.randn(2_000, 4) * 4 + 2
    assert torch.equal(model.log_prob(x), model.log_prob(x))
    bounds = [model.log_prob(x, samples=k).mean().item() for k in (1, 8, 64)]
    assert bounds[0] < bounds[1] < bounds[2] < exact.log_prob(x.double()).mean().item() + 0.01


def test_the_training_loss_is_minus_the_held_out_bound():
    model = build(VAESettings(), MNIST)
    x = torch.randint(0, 256, (6, 1, 28, 28), dtype=torch.uint8)
    (phase,) = model.phases
    noise = BoundNoise(torch.randn(6, 3, generator=torch.Generator().manual_seed(3)), torch.tensor(1.0))
    loss, _ = phase.loss(model.players, Batch(model.scaling.to_model(x)), noise)
    series = model.held_out_series(x, torch.Generator().manual_seed(3))
    torch.testing.assert_close(series["vae/held_out_bound"], -loss.detach())


def test_active_units_are_those_whose_mean_follows_the_example():
    model, _ = linear_gaussian()
    x = torch.randn(100, 4) * 4 + 2
    assert model.held_out_series(x, torch.Generator())["vae/active_units"].item() == 2
    with torch.no_grad():
        model.players["vae"].mean.weight[0].zero_()
    assert model.held_out_series(x, torch.Generator())["vae/active_units"].item() == 1


def test_heads_are_linear_and_open_to_view():
    model = build(VAESettings(), MNIST)
    x = torch.randint(0, 256, (2_100, 1, 28, 28), dtype=torch.uint8)
    mean, log_variance = model.heads(x)
    assert mean.shape == log_variance.shape == (2_100, 3)
    assert torch.equal(mean, model.encode(x))
    assert mean.min() < 0 < mean.max()
    assert log_variance.min() < 0 < log_variance.max()


@pytest.mark.parametrize(("step", "weight"), [(0, 0.0), (5, 1.0), (10, 2.0), (99, 2.0)])
def test_the_kl_weight_warms_up_to_beta(step, weight):
    model = build(VAESettings(beta=2.0, warm_up=10), MNIST)
    noise = model.noise(model.phases[0], 2, step, torch.Generator())
    assert noise.kl_weight.shape == ()
    assert noise.kl_weight.item() == weight
    assert build(VAESettings(beta=3.0), MNIST).kl_weight(0) == 3.0


def test_a_learnt_standard_deviation_moves_to_the_error_it_explains():
    model = build(VAESettings(likelihood="gaussian-learnt", encoder=LINEAR, decoder=LINEAR, latent=1), TABLE)
    player = model.players["vae"].double()
    assert player.log_std.item() == pytest.approx(math.log(0.1), rel=1e-6)
    fixed = build(VAESettings(likelihood="gaussian"), TABLE).players["vae"]
    assert "log_std" not in dict(fixed.named_parameters())
    x = torch.randn(50, 4, dtype=torch.float64)
    noise = BoundNoise(torch.zeros(50, 1, dtype=torch.float64), torch.zeros(()))
    with torch.no_grad():
        output = player(x, noise.epsilon).output
        # The maximum likelihood of a Gaussian's standard deviation is the root mean square error.
        player.log_std.copy_((output - x).square().mean().sqrt().log())
    loss = model.phases[0].loss(model.players, Batch(x), noise)[0].mean()
    assert torch.autograd.grad(loss, player.log_std)[0].abs() < 1e-12


def test_bernoulli_wants_a_known_range_and_binarisation_wants_bernoulli():
    with pytest.raises(SettingError, match="known range"):
        build(VAESettings(), TABLE)
    with pytest.raises(SettingError, match=r'set model\.scaling to "unit"'):
        build(VAESettings(scaling="symmetric"), MNIST)
    with pytest.raises(SettingError, match=r"needs model\.likelihood bernoulli"):
        build(VAESettings(likelihood="gaussian", binarise="stochastic"), MNIST)


def test_auto_scaling_fits_the_likelihood():
    assert build(VAESettings(), MNIST).scaling == MNIST.scaling("unit")
    assert build(VAESettings(likelihood="gaussian"), MNIST).scaling == MNIST.scaling("symmetric")
    assert build(VAESettings(likelihood="gaussian"), TABLE).scaling == TABLE.scaling("standard")


@pytest.mark.parametrize("likelihood", ["gaussian", "gaussian-learnt"])
def test_samples_of_a_gaussian_vae_scatter_about_the_mean_as_its_density_says(likelihood):
    event = Event((3,), "vector", "float32", mean=(5.0,), std=(2.0,))
    model = build(VAESettings(latent=2, likelihood=likelihood, observation_std=0.3), event)
    n = 20_000
    z = torch.randn(n, 2, generator=torch.Generator().manual_seed(4))
    residual = model.sample(n, generator=torch.Generator().manual_seed(4)) - model.decode(z)
    std = 0.3 * 2.0  # in the data's units
    # Five standard errors of the mean and of the standard deviation.
    assert abs(residual.mean().item()) < 5 * std / (3 * n) ** 0.5
    assert abs(residual.std().item() - std) < 5 * std / (2 * 3 * n) ** 0.5


def test_samples_of_a_bernoulli_vae_are_means():
    model = build(VAESettings(latent=2), Event((1, 8, 8), "image", "uint8", 0.0, 255.0))
    z = torch.randn(5, 2, generator=torch.Generator().manual_seed(4))
    assert torch.equal(model.sample(5, generator=torch.Generator().manual_seed(4)), model.decode(z))
