"""WaveNet: dilated causal convolutions with gated units, for sound and other long sequences."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from saddlepoint.networks.autoregression import ContextBias, ShiftedNetwork, zeros_like_weights
from saddlepoint.networks.gated_pixelcnn import gate

WAVES = 16  # cosines of the place, of which the fastest has 15 half periods in an example


class DilatedLayer(nn.Module):
    """A causal convolution of two places that lie `dilation` apart, a gate, and what it adds to its input and to the output.

    Args:
        width: number of features of a place.
        dilation: distance between the two places.
        classes: number of classes, 0 for none.
    """

    def __init__(self, width: int, dilation: int, classes: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.convolution = nn.Linear(2 * width, 2 * width)
        self.context = ContextBias(classes, 2 * width)
        self.mix = nn.Linear(width, 2 * width)

    def forward(self, x: Tensor, earlier: Tensor, context: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the input of the next layer and the contribution to the output, both of x's shape.

        Args:
            x: (B, ..., width).
            earlier: (B, ..., width), x of `dilation` places before.
            context: (B, classes), or None.
        """
        both = self.convolution(torch.cat([earlier, x], -1))
        residual, skipped = self.mix(gate(self.context.add(both, context), -1)).chunk(2, -1)
        return x + residual, skipped


class WaveNet(ShiftedNetwork):
    """Layers whose dilations double, 1, 2, 4, ..., and begin again at 1 after every `cycle` layers.

    With layers in c full cycles, a prediction depends on the last c (2^cycle - 1) + 1 numbers. Weights are shared by all places; what
    tells the channels of a place apart is a learnt vector of each. What tells the places apart is a smooth function, linear in cosines of
    the place: without it, what happens at the end of every example, such as a fading sound, may happen anywhere in a sample.

    Args:
        numbers: D.
        features: E of each number; ignored for symbols.
        outputs: P of each number.
        symbols: number of symbols; 0 for numbers.
        channels: numbers of a place, which follow one another.
        width: number of features of a place.
        layers: number of layers.
        cycle: number of layers in which dilations double.
        classes: number of classes, 0 for none.
        positions: whether it is told the place of a number in the example. The paper's network is not.

    References:
        WaveNet: A Generative Model for Raw Audio (Aaron van den Oord et al., 2016), https://arxiv.org/abs/1609.03499
        Fast Wavenet Generation Algorithm (Tom Le Paine et al., 2016), https://arxiv.org/abs/1611.09482 (sampling with queues)
    """

    layers: Any  # nn.ModuleList, which does not know the type of its layers
    channel: Tensor | None
    cosines: Tensor

    def __init__(
        self,
        numbers: int,
        features: int,
        outputs: int,
        symbols: int = 0,
        channels: int = 1,
        width: int = 64,
        layers: int = 4,
        cycle: int = 8,
        classes: int = 0,
        positions: bool = True,
    ) -> None:
        super().__init__(features, symbols, width)
        self.numbers = numbers
        nn.init.normal_(self.start, 0.0, 0.1)
        self.channel = None
        if channels > 1:
            self.channel = nn.Parameter(torch.zeros(channels, width))
            nn.init.normal_(self.channel, 0.0, 0.1)
        self.position = nn.Linear(WAVES, width, bias=False) if positions else None
        if self.position is not None:
            nn.init.normal_(self.position.weight, 0.0, 0.1 / math.sqrt(WAVES))
            turns = (torch.arange(numbers // channels) + 0.5) * math.pi / (numbers // channels)
            self.register_buffer("cosines", (turns[:, None] * torch.arange(WAVES)).cos(), persistent=False)
        # No place lies further back than the first one.
        dilations = [min(2 ** (layer % cycle), numbers) for layer in range(layers)]
        self.layers = nn.ModuleList(DilatedLayer(width, dilation, classes) for dilation in dilations)
        self.hidden = nn.Linear(width, width)
        self.output = nn.Linear(width, outputs)

    def forward(self, x: Tensor, context: Tensor | None = None) -> Tensor:
        """(B, D, E) numbers or (B, D) int64 symbols, (B, classes) -> (B, D, P)."""
        places = self.shifted(x)
        own = self.of_places()
        if own is not None:
            places = places + own[: places.shape[1]]
        total = torch.zeros_like(places)
        for layer in self.layers:
            earlier = functional.pad(places[:, : -layer.dilation], (0, 0, min(layer.dilation, places.shape[1]), 0))
            places, skipped = layer(places, earlier, context)
            total = total + skipped
        return self.predict(total)

    def of_places(self) -> Tensor | None:
        """What tells the numbers of an example apart, (D, width); None if nothing does."""
        channels = 1 if self.channel is None else len(self.channel)
        own = None if self.position is None else self.position(self.cosines).repeat_interleave(channels, 0)
        if self.channel is None:
            return own
        repeated = self.channel.repeat(self.numbers // channels, 1)
        return repeated if own is None else own + repeated

    def predict(self, total: Tensor) -> Tensor:
        """The sum of what the layers contribute (B, ..., width) -> parameters (B, ..., P)."""
        result: Tensor = self.output(functional.relu(self.hidden(functional.relu(total))))
        return result

    def steps(self, n: int, context: Tensor | None) -> WaveNetSteps:
        return WaveNetSteps(self, n, context)


class WaveNetSteps:
    """Predictions one after the other; each layer keeps its inputs of the last `dilation` places, in a ring.

    Args:
        network: the network.
        n: number of examples.
        context: (n, classes), or None.
    """

    def __init__(self, network: WaveNet, n: int, context: Tensor | None) -> None:
        self._network, self._context, self._step = network, context, 0
        self._own = network.of_places()
        self._place = network.start[:, 0].expand(n, -1)
        width = network.start.shape[2]
        self._rings = [zeros_like_weights(network, layer.dilation, n, width) for layer in network.layers]

    def advance(self, numbers: Tensor | None) -> Tensor:
        """Return the parameters (B, P) of the next number, after the one before it, (B, 1, E) or (B, 1)."""
        network = self._network
        place = self._place if numbers is None else network.embedding(numbers)[:, 0]
        if self._own is not None:
            place = place + self._own[self._step]
        total = torch.zeros_like(place)
        for layer, ring in zip(network.layers, self._rings, strict=True):
            earlier = ring[self._step % layer.dilation]
            given = place
            place, skipped = layer(given, earlier, self._context)
            earlier.copy_(given)
            total = total + skipped
        self._step += 1
        return network.predict(total)
