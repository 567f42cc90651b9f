"""Reinitialise dead hidden units: new incoming weights, zero outgoing weights, so that the network's function is unchanged.

A unit is dead here if its output is the same for all examples.

References:
    The Dormant Neuron Phenomenon in Deep Reinforcement Learning (Ghada Sokar, Rishabh Agarwal, Pablo Samuel Castro, Utku
    Evci, 2023), section 4, https://arxiv.org/abs/2302.12902
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

SAME = (
    0.01  # relative to the largest output: change of the outputs that rounding in single and half precision may cause
)

EXTRAGRADIENT_BASE = "base"  # extragradient's name for the weights to which it returns


@dataclass
class Reinitialisation:
    """The changes to one player.

    Attributes:
        units: number of reinitialised units.
        entries: by parameter, a mask of its shape: the entries that were set again.
        bias_changes: by bias, the tensor that was added to it: the contribution of the dead units, which were constant.
    """

    units: int = 0
    entries: dict[Tensor, Tensor] = field(default_factory=dict)
    bias_changes: dict[Tensor, Tensor] = field(default_factory=dict)

    def mark(self, parameter: Tensor, mask: Tensor) -> None:
        """Add the entries of a parameter where `mask` holds."""
        self.entries[parameter] = self.entries.get(parameter, torch.zeros_like(mask)) | mask

    def apply_to(self, player: nn.Module, optimiser: Optimizer, average: nn.Module | None) -> None:
        """Clear the optimiser's moments of the changed entries, and make the same change in all copies of the weights.

        Args:
            player: after its change.
            optimiser: of the player; it may hold copies of the weights.
            average: the moving average of the player; None if it has none.
        """
        while isinstance(optimiser, WrappedOptimizer):
            optimiser.take_over(self.entries)
            optimiser = optimiser.base
        for parameter, mask in self.entries.items():
            for quantity, stored in optimiser.state.get(parameter, {}).items():
                if isinstance(stored, Tensor) and stored.shape == parameter.shape:
                    stored[mask] = parameter.detach()[mask] if quantity == EXTRAGRADIENT_BASE else 0.0
        copies = {} if average is None else dict(zip(player.parameters(), average.parameters(), strict=True))
        with torch.no_grad():
            for parameter, averaged in copies.items():
                if parameter in self.bias_changes:
                    averaged.add_(self.bias_changes[parameter])
                if parameter in self.entries:
                    averaged[self.entries[parameter]] = parameter[self.entries[parameter]]


def recycle(
    players: Mapping[str, nn.Module], run: Callable[[], None], generator: torch.Generator
) -> dict[str, Reinitialisation]:
    """Reinitialise the dead hidden units of networks.

    A unit is left unchanged unless its inputs and outputs are weights of linear layers or convolutions (with or without
    BatchNorm before the activation). If the outputs of a player change nevertheless, for example because a residual sum also
    reads a unit, the whole player is restored. New weights are uniform with variance 2 / (inputs + outputs).

    Args:
        players: networks by name.
        run: passes the same examples through all players, in evaluation mode.
        generator: draws the weights, on the host.

    Returns:
        The changes by player.

    References:
        Understanding the difficulty of training deep feedforward neural networks (Xavier Glorot, Yoshua Bengio, 2010),
            https://proceedings.mlr.press/v9/glorot10a.html
    """
    before = _record_pass(players, run)
    if not any(mask.any() for activity, _ in before.values() for mask in activity.dead().values()):
        return {name: Reinitialisation() for name in players}
    weights = {name: [p.detach().clone() for p in player.parameters()] for name, player in players.items()}
    with torch.no_grad():
        changes = {name: _reinitialise(*before[name], generator) for name in players}
    if not any(change.units for change in changes.values()):
        return changes
    after = _record_pass(players, run)
    for name, player in players.items():
        if not _outputs_agree(before[name][1].outputs, after[name][1].outputs):
            with torch.no_grad():
                for parameter, old in zip(player.parameters(), weights[name], strict=True):
                    parameter.copy_(old)
            changes[name] = Reinitialisation()
    return changes


def recycle_units(model: Model, state: TrainingState, run: Callable[[], None], seed: int) -> dict[str, float]:
    """Reinitialise the dead units of a model during training, also in its moving averages and optimisers.

    The new weights depend only on the seed and the step, so that a resumed run draws the same ones.

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
        changes = recycle(players, run, generator)
    for name, change in changes.items():
        average = state.averages[name].module if name in state.averages else None
        change.apply_to(players[name], state.optimisers[name], average)
    return {f"{name}/recycled_units": float(change.units) for name, change in changes.items()}


