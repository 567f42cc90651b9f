"""Laws of packing: neighbours are judged together, and a pack of one is the plain network."""

import pytest
import torch
from torch import nn

from saddlepoint.networks.packing import Packed, packed_shape


class Sum(nn.Module):
    """A logit that adds up all numbers of a pack, and the pack itself as its features."""

    def forward(self, x, features=False):
        return x.flatten(1) if features else x.flatten(1).sum(1, keepdim=True)


@pytest.mark.parametrize("shape", [(3,), (2, 5), (1, 4, 4)])
def test_a_pack_of_one_is_the_plain_network(shape):
    network = nn.Sequential(nn.Flatten(), nn.Linear(torch.Size(shape).numel(), 1))
    x = torch.randn(5, *shape)
    assert torch.equal(Packed(network, 1)(x), network(x)[:, 0])


@pytest.mark.parametrize("n", [1, 2, 5, 6, 7])
@pytest.mark.parametrize("size", [2, 3, 4])
def test_every_example_has_the_logit_of_its_pack(n, size):
    x = torch.randn(n, 2, 3, dtype=torch.float64)
    logits = Packed(Sum(), size)(x)
    assert logits.shape == (n,)
    for i in range(n):
        first = i - i % size
        pack = [x[j % n] for j in range(first, first + size)]
        torch.testing.assert_close(logits[i], torch.stack(pack).sum())


def test_a_pack_has_the_channels_of_its_examples_one_after_another():
    x = torch.arange(24.0).reshape(4, 3, 2)
    packs = Packed(Sum(), 2)(x, features=True)
    assert packed_shape((3, 2), 2) == (6, 2)
    assert torch.equal(packs, torch.stack([torch.cat([x[0], x[1]]), torch.cat([x[2], x[3]])]).flatten(1))


def test_every_example_of_a_pack_is_moved_by_the_packs_decision():
    x = torch.randn(4, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(Packed(Sum(), 2)(x)[0], x)
    assert torch.equal(gradient, torch.tensor([[1.0], [1.0], [0.0], [0.0]]).expand(4, 3))
