"""The contract of networks that predict every number of an example from the numbers before it.

Such a network maps numbers (B, D, E), each given by E features, to the parameters (B, S, P) of S distributions. A distribution
is of `block` numbers in a row (D = S * block), and depends on the numbers before these. `steps` computes the same
parameters one after the other, as sampling needs them, and keeps what later steps need again.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn


class Steps(Protocol):
    """The predictions for a batch, one after the other."""

    def advance(self, numbers: Tensor | None) -> Tensor:
        """Return the parameters of the next distribution.

        Args:
            numbers: (B, block, E) features of the numbers that were drawn from the last one; None for the first step.

        Returns:
            (B, P).
        """


class AutoregressiveNetwork(nn.Module):
    """Base class of networks whose output at a step depends only on the numbers before that step.

    Attributes:
        takes_symbols: whether discrete numbers are given as indices (B, D) int64 instead of features (B, D, E).
    """

    takes_symbols = False

    def steps(self, n: int, context: Tensor | None) -> Steps:
        """Start the predictions for n examples.

        Args:
            n: how many.
            context: (n, K) weights of the classes; None for a network without classes.
        """
        raise NotImplementedError


class ShiftedNetwork(AutoregressiveNetwork):
    """Base class of networks in which each place reads the number before it; the first place reads a learnt start.

    Numbers are embedded by a linear layer, symbols by a table.

    Args:
        features: E of each number; ignored for symbols.
        symbols: number of symbols; 0 for numbers.
        width: number of features of a place.

    Attributes:
        start: (1, 1, width) what the first place reads; zeros, until the subclass initialises it.
    """

    def __init__(self, features: int, symbols: int, width: int) -> None:
        super().__init__()
        self.takes_symbols = symbols > 0
        self.embedding = nn.Embedding(symbols, width) if symbols else nn.Linear(features, width)
        self.start = nn.Parameter(torch.zeros(1, 1, width))

    def shifted(self, x: Tensor) -> Tensor:
        """(B, D, E) numbers or (B, D) int64 symbols -> (B, D, width), what each place reads."""
        start = self.start.expand(len(x), -1, -1)
        return torch.cat([start, self.embedding(x[:, :-1]).to(start.dtype)], 1)


class ContextBias(nn.Module):
    """What a class adds to the units of a layer; nothing for a network without classes.

    Args:
        classes: number of classes, 0 for none.
        units: of the layer.
    """

    def __init__(self, classes: int, units: int) -> None:
        super().__init__()
        self.linear = nn.Linear(classes, units, bias=False) if classes else None
        if self.linear is not None:
            nn.init.normal_(self.linear.weight, 0.0, 0.1)

    def forward(self, context: Tensor | None) -> Tensor | None:
        """(B, classes) weights of the classes -> (B, units), or None."""
        if self.linear is None or context is None:
            return None
        bias: Tensor = self.linear(context)
        return bias

    def add(self, x: Tensor, context: Tensor | None, axis: int = -1) -> Tensor:
        """Add to x (B, ...) whose units lie along `axis`."""
        bias = self(context)
        if bias is None:
            return x
        shape = [1] * x.ndim
        shape[0], shape[axis] = bias.shape
        result: Tensor = x + bias.view(shape)
        return result


class FullPasses:
    """Steps that repeat a full pass of the network for every prediction.

    This is how a network of the user's own is sampled, and what the cached steps of the built-in ones must equal.

    Args:
        network: the network, called with its input and the context.
        empty: (B, D) or (B, D, E) its input before anything is known; it is overwritten.
        context: (B, K) weights of the classes, or None.
        block: numbers of one step.
    """

    def __init__(self, network: nn.Module, empty: Tensor, context: Tensor | None, block: int) -> None:
        self._network, self._x, self._context, self._block, self._step = network, empty, context, block, 0

    def advance(self, numbers: Tensor | None) -> Tensor:
        """Return the parameters (B, P) of the next distribution, after `numbers` (B, block, E)."""
        if numbers is not None:
            end = self._step * self._block
            self._x[:, end - self._block : end] = numbers
        parameters: Tensor = self._network(self._x, self._context)
        self._step += 1
        return parameters[:, self._step - 1]


def zeros_like_weights(network: nn.Module, *shape: int) -> Tensor:
    """Return zeros with the type and device of a network's weights."""
    like = next(network.parameters())
    return torch.zeros(shape, device=like.device, dtype=like.dtype)
