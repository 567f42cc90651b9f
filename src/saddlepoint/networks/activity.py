"""Find dead units of a network: units that give the same number for every example and carry no information.

A rectifier is dead if its input is negative for all examples; saturated tanh and sigmoid units are dead as well.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

ACTIVATIONS = (
    nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.ReLU6, nn.Tanh, nn.Sigmoid, nn.Softplus, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU,
    nn.Mish, nn.Hardtanh, nn.Hardswish, nn.Hardsigmoid,
)  # fmt: skip
ALIKE = 1e-6  # of its own size: within single precision's rounding of one number


# An activation, and which of its uses in one pass through the network: one object may serve in several places.
Call = tuple[nn.Module, int]
Hook = Callable[[nn.Module, tuple[Any, ...], Any], None]


@dataclass
class Activity:
    """The lowest and highest value of every hidden unit seen so far, by the use of an activation.

    A channel of a convolution is one unit, over all places.
    """

    ranges: dict[Call, tuple[Tensor, Tensor]] = field(default_factory=dict)
    _uses: Counter[nn.Module] = field(default_factory=Counter)
    _last: tuple[Call, Tensor] | None = None

    def see(self, layer: nn.Module, output: Tensor) -> None:
        """One layer's output (B, units, ...)."""
        x = output.detach()
        axes = [axis for axis in range(x.ndim) if axis != 1]
        low, high = x.amin(axes), x.amax(axes)
        call = (layer, self._uses[layer])
        self._uses[layer] += 1
        if call in self.ranges:
            before = self.ranges[call]
            low, high = torch.minimum(low, before[0]), torch.maximum(high, before[1])
        self.ranges[call] = (low, high)
        self._last = (call, output)

    def left(self, output: Any) -> None:
        """What the whole network gave: where an activation made it, that one's units are outputs, not hidden; in another shape
        too, which is the same memory."""
        if self._last is not None and isinstance(output, Tensor) and memory(output) == memory(self._last[1]):
            self.ranges.pop(self._last[0], None)
        self._last = None
        self._uses.clear()

    def dead(self) -> dict[Call, Tensor]:
        """By use, (units,) whether a hidden unit never changed."""
        counts = [len(low) for low, _ in self.ranges.values()]
        return dict(zip(self.ranges, torch.split(self._all_dead(), counts), strict=True)) if counts else {}

    def dead_share(self) -> Tensor | None:
        """() share of the hidden units that never changed, in [0, 1]; None for a network without known activations."""
        return self._all_dead().float().mean() if self.ranges else None

    def _all_dead(self) -> Tensor:
        """Of all layers at once: small networks feel every operation."""
        low = torch.cat([low for low, _ in self.ranges.values()]).float()
        high = torch.cat([high for _, high in self.ranges.values()]).float()
        return high - low <= ALIKE * torch.maximum(low.abs(), high.abs())


def memory(tensor: Tensor) -> int:
    """Where its numbers lie: the same for a view of it."""
    return tensor.untyped_storage().data_ptr()


@contextlib.contextmanager
def listening(
    network: nn.Module, layers: Iterable[nn.Module], hear: Hook, left: Callable[[Any], None]
) -> Iterator[None]:
    """Within the block, call `hear(layer, given, made)` for every use of these layers, and `left(output)` for every pass
    through `network`. A network that is itself one of the layers counts only as the network."""
    hooks = [layer.register_forward_hook(hear) for layer in layers if layer is not network]
    hooks.append(network.register_forward_hook(lambda _, __, output: left(output)))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextlib.contextmanager
def record_activity(network: nn.Module) -> Iterator[Activity]:
    """Within the block, record the activity of units in every pass through `network`."""
    activity = Activity()

    def hear(layer: nn.Module, _: Any, output: Any) -> None:
        if isinstance(output, Tensor) and output.ndim >= 2:
            activity.see(layer, output)

    layers = (layer for layer in network.modules() if isinstance(layer, ACTIVATIONS))
    with listening(network, layers, hear, activity.left):
        yield activity
