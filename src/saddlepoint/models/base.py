"""A model is a game whose players are networks; trained, it is what the user holds.

`Model` is what the training loop plays, and, trained, a `GenerativeModel`: evaluation and all applications rely on that
contract and on the protocols of `saddlepoint.models.capabilities` alone.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from saddlepoint.arguments import check_count, shown
from saddlepoint.data.capacity import require_memory
from saddlepoint.data.dataset import Event, Scaling
from saddlepoint.errors import SettingError, suggestion
from saddlepoint.markup import Markup, html, joined
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.networks.layout import lay_out
from saddlepoint.objectives.phase import Noise, Phase

NETWORKS = {"trunk": "encoder"}  # parts of a player by the names that settings give them
# Rows at a time: convolutions run twice as fast on batches whose activations fit the processor's cache.
CHUNK = 250

Numbers = Tensor | npt.NDArray[Any]


class Model(ABC):
    """A game: players, phases, and the noise they need. It has what every family has, and nothing else.

    What only some families have (codes, a density, series of their own) is a capability:
    `saddlepoint.models.capabilities`. A model may have no players at all, where what it learns is no network: it then
    keeps its state in `extra_state` and learns in phases without gradient.

    Attributes:
        players: the networks, by the short names that series carry ("d", "g", "vae", "ae").
        roles: the same players by the names that settings carry: {"d": "discriminator", "g": "generator"}. It also names
            what a phase without gradient updates.
        judged_by: the series by which the steps of a run are compared, and whether more (1) or less (-1) of it is better.
        averaged: the players of which the training loop may keep a moving average for sampling.
        phases: what one training step does, in order.
        notes: sentences for the user, shown before training.
        trained_steps: of the checkpoint that the weights come from; None where they come from no checkpoint.
        classes: how many classes a sample may be asked for by label; None where the model takes no labels.
    """

    family: ClassVar[str]
    averaged: ClassVar[tuple[str, ...]] = ()
    judged_by: ClassVar[tuple[str, Literal[1, -1]]] = ("quality/energy_distance", -1)
    classes: int | None = None
    _device = torch.device("cpu")  # of a model without tensors

    def __init__(
        self, event: Event, scaling: Scaling, players: Mapping[str, nn.Module], roles: Mapping[str, str]
    ) -> None:
        self.event = event
        self.scaling = scaling
        self.players = dict(players)
        self.roles = dict(roles)
        self.trained_steps: int | None = None
        self.notes: tuple[str, ...] = ()

    @property
    @abstractmethod
    def phases(self) -> tuple[Phase, ...]:
        """The phases of one training step, in order."""

    @abstractmethod
    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> Noise:
        """All random numbers of `phase` for a batch of `n`, and scalars that depend on the step (a KL weight that warms
        up), on the generator's device."""

    @abstractmethod
    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """(n, *event) samples in the data's own units."""

    def lacks(self, capability: type) -> str | None:
        """Why this instance lacks a capability that its class has; None where it has it.

        Args:
            capability: a protocol of `saddlepoint.models.capabilities`.
        """
        return None

    def player_inputs(self, x: Tensor, generator: torch.Generator | None) -> dict[str, tuple[Tensor, ...]]:
        """The arguments of one forward pass of every player, as training gives them.

        Args:
            x: (B, *event) examples in the model's units.
            generator: of the noise; None takes zeros.
        """
        return dict.fromkeys(self.players, (x,))

    def run_players(self, x: Tensor, generator: torch.Generator | None) -> None:
        """Run every player once on examples x (B, *event) in the model's units, for those who observe its layers."""
        for name, arguments in self.player_inputs(x, generator).items():
            self.players[name](*arguments)

    def extra_state(self) -> dict[str, Tensor]:
        """Tensors beside the players' weights that a checkpoint must hold."""
        return {}

    def load_extra_state(self, state: Mapping[str, Tensor]) -> None:
        """Undo `extra_state`."""

    @property
    def device(self) -> torch.device:
        """Where the players are; of a model without weights, where it was moved to."""
        first = next(self._weights(), None)
        return self._device if first is None else first.device

    @property
    def dtype(self) -> torch.dtype:
        """The type of the players' numbers; float32 for a model without weights."""
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
        """The range of samples in the model's units; None where it is unbounded or unknown."""
        return None

    def output_network(self) -> tuple[nn.Module, Callable[[Tensor], Tensor]] | None:
        """The network of codes (B, latent) whose last layer decides the range of samples, and the function that turns its
        output into samples; None where `output_range` says all that is known."""
        return None

    @property
    def normalises_batches(self) -> bool:
        """Whether a player normalises by the statistics of its batch."""
        layers = (layer for player in self.players.values() for layer in player.modules())
        return any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in layers)

    def to(self, device: torch.device | str) -> Self:
        """Move the players; returns the model itself."""
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
        """Within it the players are in evaluation mode and make no gradients; every layer's mode returns after."""
        return evaluating(*self.players.values())

    def lay_out(self) -> None:
        """Bring players with planar convolutions to the memory layout in which they are fastest."""
        for player in self.players.values():
            lay_out(player)

    def model_units(self, x: Numbers) -> Tensor:
        """Convert examples (N, *event) in the data's units to the players' units, type and device.

        Raises:
            SettingError: x is no batch of this model's events.
        """
        x = as_tensor(x)
        if tuple(x.shape[1:]) != self.event.shape:
            raise SettingError(
                f"A batch of shape {tuple(x.shape)} came where this {self.family} works on examples of shape "
                f"{self.event.shape}: give (N, {', '.join(map(str, self.event.shape))})."
            )
        return self.scaling.to_model(x.to(self.device)).to(self.dtype)

    def check_request(self, n: int, labels: Tensor | None, generator: torch.Generator | None = None) -> int:
        """Check what `sample` is asked for.

        Args:
            n: how many samples.
            labels: (n,) classes from 0 to `classes` - 1; None for none.
            generator: of torch's, or None.

        Returns:
            n as an int.

        Raises:
            SettingError: n is no whole number of at least 0; labels are given to a model that takes none, or are not n of
                its classes; or the generator is none of torch's.
            DataError: so many samples do not fit into memory.
        """
        n = check_count("sample", "the number of samples", n)
        if labels is not None:
            self._check_labels(n, labels)
        check_generator("sample", generator)
        require_memory(4 * n * self.event.size, f"sample: {n:,} samples", "ask for fewer at a time")
        return n

    def _check_labels(self, n: int, labels: Tensor) -> None:
        if self.classes is None:
            raise SettingError(
                f"sample: this {self.family} was trained without labels and cannot be asked for one: leave labels out."
            )
        whole = isinstance(labels, Tensor) and not labels.is_floating_point() and not labels.is_complex()
        if not whole or tuple(labels.shape) != (n,):
            raise SettingError(
                f"sample: labels is {shown(labels)}; give one whole number a sample, a tensor of shape ({n},)."
            )
        if n and not (int(labels.min()) >= 0 and int(labels.max()) < self.classes):
            raise SettingError(
                f"sample: labels range from {int(labels.min())} to {int(labels.max())}, and this {self.family} has "
                f"{self.classes} classes: give labels from 0 to {self.classes - 1}."
            )

    if not TYPE_CHECKING:  # a type checker would take every misspelt attribute for a network

        def __getattr__(self, name: str) -> nn.Module:
            """A player or network by the name that settings give it: `model.generator`, `model.encoder`."""
            players = self.__dict__.get("players", {})
            named = {role: players[short] for short, role in self.__dict__.get("roles", {}).items() if short in players}
            if name in named:
                found: nn.Module = named[name]
                return found
            if not name.startswith("_") and len(players) == 1:  # encoder and decoder are parts of the one player
                (player,) = players.values()
                parts = {NETWORKS.get(part, part): module for part, module in player.named_children()}
                if name in ("encoder", "decoder") and name in parts:
                    return parts[name]
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}.{suggestion(name, named)}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.__dict__.get("roles", {}).values()})

    def __repr__(self) -> str:
        facts = self._facts()
        return f"{type(self).__name__}({facts.pop('one example')}: {', '.join(facts.values())})"

    def _repr_html_(self) -> Markup:
        cells = joined(html("<tr><td>{}</td><td>{}</td></tr>", name, fact) for name, fact in self._facts().items())
        return html("<p><b>{}</b></p><table>{}</table>", type(self).__name__, cells)

    def _facts(self) -> dict[str, str]:
        """What a user wants to see of a model in a terminal or a notebook."""
        facts = {"one example": f"{self.event.kind} of {'x'.join(map(str, self.event.shape))}"}
        facts |= self._more_facts()
        facts |= {role: f"{role} {count:,} parameters" for role, count in self.parameter_counts().items()}
        return facts | ({} if self.trained_steps is None else {"trained": f"{self.trained_steps:,} steps"})

    def _more_facts(self) -> dict[str, str]:
        """Those of a family alone."""
        return {}

    def parameter_counts(self) -> dict[str, int]:
        """Trainable numbers by role."""
        return {
            self.roles[name]: sum(p.numel() for p in player.parameters() if p.requires_grad)
            for name, player in self.players.items()
        }


