"""Dead hidden units begin anew: fresh weights in, none out, so that what the network computes stays as it is.

The Dormant Neuron Phenomenon in Deep Reinforcement Learning (Ghada Sokar, Rishabh Agarwal, Pablo Samuel Castro, Utku Evci,
2023), section 4, https://arxiv.org/abs/2302.12902; here only units that say the same to every example that they are shown.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.optim import Optimizer

from saddlepoint.models.base import Model
from saddlepoint.networks.activity import Activity, Call, record_activity
from saddlepoint.networks.wiring import Wiring, trace_wiring
from saddlepoint.optimisers.wrapped import WrappedOptimizer
from saddlepoint.training.settings import LARGEST_SEED
from saddlepoint.training.state import TrainingState

SAME = 0.01  # of its largest output, by which a network's outputs may differ after: single and half precision round

WHERE_IT_BEGAN = "base"  # what extragradient calls the weights that it goes back to


@dataclass
class Renewal:
    """What began anew in one player: how many units, which entries of its parameters, and what biases took over."""

    units: int = 0
    entries: dict[Tensor, Tensor] = field(default_factory=dict)
    taken_over: dict[Tensor, Tensor] = field(default_factory=dict)

    def mark(self, parameter: Tensor, mask: Tensor) -> None:
        """Add the entries of a parameter where `mask` holds."""
        self.entries[parameter] = self.entries.get(parameter, torch.zeros_like(mask)) | mask

    def carry_to(self, player: nn.Module, optimiser: Optimizer, average: nn.Module | None) -> None:
        """What the optimiser remembers of these entries is forgotten; copies that it keeps, and the average, have them too."""
        while isinstance(optimiser, WrappedOptimizer):
            optimiser.take_over(self.entries)
            optimiser = optimiser.base
        for parameter, mask in self.entries.items():
            for quantity, kept in optimiser.state.get(parameter, {}).items():
                if isinstance(kept, Tensor) and kept.shape == parameter.shape:
                    kept[mask] = parameter.detach()[mask] if quantity == WHERE_IT_BEGAN else 0.0
        copies = {} if average is None else dict(zip(player.parameters(), average.parameters(), strict=True))
        with torch.no_grad():
            for parameter, averaged in copies.items():
                if parameter in self.taken_over:
                    averaged.add_(self.taken_over[parameter])
                if parameter in self.entries:
                    averaged[self.entries[parameter]] = parameter[self.entries[parameter]]


def recycle(
    players: Mapping[str, nn.Module], run: Callable[[], None], generator: torch.Generator
) -> dict[str, Renewal]:
    """Reinitialise dead hidden units.

    A unit is left alone where what feeds it or reads it is not one linear layer or convolution (with BatchNorm before the
    activation or without), and so are all units of a player whose outputs turn out to change, as they do where a sum reads a unit too.
    Fresh weights are uniform with variance 2 / (inputs + outputs).

    Args:
        players: networks by name.
        run: passes the same examples through all players, in evaluation mode.
        generator: draws the weights, on the host.

    Returns:
        By player, what was reinitialised.

    References:
        Understanding the difficulty of training deep feedforward neural networks (Glorot, Bengio, 2010).
        https://proceedings.mlr.press/v9/glorot10a.html
    """
    before = _passed(players, run)
    if not any(mask.any() for activity, _ in before.values() for mask in activity.dead().values()):
        return {name: Renewal() for name in players}
    kept = {name: [p.detach().clone() for p in player.parameters()] for name, player in players.items()}
    with torch.no_grad():
        renewals = {name: _renewed(*before[name], generator) for name in players}
    if not any(renewal.units for renewal in renewals.values()):
        return renewals
    after = _passed(players, run)
    for name, player in players.items():
        if not _same(before[name][1].outputs, after[name][1].outputs):
            with torch.no_grad():
                for parameter, old in zip(player.parameters(), kept[name], strict=True):
                    parameter.copy_(old)
            renewals[name] = Renewal()
    return renewals


def recycle_units(model: Model, state: TrainingState, run: Callable[[], None], seed: int) -> dict[str, float]:
    """Reinitialise the dead units of a model during training, in its moving averages and optimisers too.

    The new weights depend on the seed and on the step alone, so that a resumed run has the same.

    Args:
        model: whose players are changed.
        state: the state of its training.
        run: passes examples through all players in evaluation mode, always the same examples.
        seed: of the run.

    Returns:
        The series `player/recycled_units`.
    """
    players = model.players
    generator = torch.Generator().manual_seed((seed + 1_000_003 * state.step) % LARGEST_SEED)
    with state.devices.autocast() or contextlib.nullcontext():
        renewals = recycle(players, run, generator)
    for name, renewal in renewals.items():
        average = state.averages[name].module if name in state.averages else None
        renewal.carry_to(players[name], state.optimisers[name], average)
    return {f"{name}/recycled_units": float(renewal.units) for name, renewal in renewals.items()}


def _passed(players: Mapping[str, nn.Module], run: Callable[[], None]) -> dict[str, tuple[Activity, Wiring]]:
    with contextlib.ExitStack() as held, torch.no_grad():
        found = {
            name: (held.enter_context(record_activity(player)), held.enter_context(trace_wiring(player)))
            for name, player in players.items()
        }
        run()
    return found


def _same(before: list[Tensor], after: list[Tensor]) -> bool:
    pairs = zip(before, after, strict=True)
    return all(bool((new - old).abs().max() <= SAME * old.abs().max()) for old, new in pairs if old.numel())


def _renewed(activity: Activity, wiring: Wiring, generator: torch.Generator) -> Renewal:
    dead = {call: mask for call, mask in activity.dead().items() if mask.any() and _fits(call, len(mask), wiring)}
    renewal = Renewal(units=sum(int(mask.sum()) for mask in dead.values()))
    for call, mask in dead.items():  # before any is fresh: those behind may read them from now on
        for reader in wiring.readers[call]:
            _silence(reader, mask, activity.ranges[call][0], renewal)
    for call, mask in dead.items():
        _refresh(wiring.feeds[call], wiring.norms.get(call), mask, generator, renewal)
    return renewal


def _fits(call: Call, units: int, wiring: Wiring) -> bool:
    """Whether all that feeds and reads these units is known, used once in a pass, and has a weight for each of them."""
    feeder, readers = wiring.feeds.get(call), wiring.readers.get(call)
    if feeder is None or not readers or call in wiring.others:
        return False
    layers: list[Any] = [feeder, *readers]
    if any(wiring.calls[layer] > 1 or (isinstance(layer, _ConvNd) and layer.groups > 1) for layer in layers):
        return False
    return _by_output(feeder).shape[0] == units and not any(_by_output(reader).shape[1] % units for reader in readers)


def _by_output(layer: nn.Module, tensor: Tensor | None = None) -> Tensor:
    """The weights, or a tensor of their shape, as (outputs, inputs, ...)."""
    found: Any = layer.weight if tensor is None else tensor
    turned: Tensor = found.transpose(0, 1) if isinstance(layer, _ConvTransposeNd) else found
    return turned


def _silence(reader: nn.Module, mask: Tensor, said: Tensor, renewal: Renewal) -> None:
    """What it reads of these units weighs nothing any more. said: what each said to every example, (units,), which a linear
    layer's bias takes over; a convolution's cannot at the edges."""
    weight: Any = reader.weight
    # A channel that was flattened has several inputs, one after another.
    places = _by_output(reader).shape[1] // len(mask)
    silent = mask.repeat_interleave(places)
    if isinstance(reader, nn.Linear) and reader.bias is not None:
        constant = weight[:, silent] @ said.repeat_interleave(places)[silent].to(weight)
        reader.bias.add_(constant)
        renewal.taken_over[reader.bias] = renewal.taken_over.get(reader.bias, torch.zeros_like(constant)) + constant
    entries = torch.zeros_like(weight, dtype=torch.bool)
    _by_output(reader, entries)[:, silent] = True
    weight[entries] = 0.0
    renewal.mark(weight, entries)


def _refresh(
    feeder: nn.Module, norm: nn.Module | None, mask: Tensor, generator: torch.Generator, renewal: Renewal
) -> None:
    weight: Any = feeder.weight
    entries = torch.zeros_like(weight, dtype=torch.bool)
    _by_output(feeder, entries)[mask] = True
    fresh = nn.init.xavier_uniform_(torch.empty(_by_output(feeder).shape), generator=generator)
    weight[entries] = _by_output(feeder, fresh).to(weight)[entries]
    renewal.mark(weight, entries)
    starts = [
        (getattr(feeder, "bias", None), 0.0),
        (getattr(norm, "bias", None), 0.0),
        (getattr(norm, "weight", None), 1.0),
    ]
    for parameter, start in starts:
        if isinstance(parameter, Tensor):
            parameter[mask] = start
            renewal.mark(parameter, mask)
