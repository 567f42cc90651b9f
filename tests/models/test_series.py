"""Series (T, C): every family trains on them, and convolutions run along time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from saddlepoint.data import from_array
from saddlepoint.models import build
from saddlepoint.models.autoencoder.settings import AutoencoderSettings
from saddlepoint.models.capabilities import Fits, has
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.vae.settings import VAESettings
from saddlepoint.networks.series import TimeFirst
from saddlepoint.networks.settings import NETWORKS, NetworkSettings

DCGAN = NetworkSettings(network="dcgan", width=4)


def series():
    return from_array(np.random.default_rng(0).normal(size=(40, 24, 2)))


@pytest.mark.parametrize("network", [NetworkSettings(network=name, width=4, hidden=(8,)) for name in NETWORKS])
@pytest.mark.parametrize("family", ["gan", "vae", "autoencoder"])
def test_every_family_makes_series_of_the_shape_that_was_given(family, network):
    event = series().event
    settings = {
        "gan": GANSettings(latent=3, generator=network, discriminator=network),
        "vae": VAESettings(latent=2, likelihood="gaussian", encoder=network, decoder=network),
        "autoencoder": AutoencoderSettings(latent=2, encoder=network, decoder=network),
    }[family]
    model = build(settings, event, seed=0)
    if family == "gan":
        assert model.logits(series().x).shape == (36,)
    else:
        assert model.encode(series().x).shape == (36, 2)
        if has(model, Fits):
            model.fit(series().x, torch.Generator().manual_seed(0))
    assert model.sample(5).shape == (5, 24, 2)


def test_convolutions_see_the_channels_at_every_step():
    model = build(GANSettings(latent=3, generator=DCGAN, discriminator=DCGAN), series().event, seed=0)
    discriminator = model.players["d"]
    assert isinstance(discriminator, TimeFirst)
    first = next(layer for layer in discriminator.modules() if isinstance(layer, torch.nn.Conv1d))
    assert first.in_channels == 2