def as_tensor(x: Numbers, what: str = "Examples") -> Tensor:
    """x itself, or an array's numbers as a tensor (N, ...). Raises SettingError for what is no array of real numbers."""
    try:
        # Copied: torch takes no array that is read-only or runs backwards.
        found = x if isinstance(x, Tensor) else torch.from_numpy(np.array(x))
    except (TypeError, ValueError, RuntimeError):
        raise SettingError(
            f"{what} of type {type(x).__name__} are not an array of numbers; give a tensor or an array (N, ...)."
        ) from None
    if found.ndim == 0 or found.is_complex():
        kind = "are complex numbers" if found.is_complex() else "are a single number"
        raise SettingError(f"{what} {kind}; give a tensor or an array of real numbers (N, ...).")
    return found


def check_generator(where: str, generator: torch.Generator | None) -> None:
    """Raise SettingError where `generator` is neither None nor one of torch's."""
    if generator is not None and not isinstance(generator, torch.Generator):
        raise SettingError(
            f"{where}: generator is {shown(generator)}; give torch.Generator().manual_seed(0), with a seed of your own."
        )


def in_chunks(function: Callable[[Tensor], Tensor], x: Numbers, size: int = CHUNK) -> Tensor:
    """`function(x)` for a function that treats rows alone, `size` rows at a time so that memory stays small.

    A single row that would be left over goes with those before it: networks that normalise by the batch take no batch of
    one.

    Raises:
        SettingError: the network normalises by the batch, and x is one row.
    """
    x = as_tensor(x)
    parts = list(torch.split(x, size))
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [torch.cat(parts[-2:])]
    try:
        return torch.cat([function(part) for part in parts])
    except ValueError as error:
        if len(x) != 1 or "more than 1 value per channel" not in str(error):
            raise
        raise SettingError(
            "A network here normalises by the batch (a BatchNorm without running statistics), and a batch of one example "
            "has no statistics: ask for two or more, or give the layer track_running_stats=True."
        ) from error
