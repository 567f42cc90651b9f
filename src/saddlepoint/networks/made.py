"""MADE: a multilayer perceptron with masked weights that predicts every number from the numbers before it in one pass."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from saddlepoint.networks.activations import activation_layer
from saddlepoint.networks.autoregression import AutoregressiveNetwork, ContextBias, zeros_like_weights
from saddlepoint.networks.initialisation import glorot_
from saddlepoint.networks.masked import MaskedLinear


class MADE(AutoregressiveNetwork):
    """A masked perceptron; without hidden layers, a fully visible sigmoid belief network.

    Number i has the degree i, from 1 to D. A hidden unit of degree m depends on the first m numbers, and the output for number i
    on hidden units of degrees below i. Degrees are spread evenly from 1 to D - 1 over the units of a layer, in increasing order.

    Args:
        numbers: D.
        features: E of each number.
        outputs: P of each number.
        hidden: widths of the hidden layers.
        activation: of the hidden layers.
        classes: number of classes, 0 for none.

    References:
        MADE: Masked Autoencoder for Distribution Estimation (Mathieu Germain, Karol Gregor, Iain Murray, Hugo Larochelle, 2015),
            https://arxiv.org/abs/1502.03509
        Connectionist learning of belief networks (Radford Neal, 1992), https://doi.org/10.1016/0004-3702(92)90065-6
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
        activation: str = "relu",
        classes: int = 0,
    ) -> None:
        super().__init__()
        self.numbers, self.features, self.outputs = numbers, features, outputs
        degrees = [1 + number for number in range(numbers) for _ in range(features)]
        self.degrees: list[list[int]] = []
        layers: list[MaskedLinear] = []
        for width in hidden:
            units = [1 + unit * max(numbers - 2, 0) // max(width - 1, 1) for unit in range(width)]
            layers.append(MaskedLinear(degrees, units))
            self.degrees.append(units)
            degrees = units
        self.layers = nn.ModuleList(layers)
        self.activations = nn.ModuleList(activation_layer(activation) for _ in hidden)
        self.contexts = nn.ModuleList(ContextBias(classes, width) for width in (*hidden, numbers * outputs))
        last = [1 + number for number in range(numbers) for _ in range(outputs)]
        self.output = MaskedLinear(degrees, last, strict=True)
        glorot_(self.layers)
        glorot_(self.output)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, D, E) numbers, (B, classes) -> (B, D, P)."""
        x = x.flatten(1)
        for layer, activation, bias in zip(self.layers, self.activations, self.contexts, strict=False):
            x = activation(bias.add(layer(x), context))
        result: Tensor = self.contexts[-1].add(self.output(x), context)
        return result.view(len(x), self.numbers, self.outputs)

    def steps(self, n: int, context: Tensor | None) -> MADESteps:
        return MADESteps(self, n, context)


class MADESteps:
    """Predictions one after the other, in which every hidden unit is computed once: when its last input is known.

    Args:
        network: the network.
        n: number of examples.
        context: (n, classes), or None.
    """

    def __init__(self, network: MADE, n: int, context: Tensor | None) -> None:
        self._network, self._step = network, 0
        layers = [*network.layers, network.output]
        self._weights = [layer.masked_weight() for layer in layers]
        self._biases = []
        for layer, context_bias in zip(layers, network.contexts, strict=True):
            added = context_bias(context)
            self._biases.append((layer.bias if added is None else layer.bias + added).expand(n, -1))
        widths = [network.numbers * network.features, *(len(units) for units in network.degrees)]
        self._units = [zeros_like_weights(network, n, width) for width in widths]

    def advance(self, numbers: Tensor | None) -> Tensor:
        """Return the parameters (B, P) of the next number, after `numbers` (B, 1, E), the one before it."""
        network, step = self._network, self._step
        known = step * network.features
        if numbers is not None:
            self._units[0][:, known - network.features : known] = numbers[:, 0]
            for number, units in enumerate(network.degrees):
                begin, end = bisect_right(units, step - 1), bisect_right(units, step)
                if begin < end:
                    made = self._apply(number, slice(begin, end), known)
                    self._units[number + 1][:, begin:end] = network.activations[number](made)
                known = end
        elif network.degrees:
            known = 0
        self._step += 1
        return self._apply(-1, slice(step * network.outputs, (step + 1) * network.outputs), known)

    def _apply(self, layer: int, rows: slice, known: int) -> Tensor:
        """Units `rows` of a layer before their activation, from the first `known` units below; the others do not count."""
        below = self._units[layer if layer >= 0 else len(self._weights) - 1]
        made = functional.linear(below[:, :known], self._weights[layer][rows, :known])
        result: Tensor = made + self._biases[layer][:, rows]
        return result
