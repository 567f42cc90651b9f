"""Laws of minibatch discrimination: it is independent of order, and its output grows with the similarity of examples."""

from itertools import pairwise

import pytest
import torch

from saddlepoint.networks.features import FeatureDiscriminator
from saddlepoint.networks.minibatch import MinibatchDiscrimination


@pytest.fixture
def layer():
    torch.manual_seed(0)
    return MinibatchDiscrimination(6, kernels=4, dimensions=3).double()


@pytest.fixture
def x():
    return torch.randn(7, 6, generator=torch.Generator().manual_seed(1)).double()


def test_the_features_stay_and_the_comparisons_follow_the_examples(layer, x):
    order = torch.tensor([3, 0, 6, 5, 1, 4, 2])
    assert layer(x).shape == (7, 10)
    assert torch.equal(layer(x)[:, :6], x)
    torch.testing.assert_close(layer(x[order]), layer(x)[order])


def test_examples_that_move_together_are_nearer(layer, x):
    centre = x.mean(0)
    similarity = [layer(centre + spread * (x - centre))[:, 6:] for spread in (4.0, 1.0, 0.25, 0.0)]
    for apart, together in pairwise(similarity):
        assert (together > apart).all()
    torch.testing.assert_close(similarity[-1], torch.ones(7, 4).double())


def test_it_is_the_papers_sum_over_the_other_examples(layer, x):
    mapped = torch.einsum("if,fk->ik", x, layer.weight).reshape(7, 4, 3)
    for i in range(7):
        for kernel in range(4):
            near = sum(torch.exp(-(mapped[i, kernel] - mapped[j, kernel]).abs().sum()) for j in range(7) if j != i)
            torch.testing.assert_close(layer(x)[i, 6 + kernel], near / 6)


def test_an_example_alone_is_like_no_other_and_an_empty_batch_stays_empty(layer, x):
    torch.testing.assert_close(layer(x[:1])[:, 6:], torch.zeros(1, 4).double())
    assert layer(x[:0]).shape == (0, 10)


def test_many_sets_of_weights_at_once(layer, x):
    weights = torch.stack([layer.weight.detach(), 2 * layer.weight.detach()])
    stacked = torch.func.vmap(lambda weight: torch.func.functional_call(layer, {"weight": weight}, (x,)))(weights)
    torch.testing.assert_close(stacked[0], layer(x))


@pytest.mark.parametrize("kernels", [0, 3])
def test_a_discriminator_shows_the_features_it_decides_by(kernels):
    body = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(8, 5))
    network = FeatureDiscriminator(body, (2, 4), kernels)
    x = torch.randn(6, 2, 4)
    assert torch.equal(network(x, features=True), body(x))
    assert network(x).shape == (6,)
    torch.testing.assert_close(network(x), network.decision(network.comparison(body(x)))[:, 0])
