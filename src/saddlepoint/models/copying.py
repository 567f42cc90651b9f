"""Copies of models and networks, also of networks that keep tensors with a history of gradients.

`copy.deepcopy` refuses a tensor that was computed from others. Networks hold such tensors as plain attributes between two
forward passes: the weight under `torch.nn.utils.spectral_norm` or `weight_norm`, cached activations. The copy gets their
values; the next forward pass computes them again.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from torch import Tensor, nn

T = TypeVar("T")


def copy_with_networks(value: T, networks: Iterable[nn.Module]) -> T:
    """A deep copy of `value`, which may hold the networks, with parameters and buffers of its own.

    Args:
        value: a network, a model, or any object that holds some.
        networks: those in it whose attributes may be tensors with a history.
    """
    computed = [tensor for network in networks for tensor in _computed_tensors(network)]
    return copy.deepcopy(value, {id(tensor): tensor.detach().clone() for tensor in computed})


def copy_network(network: nn.Module) -> nn.Module:
    """A deep copy of one network."""
    return copy_with_networks(network, [network])


def frozen_copy(network: nn.Module) -> nn.Module:
    """A copy in evaluation mode whose weights need no gradient; the original keeps its mode."""
    return copy_network(network).eval().requires_grad_(False)


def _computed_tensors(network: nn.Module) -> Iterator[Tensor]:
    """Tensors with a history among the attributes of a network and its layers, also in their lists, tuples and dicts."""
    for module in network.modules():
        for attribute in vars(module).values():
            yield from _within(attribute)


def _within(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        if not value.is_leaf:
            yield value
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _within(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _within(entry)
