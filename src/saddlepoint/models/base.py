"""The base class of models: a model is a game whose players are networks.

The training loop plays the game. After training, a model is a `GenerativeModel`: evaluation and all applications depend only
on that protocol and on the other protocols of `saddlepoint.models.capabilities`.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Set
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import torch
from torch import Tensor, nn

from saddlepoint.arguments import check_count, shown
from saddlepoint.data.capacity import require_memory
from saddlepoint.data.event import Event, Scaling
from saddlepoint.errors import SettingError, suggestion
from saddlepoint.models.arrays import Numbers, as_tensor, check_generator
from saddlepoint.models.capabilities import (
    CompletesByClass,
    Conditional,
    HasClassDensity,
    HasPosterior,
    SamplesClasses,
)
from saddlepoint.models.description import Described
from saddlepoint.models.labels import check_labels
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.networks.layers import batch_norm_layers
from saddlepoint.networks.layout import lay_out
from saddlepoint.objectives.phase import Noise, Phase

NETWORKS = {"trunk": "encoder"}  # submodules of a player -> their names in settings


class Model(Described, ABC):
    """A game: players, phases, and their noise. The class has only the parts that all families have in common.

    Parts of some families (codes, a density, their own series) are capabilities: `saddlepoint.models.capabilities`. A
    model without networks has no players; its state is in `extra_state`, and its phases learn without gradients.

    Attributes:
        players: the networks by their short names in series ("d", "g", "vae", "ae").
        roles: short names to names in settings: {"d": "discriminator", "g": "generator"}. It also has the names of parts
            that phases without gradient update.
        selection_metric: the selection metric: the series by which the steps of a run are compared, and 1 if larger values are
            better, -1 if smaller ones are.
        averaged: the players that may have a moving average for sampling.
        phases: the phases of one training step, in order.
        after_update: by player, a function that is called with its network after each of its updates, whichever phase
            updates it; for example a projection of the weights onto a constraint.
        notes: sentences for the user, reported before training.
        trained_steps: the step of the checkpoint with these weights; None if they are not from a checkpoint.
        classes: the number of classes that can be sampled by label; None if the model takes no labels.
        pass_steps: the number of training steps in one pass over the data; None before training.
    """

    family: ClassVar[str]
    averaged: tuple[str, ...] = ()
    selection_metric: ClassVar[tuple[str, Literal[1, -1]]] = ("quality/energy_distance", -1)
    classes: int | None = None
    pass_steps: int | None = None
    _device = torch.device("cpu")  # for models without weights

    def __init__(
        self, event: Event, scaling: Scaling, players: Mapping[str, nn.Module], roles: Mapping[str, str]
    ) -> None:
        self.event = event
        self.scaling = scaling
        self.players = dict(players)
        self.roles = dict(roles)
        self.trained_steps: int | None = None
        self.notes: tuple[str, ...] = ()
        self.after_update: Mapping[str, Callable[[nn.Module], None]] = {}

    @classmethod
    def check_settings(cls, settings: Any, classes: int | None = None) -> None:
        """Check that the parts that the settings name can be combined, as far as this does not depend on the data.

        Args:
            settings: of the family.
            classes: number of classes in the data, 0 without labels; None if it is unknown. Less is checked then.

        Raises:
            SettingError: a part forbids another one or is invalid.
        """

    def labelled_share(self, *, complete: bool) -> float | None:
        """Return the share of a batch that has labels, for a model that learns from examples of both kinds.

        Args:
            complete: whether all labels are known.

        Returns:
            The share, above 0 and below 1 (see `saddlepoint.data.mixed_batches`); None for a model that takes batches as they come.
        """
        return None

    def check_first_batch(self, examples: int, labels: Tensor | None) -> None:
        """Check that the first batch is large enough for the first step.

        Args:
            examples: number of examples in a batch.
            labels: (B,) of the first batch, in any order; None if they are not known.

        Raises:
            DataError: it is too small.
        """

    @property
    @abstractmethod
    def phases(self) -> tuple[Phase, ...]:
        """The phases of one training step, in order."""

    @abstractmethod
    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> Noise:
        """Draw all random numbers of one update.

        Args:
            phase: of the update.
            n: number of examples in the batch.
            step: of training.
            generator: draws the numbers.

        Returns:
            The random numbers, and scalars that depend on the step, such as the weight of KL in its warm-up. All are on the
            device of the generator.
        """

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """Draw samples.

        Args:
            n: how many.
            labels: (n,) int64, classes from 0 to `classes` - 1. A model of classes without given labels draws them with the shares of its
                training data; a model without classes takes None.
            generator: draws all random numbers; None takes torch's global generator.

        Returns:
            (n, *event) in the data's units.

        Raises:
            RunError: a part that is fitted after training was not fitted.
            SettingError: an argument is invalid.
        """
        return self._sample(self.check_request(n, labels, generator), labels, generator)

    @abstractmethod
    def _sample(self, n: int, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """What `sample` returns; its arguments were checked."""

    def lacks(self, capability: type) -> str | None:
        """Explain why this instance lacks a capability of its class.

        Args:
            capability: a protocol of `saddlepoint.models.capabilities`.

        Returns:
            The reason; None if it has the capability.
        """
        by_class = capability in (SamplesClasses, Conditional, HasClassDensity, HasPosterior, CompletesByClass)
        return "it was trained without labels." if by_class and self.classes is None else None

    def player_inputs(self, x: Tensor, generator: torch.Generator | None) -> dict[str, tuple[Tensor, ...]]:
        """Return the arguments of a forward pass of every player, as in training.

        Args:
            x: (B, *event) examples in the model's units.
            generator: draws the noise; None for noise of zeros.
        """
        return dict.fromkeys(self.players, (x,))

    def run_players(self, x: Tensor, generator: torch.Generator | None) -> None:
        """Run every player once, for callers that observe its layers with hooks.

        Args:
            x: (B, *event) examples in the model's units.
            generator: draws the noise; None for noise of zeros.
        """
        for name, arguments in self.player_inputs(x, generator).items():
            self.players[name](*arguments)

    def extra_state(self) -> dict[str, Tensor]:
        """Return the tensors that a checkpoint must hold in addition to the players' weights."""
        return {}

    @property
    def state_names(self) -> Set[str]:
        """Names of tensors that `extra_state` always returns after the first step: a checkpoint without them is of another model."""
        return frozenset()

    def unread_state(self, names: Set[str]) -> Set[str]:
        """Return the names of saved tensors of `extra_state` that no part of the model reads: those of a part that was removed.

        Args:
            names: of all saved tensors.
        """
        return frozenset()

    def load_extra_state(self, state: Mapping[str, Tensor]) -> None:
        """Restore what `extra_state` returned."""

    @property
    def device(self) -> torch.device:
        """The device of the players; for a model without weights, the device it was moved to."""
        first = next(self._weights(), None)
        return self._device if first is None else first.device

    @property
    def dtype(self) -> torch.dtype:
        """The floating-point type of the players' weights; float32 for a model without weights."""
        first = next((weight for weight in self._weights() if weight.is_floating_point()), None)
        return torch.float32 if first is None else first.dtype

    def _weights(self) -> Iterator[Tensor]:
        """Parameters first, since buffers may hold counters."""
        for player in self.players.values():
            yield from player.parameters()
        for player in self.players.values():
            yield from player.buffers()

    @property
    def output_range(self) -> tuple[float, float] | None:
        """Lowest and highest value of samples in the model's units; None if the range is unbounded or unknown."""
        return None

    def output_network(self) -> tuple[nn.Module, Callable[[Tensor], Tensor]] | None:
        """Return the network whose last layer determines the output range.

        Returns:
            The network, which takes codes (B, latent), and the function that turns its output into samples. None if
            `output_range` is final.
        """
        return None

    @property
    def normalises_batches(self) -> bool:
        """Whether a player normalises by the statistics of its batch."""
        return bool(batch_norm_layers(*self.players.values()))

    def to(self, device: torch.device | str) -> Self:
        """Move the players to a device.

        Returns:
            The model itself.

        Raises:
            SettingError: this machine has no such device.
        """
        try:
            for player in self.players.values():
                player.to(device)
            self._device = torch.device(device)
        except (RuntimeError, TypeError, AssertionError) as error:
            if "out of memory" in str(error):
                raise
            raise SettingError(
                f"to: the model cannot be moved to {shown(device)} ({' '.join(str(error).split())[:80]}); give a device of "
                "this machine, such as cpu or cuda."
            ) from None
        return self

    def at_rest(self) -> contextlib.AbstractContextManager[None]:
        """Context manager: the players are in evaluation mode without gradients; afterwards every layer's mode is restored."""
        return evaluating(*self.players.values())

    def lay_out(self) -> None:
        """Convert players with 2d convolutions to the memory layout in which they are fastest."""
        for player in self.players.values():
            lay_out(player)

    def model_units(self, x: Numbers) -> Tensor:
        """Convert examples to the model's units, and to the type and device of its players.

        Args:
            x: (N, *event) in the data's units.

        Returns:
            (N, *event) in the model's units.

        Raises:
            SettingError: x does not have the shape (N, *event).
        """
        x = as_tensor(x)
        if tuple(x.shape[1:]) != self.event.shape:
            raise SettingError(
                f"A batch has shape {tuple(x.shape)}, but examples of this {self.family} have shape {self.event.shape}: give a "
                f"batch of shape (N, {', '.join(map(str, self.event.shape))})."
            )
        return self.scaling.to_model(x.to(self.device)).to(self.dtype)

    def check_request(self, n: int, labels: Tensor | None, generator: torch.Generator | None = None) -> int:
        """Check the arguments of `sample`.

        Args:
            n: number of samples.
            labels: (n,) classes from 0 to `classes` - 1, or None.
            generator: a torch.Generator, or None.

        Returns:
            n as an int.

        Raises:
            SettingError: n is not a whole number of at least 0; labels are given to a model without labels, or are not n
                valid classes; or the generator is not a torch.Generator.
            DataError: the samples do not fit into memory.
        """
        n = check_count("sample", "the number of samples", n)
        if labels is not None:
            check_labels("sample", "sample", n, labels, self.classes, self.family)
        check_generator("sample", generator)
        require_memory(4 * n * self.event.size, f"sample: {n:,} samples", "ask for fewer at a time")
        return n

    def labels_for(self, where: str, x: Numbers, labels: Tensor | None, *, unknown: bool = False) -> Tensor | None:
        """Check labels of examples.

        Args:
            where: the name of the caller in error messages.
            x: (N, *event).
            labels: (N,) int64, or None.
            unknown: whether a label may be -1, an unknown class.

        Returns:
            The labels on the model's device; None where none are given.

        Raises:
            SettingError: labels are given to a model without labels, or are not N valid classes.
        """
        if labels is None:
            return None
        check_labels(where, "example", len(x), labels, self.classes, self.family, lowest=-1 if unknown else 0)
        return labels.to(self.device)

    if not TYPE_CHECKING:  # a type checker would accept every misspelt attribute as a network

        def __getattr__(self, name: str) -> nn.Module:
            """Return a player or network by its name in settings: `model.generator`, `model.encoder`."""
            players = self.__dict__.get("players", {})
            named = {role: players[short] for short, role in self.__dict__.get("roles", {}).items() if short in players}
            if name in named:
                player: nn.Module = named[name]
                return player
            if not name.startswith("_") and len(players) == 1:  # encoder and decoder are parts of the one player
                (player,) = players.values()
                parts = {NETWORKS.get(part, part): module for part, module in player.named_children()}
                if name in ("encoder", "decoder") and name in parts:
                    return parts[name]
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}.{suggestion(name, named)}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.__dict__.get("roles", {}).values()})