def _record_pass(players: Mapping[str, nn.Module], run: Callable[[], None]) -> dict[str, tuple[Activity, Wiring]]:
    """The activity and the wiring of every player in one pass."""
    with contextlib.ExitStack() as stack, torch.no_grad():
        recorded = {
            name: (stack.enter_context(record_activity(player)), stack.enter_context(trace_wiring(player)))
            for name, player in players.items()
        }
        run()
    return recorded


def _outputs_agree(before: list[Tensor], after: list[Tensor]) -> bool:
    """Whether outputs agree up to rounding."""
    pairs = zip(before, after, strict=True)
    return all(bool((new - old).abs().max() <= SAME * old.abs().max()) for old, new in pairs if old.numel())


def _reinitialise(activity: Activity, wiring: Wiring, generator: torch.Generator) -> Reinitialisation:
    """Reinitialise the dead units of one player."""
    dead = {call: mask for call, mask in activity.dead().items() if mask.any() and _is_simple(call, len(mask), wiring)}
    change = Reinitialisation(units=sum(int(mask.sum()) for mask in dead.values()))
    # All outgoing weights first: zeros set later would overwrite the new incoming weights of dead units in the next layer.
    for call, mask in dead.items():
        for reader in wiring.readers[call]:
            _zero_outgoing(reader, mask, activity.ranges[call][0], change)
    for call, mask in dead.items():
        _draw_incoming(wiring.feeds[call], wiring.norms.get(call), mask, generator, change)
    return change


def _is_simple(call: Call, units: int, wiring: Wiring) -> bool:
    """Whether all layers that feed and read these units are known, run once in a pass, and have weights for each unit."""
    feeder, readers = wiring.feeds.get(call), wiring.readers.get(call)
    if feeder is None or not readers or call in wiring.others:
        return False
    layers: list[Any] = [feeder, *readers]
    if any(wiring.calls[layer] > 1 or (isinstance(layer, _ConvNd) and layer.groups > 1) for layer in layers):
        return False
    return _by_output(feeder).shape[0] == units and not any(_by_output(reader).shape[1] % units for reader in readers)


def _by_output(layer: nn.Module, tensor: Tensor | None = None) -> Tensor:
    """View of a layer's weights, or of a tensor of their shape, as (outputs, inputs, ...)."""
    weights: Any = layer.weight if tensor is None else tensor
    ordered: Tensor = weights.transpose(0, 1) if isinstance(layer, _ConvTransposeNd) else weights
    return ordered


def _zero_outgoing(reader: nn.Module, mask: Tensor, constants: Tensor, change: Reinitialisation) -> None:
    """Set the weights with which a layer reads dead units to 0.

    The bias of a linear layer absorbs the units' constant outputs. The bias of a convolution cannot, because of its padding.

    Args:
        reader: the layer.
        mask: (units,) True for dead units.
        constants: (units,) the output of each dead unit, the same for every example.
        change: records the change.
    """
    weight: Any = reader.weight
    # A flattened channel is several consecutive inputs.
    inputs_per_unit = _by_output(reader).shape[1] // len(mask)
    dead = mask.repeat_interleave(inputs_per_unit)
    if isinstance(reader, nn.Linear) and reader.bias is not None:
        constant = weight[:, dead] @ constants.repeat_interleave(inputs_per_unit)[dead].to(weight)
        reader.bias.add_(constant)
        change.bias_changes[reader.bias] = change.bias_changes.get(reader.bias, torch.zeros_like(constant)) + constant
    entries = torch.zeros_like(weight, dtype=torch.bool)
    _by_output(reader, entries)[:, dead] = True
    weight[entries] = 0.0
    change.mark(weight, entries)


def _draw_incoming(
    feeder: nn.Module, norm: nn.Module | None, mask: Tensor, generator: torch.Generator, change: Reinitialisation
) -> None:
    """Draw new incoming weights of dead units, and reset their biases and their BatchNorm parameters."""
    weight: Any = feeder.weight
    entries = torch.zeros_like(weight, dtype=torch.bool)
    _by_output(feeder, entries)[mask] = True
    fresh = nn.init.xavier_uniform_(torch.empty(_by_output(feeder).shape), generator=generator)
    weight[entries] = _by_output(feeder, fresh).to(weight)[entries]
    change.mark(weight, entries)
    starts = [
        (getattr(feeder, "bias", None), 0.0),
        (getattr(norm, "bias", None), 0.0),
        (getattr(norm, "weight", None), 1.0),
    ]
    for parameter, start in starts:
        if isinstance(parameter, Tensor):
            parameter[mask] = start
            change.mark(parameter, mask)
