"""One game for all replicas: a template whose weights are replaced by those of each replica, under `vmap`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.utils.parametrizations import _SpectralNorm

from saddlepoint import models
from saddlepoint.data.event import Event
from saddlepoint.data.missing_labels import complete_labels
from saddlepoint.errors import SettingError
from saddlepoint.lanes.optimisers import STACKED
from saddlepoint.lanes.per_replica import PerReplica
from saddlepoint.lanes.replica import Replica, differing, replaced
from saddlepoint.lanes.scaling import ReplicaScaling, stacked_numbers
from saddlepoint.models.base import Model

Tensors = dict[str, Tensor]
Build = Callable[[Any, Event, int], Model]
Pieces = list[Tensor]  # a player's trainable parameters, in one flat tensor or several

# Settings that are stored in weights or buffers, so that they differ between replicas once these are stacked.
IN_WEIGHTS = frozenset({"observation_std"})


class Entry(NamedTuple):
    """One trainable tensor of a player.

    Attributes:
        name: in the table.
        shape: in one replica.
        start: index of its first number in the player's stack.
    """

    name: str
    shape: torch.Size
    start: int

    @property
    def stop(self) -> int:
        """The end of the tensor in the stack."""
        return self.start + self.shape.numel()


def build(settings: Any, event: Event, seed: int) -> Model:
    """A model of the built-in families."""
    return models.build(settings, event, seed=seed)


class _Table(nn.Module):
    """The template's players and the numbers that differ between replicas, so that `functional_call` can replace all of them."""

    def __init__(self, model: Model, scalars: Mapping[str, PerReplica]) -> None:
        super().__init__()
        self.players = nn.ModuleDict(model.players)
        self.numbers = nn.Module()
        self._model = model
        for position, scalar in enumerate(scalars.values()):
            key = f"number{position}"
            self.numbers.register_buffer(key, torch.tensor(scalar.values[0], dtype=torch.float32))
            scalar.bind(self.numbers, key)

    def forward(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(self._model, *arguments)


class StackedGame:
    """The stacked models of all replicas.

    Attributes:
        template: the model that computes for every replica; its settings hold a `PerReplica` where replicas differ.
        models: one per replica, without weights: for their settings, scaling and noise.
        weights: by player, the trainable parameters of all replicas, (S, P).
        apart: whether every tensor of a player is a piece of its own. One piece for all of them needs fewer operators, but joining
            tensors keeps a compiler from fusing them.
        fixed: everything that is not trained, by name in the table, (S, ...): buffers, frozen weights, numbers that differ.
    """

    def __init__(self, replicas: Sequence[Replica], make: Build = build) -> None:
        """Build and stack the models.

        Args:
            replicas: settings and data of each run.
            make: (model settings, event, seed) -> Model.

        Raises:
            SettingError: the replicas would not be independent of each other, or cannot be stacked.
        """
        self.apart = False
        columns = differing(replicas)
        scalars = {
            name: PerReplica(f"model.{name}", values) for name, values in columns.items() if name not in IN_WEIGHTS
        }
        first = replicas[0]
        self.template = make(replaced(first.model, dict(scalars)), first.dataset.event, first.training.seed)
        check_independent(self.template, replicas)
        self.table = _Table(self.template, scalars)
        self.entries: dict[str, list[Entry]] = {}
        fixed: dict[str, list[Tensor]] = {}
        stacks: dict[str, list[Tensor]] = {}
        self.models = []
        players = list(dict.fromkeys(phase.player for phase in self.template.phases))
        for name in players:
            self.entries[name] = _entries(self.template, name)
        trained = _with_ties(self.table, {entry.name for entries in self.entries.values() for entry in entries})
        for replica in replicas:
            model = make(replica.model, replica.dataset.event, replica.training.seed)
            if replica is first:
                check_stateless(model)
            state = dict(nn.ModuleDict(model.players).state_dict(keep_vars=False))
            state = {f"players.{key}": value.detach() for key, value in state.items()}
            for name in players:
                stacks.setdefault(name, []).append(
                    torch.cat([state[entry.name].reshape(-1) for entry in self.entries[name]])
                )
            for key, value in state.items():
                if key not in trained:
                    fixed.setdefault(key, []).append(value)
            model.players = {}  # they are in the stack now
            self.models.append(model)
        self.weights = {name: torch.stack(parts) for name, parts in stacks.items()}
        self.fixed = {name: torch.stack(parts) for name, parts in fixed.items()}
        for position, scalar in enumerate(scalars.values()):
            self.fixed[f"numbers.number{position}"] = torch.tensor(scalar.values, dtype=torch.float32)
        scalings = [model.scaling for model in self.models]
        if any(scaling != scalings[0] for scaling in scalings):
            scale, offset = stacked_numbers(scalings)
            self.fixed |= {"numbers.scale": scale, "numbers.offset": offset}
            numbers = self.table.numbers
            numbers.register_buffer("scale", scale[0])
            numbers.register_buffer("offset", offset[0])
            self.template.scaling = ReplicaScaling(
                self.template.event,
                lambda: (numbers.get_buffer("scale"), numbers.get_buffer("offset")),
                self.template.scaling.groups,
            )

    def call(self, tensors: Tensors, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return `function(template, *arguments)`, computed with the tensors of one replica.

        Args:
            tensors: by name in the table.
            function: takes the template and the arguments.
            *arguments: of the function.
        """
        return functional_call(self.table, tensors, (function, *arguments))

    def split(self, player: str, stack: Tensor) -> Pieces:
        """A player's stack (S, P) split into pieces (S, P_i), as `cuts` says."""
        return [stack[:, entries[0].start : entries[-1].stop] for entries in self.cuts(player)]

    def cuts(self, player: str) -> list[list[Entry]]:
        """The player's tensors by piece: all in one piece, or each in its own."""
        entries = self.entries[player]
        return [[entry] for entry in entries] if self.apart else [entries]

    def tensors(self, player: str, pieces: Pieces) -> Tensors:
        """A replica's tensors by name, as views of its pieces (P_i,)."""
        return {
            entry.name: piece[entry.start - entries[0].start : entry.stop - entries[0].start].view(entry.shape)
            for entries, piece in zip(self.cuts(player), pieces, strict=True)
            for entry in entries
        }

    def pieces(self, player: str, tensors: Tensors) -> Pieces:
        """The inverse of `tensors`."""
        parts = [[tensors[entry.name].reshape(-1) for entry in entries] for entries in self.cuts(player)]
        return [part[0] if len(part) == 1 else torch.cat(part) for part in parts]


def check_independent(model: Model, replicas: Sequence[Replica]) -> None:
    """Check that the replicas can be trained independently of each other.

    Args:
        model: any of the replicas' models.
        replicas: all of the group.

    Raises:
        SettingError: something would couple the replicas, or draw random numbers outside of them.
    """
    for phase in model.phases:
        if not phase.gradient:
            raise SettingError(
                f"model.family {model.family}: its {model.roles.get(phase.player, phase.player)} learns without gradients, "
                "which replicas cannot do: train one run at a time."
            )
        if phase.also:
            raise SettingError(
                f"model.family {model.family}: one loss trains {' and '.join(model.roles[name] for name in phase.players)}, "
                "which replicas cannot do: train one run at a time."
            )
    for name, player in model.players.items():
        role = model.roles[name]
        for path, layer in player.named_modules():
            if isinstance(layer, _NormBase) and layer.track_running_stats:
                raise SettingError(
                    f"model.{role}: {type(layer).__name__} ({path}) keeps running statistics, which replicas that are trained "
                    "together cannot have: train without it, or one run at a time."
                )
            if isinstance(layer, _SpectralNorm):
                raise SettingError(
                    f"model.constraints: the spectral normalisation of the {role} changes its vectors in place, which replicas "
                    "cannot have each for itself: train without it, or one run at a time."
                )
            if isinstance(layer, _DropoutNd):
                raise SettingError(
                    f"model.{role}: {type(layer).__name__} ({path}) draws from torch's global generator, which all replicas "
                    "would share: train without it, or one run at a time."
                )
        for replica in replicas:
            if replica.training.player(role).clip_norm is not None:
                raise SettingError(
                    f"training: the {role}'s gradients are clipped by their norm (clip_norm), which replicas trained at once "
                    "do not do: leave clip_norm out, or train one run at a time."
                )
            if replica.training.player(role).name not in STACKED:
                raise SettingError(
                    f"training: the optimiser of the {role}, {replica.training.player(role).name}, cannot be used for replicas: choose one of "
                    f"{', '.join(STACKED)}, or train one run at a time."
                )
    for replica in replicas:
        complete = complete_labels(replica.dataset) is not None
        if model.labelled_share(complete=complete) is not None or (model.classes is not None and not complete):
            raise SettingError(
                f"model.family {model.family}: batches of examples with and without labels are not drawn for replicas: train one run at a time."
            )
    if any(replica.training.precision == "bf16" for replica in replicas):
        raise SettingError("training.precision: replicas compute in fp32: leave bf16 out, or train one run at a time.")
    if any(replica.training.recycle_every for replica in replicas):
        raise SettingError(
            "training.recycle_every: replicas recycle no units: leave it out, or train one run at a time."
        )


def check_stateless(model: Model) -> None:
    """Check that a game has no state between steps other than its weights. Draws noise from the model.

    Args:
        model: the game.

    Raises:
        SettingError: it has other state.
    """
    if model.after_update:
        raise SettingError(
            "model.constraints: a constraint that changes the weights after each update is not stacked: leave it out, or "
            "train one run at a time."
        )
    for phase in model.phases:
        model.noise(phase, 1, 0, torch.Generator())
    if model.extra_state():
        raise SettingError(
            "model: this game has state of its own between steps (experience replay, for example), which replicas cannot have: "
            "train without it, or one run at a time."
        )


def _with_ties(table: nn.Module, names: set[str]) -> set[str]:
    """The names, and all other names of the same weights."""
    every = dict(table.named_parameters(remove_duplicate=False))
    tied = {id(every[name]) for name in names}
    return {name for name, parameter in every.items() if id(parameter) in tied}


def _entries(model: Model, player: str) -> list[Entry]:
    found: list[Entry] = []
    start = 0
    for name, parameter in model.players[player].named_parameters():
        if parameter.requires_grad:
            found.append(Entry(f"players.{player}.{name}", parameter.shape, start))
            start = found[-1].stop
    if not found:
        raise SettingError(f"model.{model.roles[player]} has no trainable parameters, so it cannot be trained.")
    return found
