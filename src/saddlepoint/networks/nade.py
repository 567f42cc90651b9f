"""NADE: a perceptron for every number, whose hidden layers share their weights."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint.errors import SettingError
from saddlepoint.networks.activations import activation_layer
from saddlepoint.networks.autoregression import AutoregressiveNetwork, ContextBias, zeros_like_weights
from saddlepoint.networks.initialisation import glorot_


class NADE(AutoregressiveNetwork):
    """Number i is predicted from the hidden units f(c + sum_{j < i} W_j x_j) by output weights of its own.

    The sums for all i are one cumulative sum. A pass needs memory for B D H numbers. Further hidden layers, which the paper does
    not have, are the same for every number.

    Args:
        numbers: D.
        features: E of each number.
        outputs: P of each number.
        hidden: widths of the hidden layers; at least one.
        activation: of the hidden layers.
        classes: number of classes, 0 for none.

    Raises:
        SettingError: there is no hidden layer.

    References:
        The Neural Autoregressive Distribution Estimator (Hugo Larochelle, Iain Murray, 2011),
            https://proceedings.mlr.press/v15/larochelle11a.html
    """

    layers: Any  # nn.ModuleList, which does not know the type of its layers
    activations: Any
    contexts: Any

    def __init__(
        self,
        numbers: int,
        features: int,
        outputs: int,
        hidden: Sequence[int] = (500,),
        activation: str = "sigmoid",
        classes: int = 0,
    ) -> None:
        super().__init__()
        if not hidden:
            raise SettingError("nade has at least one hidden layer, and hidden is empty: give a width.")
        self.weight = nn.Parameter(torch.empty(numbers, features, hidden[0]))
        self.bias = nn.Parameter(torch.zeros(hidden[0]))
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(hidden))
        self.activations = nn.ModuleList(activation_layer(activation) for _ in hidden)
        self.contexts = nn.ModuleList(ContextBias(classes, width) for width in hidden)
        self.output_weight = nn.Parameter(torch.empty(numbers, hidden[-1], outputs))
        self.output_bias = nn.Parameter(torch.zeros(numbers, outputs))
        # As a layer of all inputs and one of all outputs would begin.
        for weight, ends in (
            (self.weight, numbers * features + hidden[0]),
            (self.output_weight, hidden[-1] + numbers * outputs),
        ):
            nn.init.uniform_(weight, -((6 / ends) ** 0.5), (6 / ends) ** 0.5)
        glorot_(self.layers)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, D, E) numbers, (B, classes) -> (B, D, P)."""
        added = torch.einsum("bde,deh->bdh", x[:, :-1], self.weight[:-1])
        sums = nn.functional.pad(added.cumsum(1), (0, 0, 1, 0))
        hidden = self._hidden(sums, context)
        return torch.einsum("bdh,dhp->bdp", hidden, self.output_weight) + self.output_bias

    def _hidden(self, sums: Tensor, context: Tensor | None) -> Tensor:
        """The last hidden layer (B, ..., H) from the sums (B, ..., H) of the numbers before."""
        hidden: Tensor = self.activations[0](self.contexts[0].add(sums + self.bias, context))
        for layer, activation, bias in zip(self.layers, self.activations[1:], self.contexts[1:], strict=True):
            hidden = activation(bias.add(layer(hidden), context))
        return hidden

    def steps(self, n: int, context: Tensor | None) -> NADESteps:
        return NADESteps(self, n, context)


class NADESteps:
    """Predictions one after the other, which update one sum.

    Args:
        network: the network.
        n: number of examples.
        context: (n, classes), or None.
    """

    def __init__(self, network: NADE, n: int, context: Tensor | None) -> None:
        self._network, self._context, self._step = network, context, 0
        self._sums = zeros_like_weights(network, n, len(network.bias))

    def advance(self, numbers: Tensor | None) -> Tensor:
        """Return the parameters (B, P) of the next number, after `numbers` (B, 1, E), the one before it."""
        network, step = self._network, self._step
        if numbers is not None:
            self._sums = torch.addmm(self._sums, numbers[:, 0], network.weight[step - 1])
        hidden = network._hidden(self._sums, self._context)
        self._step += 1
        return torch.addmm(network.output_bias[step], hidden, network.output_weight[step])
