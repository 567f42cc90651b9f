"""The layers before and after each hidden layer of a network, found by tracing tensors through it."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from saddlepoint.networks.activity import ACTIVATIONS, Call, listening, memory

WEIGHED = (nn.Linear, _ConvNd)


@dataclass
class Wiring:
    """Of the activations of a network: the layer that feeds each, the BatchNorm between, and the layers that read it.

    Followed by the memory that tensors lie in, which a flattened view shares; what is done without a layer of its own (a sum,
    a product) is not seen.

    Attributes:
        others: activations that something else reads too.
        calls: how often a layer is used in one pass, at most.
        outputs: what the network gave, pass by pass.
    """

    feeds: dict[Call, nn.Module] = field(default_factory=dict)
    norms: dict[Call, _BatchNorm] = field(default_factory=dict)
    readers: dict[Call, set[nn.Module]] = field(default_factory=dict)
    others: set[Call] = field(default_factory=set)
    calls: Counter[nn.Module] = field(default_factory=Counter)
    outputs: list[Tensor] = field(default_factory=list)
    _now: Counter[nn.Module] = field(default_factory=Counter)
    _makers: dict[int, tuple[Call, Tensor]] = field(default_factory=dict)

    def see(self, layer: nn.Module, given: Tensor, made: Tensor) -> None:
        """One layer at work: what it was given and what it made of that, (B, ...) each."""
        if memory(made) == memory(given) and not isinstance(layer, ACTIVATIONS):
            return  # the same numbers, perhaps in another shape
        call = (layer, self._now[layer])
        self._now[layer] += 1
        self.calls[layer] = max(self.calls[layer], self._now[layer])
        if (found := self._makers.get(memory(given))) is not None:
            self._follow(call, found[0])
        self._makers[memory(made)] = (call, made)  # kept, so that its memory is not given to another

    def _follow(self, call: Call, maker: Call) -> None:
        layer, source = call[0], maker[0]
        if isinstance(source, WEIGHED) and isinstance(layer, (*ACTIVATIONS, _BatchNorm)):
            self.feeds[call] = source
        elif isinstance(source, _BatchNorm) and isinstance(layer, ACTIVATIONS) and maker in self.feeds:
            self.feeds[call], self.norms[call] = self.feeds[maker], source
        elif isinstance(source, ACTIVATIONS):
            if isinstance(layer, WEIGHED):
                self.readers.setdefault(maker, set()).add(layer)
            else:
                self.others.add(maker)

    def left(self, output: Any) -> None:
        """The whole network has been passed."""
        self.outputs += [
            part for part in (output if isinstance(output, tuple) else (output,)) if isinstance(part, Tensor)
        ]
        self._now.clear()
        self._makers.clear()


@contextlib.contextmanager
def trace_wiring(network: nn.Module) -> Iterator[Wiring]:
    """Within the block, every pass through `network` is followed."""
    wiring = Wiring()

    def see(layer: nn.Module, given: tuple[Any, ...], made: Any) -> None:
        if given and isinstance(given[0], Tensor) and isinstance(made, Tensor):
            wiring.see(layer, given[0], made)

    layers = (layer for layer in network.modules() if next(layer.children(), None) is None)
    with listening(network, layers, see, wiring.left):
        yield wiring
