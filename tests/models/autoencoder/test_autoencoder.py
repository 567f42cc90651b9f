from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from saddlepoint.data.event import Event
from saddlepoint.errors import RunError, SettingError
from saddlepoint.models import build
from saddlepoint.models.autoencoder.settings import AutoencoderSettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.objectives.autoencoding import CodeNoise
from saddlepoint.objectives.phase import Batch

MNIST = Event((1, 28, 28), "image", "uint8", 0.0, 255.0)
TABLE = Event((5,), "vector", "float32")


def linear_layers(network):
    return [(layer.in_features, layer.out_features) for layer in network.modules() if isinstance(layer, nn.Linear)]


def test_by_default_it_is_the_simple_autoencoder_of_six_layers():
    player = build(AutoencoderSettings(), MNIST).players["ae"]
    assert linear_layers(player.encoder) == [(784, 50), (50, 50), (50, 3)]
    assert linear_layers(player.decoder) == [(3, 50), (50, 50), (50, 784)]
    for half in (player.encoder, player.decoder):
        kinds = [type(layer) for layer in half.layers]
        assert kinds == [nn.Linear, nn.Tanh, nn.Linear, nn.Tanh, nn.Linear]
    widths = [784, 50, 50, 3, 50, 50, 784]
    assert sum(p.numel() for p in player.parameters()) == sum(a * b + b for a, b in pairwise(widths))


def linear_autoencoder():
    network = NetworkSettings(hidden=(), activation="identity")
    settings = AutoencoderSettings(latent=2, encoder=network, decoder=network, scaling="none")
    return build(settings, TABLE)


def test_pca_is_a_stationary_point_of_the_linear_one_and_its_error_the_eigenvalues_left():
    model = linear_autoencoder()
    player = model.players["ae"].double()
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(200, 5, generator=generator, dtype=torch.float64) @ torch.diag(torch.arange(1.0, 6.0).double()) + 3
    centre = x.mean(0)
    values, vectors = torch.linalg.eigh((x - centre).T @ (x - centre) / len(x))
    top = vectors[:, -2:]
    with torch.no_grad():
        for layer, weight, bias in (
            (player.encoder.layers[0], top.T, -centre @ top),
            (player.decoder.layers[0], top, centre),
        ):
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
    (phase,) = model.phases
    loss = phase.loss(model.players, Batch(x), CodeNoise())[0].mean()
    torch.testing.assert_close(loss, values[:3].sum())
    for gradient in torch.autograd.grad(loss, list(player.parameters())):
        assert gradient.abs().max() < 1e-10
    for other in (vectors[:, :2], vectors[:, 1:3]):
        with torch.no_grad():
            player.encoder.layers[0].weight.copy_(other.T)
            player.encoder.layers[0].bias.copy_(-centre @ other)
            player.decoder.layers[0].weight.copy_(other)
        assert phase.loss(model.players, Batch(x), CodeNoise())[0].mean() > loss


def test_the_kl_penalty_wants_codes_between_zero_and_one():
    model = build(AutoencoderSettings(sparsity="kl"), MNIST)
    codes = model.encode(torch.randint(0, 256, (20, 1, 28, 28), dtype=torch.uint8))
    assert codes.min() > 0
    assert codes.max() < 1


def test_corruption_has_the_requested_standard_deviation():
    model = build(AutoencoderSettings(denoising=0.25), MNIST)
    noise = model.noise(model.phases[0], 50, 0, torch.Generator().manual_seed(0)).corruption
    # 39,200 draws: 5 standard errors.
    assert abs(noise.std().item() - 0.25) < 5 * 0.25 / (2 * noise.numel()) ** 0.5


def test_a_silent_unit_is_not_active():
    model = linear_autoencoder()
    with torch.no_grad():
        model.players["ae"].encoder.layers[0].weight[1].zero_()
    series = model.held_out_series(torch.randn(50, 5), torch.Generator())
    assert series["ae/active_units"].item() == 1
    assert series["ae/held_out_reconstruction"].shape == (50,)


def test_sampling_before_the_mixture_is_fitted_gives_advice():
    with pytest.raises(RunError, match="finish its training"):
        build(AutoencoderSettings(), MNIST).sample(3)


@pytest.mark.parametrize("scaling", ["symmetric", "standard", "none"])
def test_bernoulli_wants_data_between_zero_and_one(scaling):
    with pytest.raises(SettingError, match=r'set model\.scaling to "unit"'):
        build(AutoencoderSettings(reconstruction="bernoulli", scaling=scaling), MNIST)
    with pytest.raises(SettingError, match="range of these data is unknown: use l2 or l1"):
        build(AutoencoderSettings(reconstruction="bernoulli"), TABLE)
    unit = Event((5,), "vector", "float32", 0.0, 1.0)
    assert build(AutoencoderSettings(reconstruction="bernoulli", scaling="none"), unit).output_range == (0, 1)


def test_auto_is_unit_for_bounded_data_and_standard_for_the_rest():
    bounded = build(AutoencoderSettings(), MNIST).scaling
    np.testing.assert_allclose(bounded.to_model(torch.tensor([[[[0.0, 255.0]]]])).flatten(), [0, 1])
    table = Event((5,), "vector", "float32", mean=(2.0,), std=(4.0,))
    assert build(AutoencoderSettings(), table).scaling.scale == (0.25,)
