"""A long short-term memory that predicts each number of a sequence from those before it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from saddlepoint.networks.autoregression import ContextBias, ShiftedNetwork, zeros_like_weights


class LSTM(ShiftedNetwork):
    """Layers of long short-term memory: what was read so far is kept in a state of fixed size, so that a step costs the same anywhere.

    There are no positions: the state has to count by itself, and a sequence may be cut anywhere.

    Args:
        numbers: D; not used, because all places share their weights.
        features: E of each number; ignored for symbols.
        outputs: P of each number.
        symbols: number of symbols; 0 for numbers.
        width: number of units of a layer.
        layers: number of layers.
        classes: number of classes, 0 for none.

    References:
        Long Short-Term Memory (Sepp Hochreiter, Juergen Schmidhuber, 1997), https://doi.org/10.1162/neco.1997.9.8.1735
        Generating Sequences With Recurrent Neural Networks (Alex Graves, 2013), https://arxiv.org/abs/1308.0850
        An Empirical Exploration of Recurrent Network Architectures (Rafal Jozefowicz, Wojciech Zaremba, Ilya Sutskever, 2015),
            https://proceedings.mlr.press/v37/jozefowicz15.html (the forget gate begins open)
    """

    def __init__(
        self,
        numbers: int,
        features: int,
        outputs: int,
        symbols: int = 0,
        width: int = 64,
        layers: int = 2,
        classes: int = 0,
    ) -> None:
        super().__init__(features, symbols, width)
        self.context = ContextBias(classes, width)
        self.memory = nn.LSTM(width, width, layers, batch_first=True)
        self.output = nn.Linear(width, outputs)
        nn.init.normal_(self.start, 0.0, 0.1)
        with torch.no_grad():
            for layer in range(layers):
                # The gates lie one after another: input, forget, cell, output; two biases are added.
                getattr(self.memory, f"bias_ih_l{layer}")[width : 2 * width] = 1.0
                getattr(self.memory, f"bias_hh_l{layer}")[width : 2 * width] = 0.0

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, D, E) numbers or (B, D) int64 symbols, (B, classes) -> (B, D, P)."""
        read, _ = self.remember(self.context.add(self.shifted(x), context))
        result: Tensor = self.output(read)
        return result

    def remember(
        self, places: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """What the memory gives for places (B, T, width), and its state after them."""
        # In the precision of the weights: not every processor has these layers in bfloat16, and errors would add up in the state.
        with torch.autocast(places.device.type, enabled=False):
            places = places.to(self.start.dtype)
            if torch._C._functorch.is_batchedtensor(places) or torch._C._functorch.is_batchedtensor(self.start):
                return self._written_out(places)
            read, state = self.memory(places, state)
        return read, state

    def _written_out(self, places: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """The same from an empty state, place by place, because `torch.vmap` has no rule for the fused layers."""
        hidden = cell = torch.zeros_like(places[:, 0])
        for layer in range(self.memory.num_layers):
            weights = [
                getattr(self.memory, f"{name}_l{layer}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            ]
            given, kept, bias = places @ weights[0].mT, weights[1].mT, weights[2] + weights[3]
            hidden = cell = torch.zeros_like(places[:, 0])
            read = []
            for step in range(places.shape[1]):
                enters, forgets, new, shows = (given[:, step] + hidden @ kept + bias).chunk(4, -1)
                cell = forgets.sigmoid() * cell + enters.sigmoid() * new.tanh()
                hidden = shows.sigmoid() * cell.tanh()
                read.append(hidden)
            places = torch.stack(read, 1)
        return places, (hidden, cell)

    def steps(self, n: int, context: Tensor | None) -> LSTMSteps:
        return LSTMSteps(self, n, context)


class LSTMSteps:
    """Predictions one after the other, which keep the state of the memory.

    Args:
        network: the network.
        n: number of examples.
        context: (n, classes), or None.
    """

    def __init__(self, network: LSTM, n: int, context: Tensor | None) -> None:
        self._network, self._n, self._context = network, n, context
        shape = network.memory.num_layers, n, network.memory.hidden_size
        self._state = zeros_like_weights(network, *shape), zeros_like_weights(network, *shape)

    def advance(self, numbers: Tensor | None) -> Tensor:
        """Return the parameters (B, P) of the next number, after the one before it, (B, 1, E) or (B, 1)."""
        network = self._network
        place = network.start.expand(self._n, -1, -1) if numbers is None else network.embedding(numbers)
        read, self._state = network.remember(network.context.add(place, self._context), self._state)
        result: Tensor = network.output(read)[:, 0]
        return result
