"""Constant columns: no network can use them, none has to learn them, and they change nothing for the others."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from saddlepoint.data import DataSettings, from_array
from saddlepoint.models import build
from saddlepoint.models.autoencoder.settings import AutoencoderSettings
from saddlepoint.models.capabilities import Fits, has
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.vae.settings import VAESettings

VALUE = 7.1
SETTINGS = [
    GANSettings(latent=3),
    GANSettings(latent=3, output="tanh"),
    GANSettings(latent=3, scaling="none"),
    VAESettings(latent=2, likelihood="gaussian"),
    AutoencoderSettings(latent=2),
]


def dataset(constant: bool = True):
    x = np.random.default_rng(0).normal(size=(200, 3))
    x = np.column_stack([x[:, :1], np.full(200, VALUE), x[:, 1:]]) if constant else x
    return from_array(x, settings=DataSettings(held_out=0.0))


@pytest.mark.parametrize("settings", SETTINGS)
def test_samples_hold_the_constant_exactly(settings):
    model = build(settings, dataset().event, seed=1)
    if has(model, Fits):
        model.fit(dataset().x, torch.Generator().manual_seed(0))
    made = model.sample(50, generator=torch.Generator().manual_seed(0))
    assert torch.equal(made[:, 1], torch.full((50,), VALUE))
    assert (made[:, [0, 2, 3]].std(0) > 0).all()


def test_a_discriminator_sees_the_same_constant_in_real_and_generated_examples():
    model = build(SETTINGS[0], dataset().event, seed=1)
    real = model.scaling.to_model(dataset().x)
    made = model.players["g"](torch.randn(200, 3))
    assert torch.equal(real[:, 1], made[:, 1])
    made.sum().backward()
    gradients = [p.grad for p in model.players["g"].parameters()]
    assert gradients[-1] is not None
    assert gradients[-1][1] == 0
    assert (gradients[-1][[0, 2, 3]] != 0).all()


def test_a_copy_and_a_checkpoint_hold_it_too():
    model = build(SETTINGS[0], dataset().event, seed=1)
    other = build(SETTINGS[0], dataset().event, seed=2)
    other.players["g"].load_state_dict(copy.deepcopy(model.players["g"]).state_dict())
    z = torch.randn(5, 3)
    assert torch.equal(other.decode(z), model.decode(z))


def test_without_constants_nothing_is_wrapped():
    names = set(build(SETTINGS[0], dataset(constant=False).event, seed=1).players["g"].state_dict())
    assert not any(name.startswith("network.") for name in names)
