"""Dead hidden units begin anew: fresh weights in, none out, so that what the network computes stays as it is.

The Dormant Neuron Phenomenon in Deep Reinforcement Learning (Ghada Sokar, Rishabh Agarwal, Pablo Samuel Castro, Utku Evci,
2023), section 4, https://arxiv.org/abs/2302.12902; here only units that say the same to every example are recycled.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from saddlepoint.evaluation.signals.activity import ACTIVATIONS, heard


@dataclass
class Wiring:
    """Of the activations of a network: the layer whose weights feed each, the BatchNorm between, and the layers that read it.

    Followed by the memory that tensors lie in, which a flattened view shares.
    """

    feeds: dict[nn.Module, nn.Module] = field(default_factory=dict)
    norms: dict[nn.Module, _BatchNorm] = field(default_factory=dict)
    readers: dict[nn.Module, set[nn.Module]] = field(default_factory=dict)
    _makers: dict[int, tuple[nn.Module, Tensor]] = field(default_factory=dict)

    def see(self, layer: nn.Module, given: Tensor, made: Tensor) -> None:
        if _place(made) == _place(given) and not isinstance(layer, ACTIVATIONS):
            return  # the same numbers, perhaps in another shape
        maker, _ = self._makers.get(_place(given), (None, given))
        if isinstance(layer, ACTIVATIONS) and isinstance(maker, _BatchNorm) and maker in self.feeds:
            self.feeds[layer], self.norms[layer] = self.feeds[maker], maker
        elif isinstance(layer, (*ACTIVATIONS, _BatchNorm)) and isinstance(maker, nn.Linear | _ConvNd):
            self.feeds[layer] = maker
        elif isinstance(layer, nn.Linear | _ConvNd) and isinstance(maker, ACTIVATIONS):
            self.readers.setdefault(maker, set()).add(layer)
        self._makers[_place(made)] = (layer, made)  # kept, so that its memory is not given to another


def recycle(players: Mapping[str, nn.Module], run: Callable[[], None], generator: torch.Generator) -> dict[str, int]:
    """Give every dead hidden unit fresh weights; by player, how many.

    run: passes examples through all players, at rest. generator: what the weights are drawn from, on the host.

    A unit is left alone where what feeds it is no linear layer or convolution (with BatchNorm or without); where what reads
    it is not known, its outgoing weights stay. Fresh weights are uniform with variance 2 / (inputs + outputs): Understanding
    the difficulty of training deep feedforward neural networks (Glorot, Bengio, 2010),
    https://proceedings.mlr.press/v9/glorot10a.html. Dead units had no gradient, so optimisers remember nothing of them.
    """
    with contextlib.ExitStack() as held:
        found = {
            name: (held.enter_context(heard(player)), held.enter_context(_wired(player)))
            for name, player in players.items()
        }
        with torch.no_grad():
            run()
    counts = {}
    for name, (activity, wiring) in found.items():
        dead = {layer: mask for layer, mask in activity.dead().items() if mask.any() and _fits(layer, mask, wiring)}
        with torch.no_grad():
            for layer, mask in dead.items():  # before any is fresh: those behind may read them from now on
                for reader in wiring.readers.get(layer, ()):
                    _silence(reader, mask, activity.ranges[layer][0])
            for layer, mask in dead.items():
                _refresh(wiring.feeds[layer], wiring.norms.get(layer), mask, generator)
        counts[name] = sum(int(mask.sum()) for mask in dead.values())
    return counts


@contextlib.contextmanager
def _wired(network: nn.Module) -> Iterator[Wiring]:
    wiring = Wiring()

    def see(layer: nn.Module, given: tuple[Any, ...], made: Any) -> None:
        if given and isinstance(given[0], Tensor) and isinstance(made, Tensor):
            wiring.see(layer, given[0], made)

    hooks = [layer.register_forward_hook(see) for layer in network.modules() if next(layer.children(), None) is None]
    try:
        yield wiring
    finally:
        for hook in hooks:
            hook.remove()


def _place(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _fits(layer: nn.Module, mask: Tensor, wiring: Wiring) -> bool:
    feeder: Any = wiring.feeds.get(layer)
    if isinstance(feeder, _ConvNd) and feeder.groups > 1:
        return False
    return feeder is not None and _outputs_first(feeder).shape[0] == len(mask)


def _outputs_first(layer: nn.Module) -> Tensor:
    """The weights, (outputs, inputs, ...)."""
    weight: Any = layer.weight
    found: Tensor = weight.transpose(0, 1) if isinstance(layer, _ConvTransposeNd) else weight
    return found


def _silence(reader: nn.Module, mask: Tensor, said: Tensor) -> None:
    """What it reads of these units weighs nothing any more. said: what each said to every example, (units,), which a linear
    layer's bias takes over; a convolution's cannot at the edges."""
    weight = _outputs_first(reader)
    # A channel that was flattened has several inputs, one after another.
    places, rest = divmod(weight.shape[1], len(mask))
    if rest:
        return
    silent = mask.repeat_interleave(places)
    if isinstance(reader, nn.Linear) and reader.bias is not None:
        reader.bias.add_(weight[:, silent] @ said.repeat_interleave(places)[silent].to(weight))
    weight[:, silent] = 0.0


def _refresh(feeder: nn.Module, norm: _BatchNorm | None, mask: Tensor, generator: torch.Generator) -> None:
    weight = _outputs_first(feeder)
    fresh = nn.init.xavier_uniform_(torch.empty(weight.shape), generator=generator)
    weight[mask] = fresh.to(weight)[mask]
    for layer in (feeder, norm):
        if isinstance(bias := getattr(layer, "bias", None), Tensor):
            bias[mask] = 0.0
    if norm is not None and norm.affine:
        norm.weight[mask] = 1.0
