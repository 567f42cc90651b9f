"""Networks that keep tensors with a history can be copied, and the copy is a network of its own."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from saddlepoint.models.copying import copy_network, frozen_copy


class KeepsActivations(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 1)
        self.kept: dict[str, list[Tensor]] = {"last": []}

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layer(x)
        self.kept["last"] = [out]
        return out


def with_deprecated_norm(norm: Callable[[nn.Module], nn.Module]) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # weight_norm of this kind is deprecated, and in wide use
        return norm(nn.Linear(3, 1))


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "plain": lambda: nn.Linear(3, 1),
    "spectral norm": lambda: with_deprecated_norm(torch.nn.utils.spectral_norm),
    "old weight norm": lambda: with_deprecated_norm(torch.nn.utils.weight_norm),
    "parametrised": lambda: torch.nn.utils.parametrizations.spectral_norm(nn.Linear(3, 1)),
    "keeps activations": KeepsActivations,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_copy_computes_the_same_and_shares_nothing(name: str) -> None:
    network = NETWORKS[name]()
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    network(x).sum().backward()
    network.eval()
    copied = copy_network(network)
    assert torch.equal(copied(x), network(x))
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with torch.no_grad():
        for parameter in copied.parameters():
            parameter += 1.0
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert not torch.equal(copied(x), network(x))
    copied(x).sum().backward()


def test_a_frozen_copy_leaves_the_original_in_training() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    copy = frozen_copy(network)
    assert network.training
    assert not copy.training
    assert all(p.requires_grad for p in network.parameters())
    assert not any(p.requires_grad for p in copy.parameters())
