import pytest
import torch

from saddlepoint.objectives.autoencoding import CodeNoise, autoencoding
from saddlepoint.objectives.divergence import kl_bernoulli
from saddlepoint.objectives.phase import Batch
from saddlepoint.objectives.reconstruction import RECONSTRUCTIONS

X = torch.rand(6, 4, dtype=torch.float64)
CODE = torch.rand(6, 3, dtype=torch.float64)
NETS = {"ae": lambda x: (2 * x, CODE)}


@pytest.mark.parametrize("name", RECONSTRUCTIONS)
def test_without_penalty_it_is_the_reconstruction(name):
    loss, observations = autoencoding(name)(NETS, Batch(X), CodeNoise())
    torch.testing.assert_close(loss, RECONSTRUCTIONS[name](2 * X, X))
    torch.testing.assert_close(observations["reconstruction"], loss)


def test_penalties_add_their_weight_times_their_value():
    plain, _ = autoencoding()(NETS, Batch(X), CodeNoise())
    sparse, observations = autoencoding(sparsity="l1", sparsity_weight=0.3)(NETS, Batch(X), CodeNoise())
    torch.testing.assert_close(sparse, plain + 0.3 * CODE.abs().sum(1))
    torch.testing.assert_close(observations["reconstruction"], plain)
    sparse, _ = autoencoding(sparsity="kl", sparsity_weight=0.3, sparsity_target=0.1)(NETS, Batch(X), CodeNoise())
    torch.testing.assert_close(sparse, plain + 0.3 * kl_bernoulli(0.1, CODE.mean(0)).sum())


def test_corruption_is_applied_to_the_input_but_not_to_the_target():
    corruption = torch.randn_like(X)
    loss, _ = autoencoding()(NETS, Batch(X), CodeNoise(corruption))
    torch.testing.assert_close(loss, (2 * (X + corruption) - X).square().sum(1))
