"""Denoising networks keep the shape of their input, and use the time and the class."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.errors import SettingError
from saddlepoint.networks.denoiser_mlp import DenoiserMLP
from saddlepoint.networks.unet import UNet

NETWORKS = {
    "mlp": lambda shape, classes: DenoiserMLP(shape, (16, 16), classes),
    "unet": lambda shape, classes: UNet(shape, 8, classes, attention=8),
    "unet-patch": lambda shape, classes: UNet(shape, 8, classes, patch=2, blocks=2),
}
SHAPES = [(1, 8, 8), (3, 9, 13), (1, 28, 28), (3, 64, 64)]


def with_random_output(network):
    torch.nn.init.normal_(network.output.weight)
    return network


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", NETWORKS)
def test_shapes_are_kept_and_a_new_network_returns_0(name, shape):
    network = NETWORKS[name](shape, 0)
    x, time = torch.randn(2, *shape), torch.rand(2)
    assert network(x, time).shape == x.shape
    assert not network(x, time).any()


@pytest.mark.parametrize("name", NETWORKS)
def test_the_output_depends_on_the_time_and_the_class_of_its_own_row_alone(name):
    network = with_random_output(NETWORKS[name]((1, 8, 8), 3)).double()
    # The second convolution of every block begins at 0, which hides the embedding.
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.normal_(layer.weight, std=0.2)
    x, time, weights = torch.randn(3, 1, 8, 8).double(), torch.rand(3).double(), torch.eye(3).double()
    before = network(x, time, weights)
    for changed in (
        network(x, time + torch.tensor([0, 1, 0]), weights),
        network(x, time, weights * torch.tensor([1, 0, 1])[:, None]),
    ):
        torch.testing.assert_close(changed[[0, 2]], before[[0, 2]])
        assert not torch.allclose(changed[1], before[1], atol=1e-6)


def test_a_unet_refuses_what_it_cannot_denoise():
    with pytest.raises(SettingError, match=r"images \(C, H, W\)"):
        UNet((5,))
    with pytest.raises(SettingError, match="attention is 2"):
        UNet((1, 8, 8), attention=2)
