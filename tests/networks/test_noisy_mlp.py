"""Laws of the perceptron with normalised weights and noise."""

from __future__ import annotations

import copy

import torch

from saddlepoint.networks.noisy_mlp import NoisyMLP, NormalisedLinear


def batch(n: int = 200) -> torch.Tensor:
    return 3 + 2 * torch.randn(n, 6, generator=torch.Generator().manual_seed(0))


def test_the_first_batch_sets_mean_and_spread_of_the_units_and_later_ones_do_not() -> None:
    layer = NormalisedLinear(6, 5)
    out = layer(batch())
    torch.testing.assert_close(out.mean(0), torch.zeros(5), atol=1e-4, rtol=0)
    torch.testing.assert_close(out.std(0, correction=0), torch.ones(5), atol=1e-3, rtol=0)
    before = copy.deepcopy(layer.state_dict())
    layer(10 * batch())
    assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())


def test_evaluation_sets_nothing_and_loaded_weights_stay() -> None:
    layer, other = NormalisedLinear(6, 5), NormalisedLinear(6, 5)
    layer.eval()(batch())
    assert not layer.is_set
    layer.train()(batch())
    other.load_state_dict(layer.state_dict())
    torch.testing.assert_close(other(5 * batch()), layer(5 * batch()))


def test_the_length_of_the_weights_changes_nothing() -> None:
    layer = NormalisedLinear(6, 5)
    before = layer(batch())
    with torch.no_grad():
        layer.weight.mul_(7)
    torch.testing.assert_close(layer(batch()), before)


def test_noise_is_for_training_alone() -> None:
    network = NoisyMLP((6,), (3,), hidden=(8, 7), noise=0.5)
    x = batch(4)
    assert not torch.equal(network(x), network(x))
    network.eval()
    assert torch.equal(network(x), network(x))
    assert network(x).shape == (4, 3)
    assert NoisyMLP((2, 3), None, hidden=(8, 7))(x.view(4, 2, 3)).shape == (4, 7)
