"""Deep copies of models and networks, also of networks with attributes that have an autograd history.

`copy.deepcopy` refuses tensors that were computed from others. Some networks have such attributes between two forward
passes: the weight under `torch.nn.utils.spectral_norm` or `weight_norm`, cached activations. The copy gets their values; the
next forward pass computes them again.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from torch import Tensor, nn

T = TypeVar("T")


def copy_with_networks(value: T, networks: Iterable[nn.Module]) -> T:
    """Return a deep copy of an object that contains networks.

    Args:
        value: a network, a model, or another object that contains networks.
        networks: the contained networks that may have attributes with an autograd history.
    """
    computed = [tensor for network in networks for tensor in _computed_tensors(network)]
    return copy.deepcopy(value, {id(tensor): tensor.detach().clone() for tensor in computed})


def copy_network(network: nn.Module) -> nn.Module:
    """Return a deep copy of a network."""
    return copy_with_networks(network, [network])


def frozen_copy(network: nn.Module) -> nn.Module:
    """Return a copy in evaluation mode whose weights require no gradient; the original is left unchanged."""
    return copy_network(network).eval().requires_grad_(False)


def _computed_tensors(network: nn.Module) -> Iterator[Tensor]:
    """Tensors with an autograd history among the attributes of all layers, also within lists, tuples and dicts."""
    for module in network.modules():
        for attribute in vars(module).values():
            yield from _tensors_with_history(attribute)


def _tensors_with_history(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        if not value.is_leaf:
            yield value
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _tensors_with_history(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _tensors_with_history(entry)
