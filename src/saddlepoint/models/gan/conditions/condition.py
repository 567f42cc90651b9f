"""The contract of a condition: how one player uses the labels of examples.

A condition turns a network without labels into one that takes them: as part of its input, in its layers, in a term of the logit, or
in a further output (a head) with its own cost. The composer (`saddlepoint.objectives.adversarial.game`) calls both networks with
`labels=`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from saddlepoint.objectives.adversarial.heads import Head

Shape = tuple[int, ...]


class Codes(NamedTuple):
    """Numbers that the generator takes besides its noise.

    Attributes:
        size: numbers for each example.
        draw: (n, generator) -> (n, size).
        categories: number of values of each categorical code; they come first, as one number for each value.
        continuous: number of continuous codes in [-1, 1], which come last.
    """

    size: int
    draw: Callable[[int, torch.Generator | None], Tensor]
    categories: tuple[int, ...] = ()
    continuous: int = 0


class Condition:
    """A condition of one player. A subclass overrides what it needs; the defaults change nothing.

    Attributes:
        roles: the players that can have it.
        uses_labels: whether it needs the labels of the data.
        supervises: whether the discriminator alone needs the labels, of which some may be missing, as targets of a head.
        decides: the head whose outputs make the logit, as the logarithm of the sum of their exponentials; None for a logit of its own.
        labelled: where labels supervise, the share of a batch that has some.
        forbids: settings that cannot be combined with it, with the reason; a subclass adds to those of this class.
    """

    roles: ClassVar[tuple[str, ...]] = ("generator", "discriminator")
    uses_labels: ClassVar[bool] = True
    supervises: ClassVar[bool] = False
    decides: ClassVar[str | None] = None
    labelled: float | None = None
    forbids: ClassVar[Mapping[str, str]] = {"replay.share": "old examples are kept without their labels"}

    def inputs(self, shape: Sequence[int], axis: int, classes: int) -> Shape:
        """Return the shape of the network's input.

        Args:
            shape: of the player's input, without labels.
            axis: of `shape` that holds channels.
            classes: number of classes.
        """
        return tuple(shape)

    def wrap(self, network: nn.Module, axis: int, classes: int) -> nn.Module:
        """Return a module that takes (input, labels=...) and passes further arguments on to the network.

        Args:
            network: the network of the settings, which takes inputs of the shape that `inputs` returns. A discriminator that
                scores packs is wrapped as a whole.
            axis: of the input's shape that holds channels.
            classes: number of classes.
        """
        return network

    @property
    def has_score(self) -> bool:
        """Whether `score` returns a module."""
        return type(self).score is not Condition.score

    def score(self, features: int, classes: int) -> nn.Module | None:
        """Return a module (features (B, F), labels) -> (B,) that is added to the discriminator's logit; None for no term.

        Args:
            features: F, the number of features before the logit.
            classes: number of classes.
        """
        return None

    def heads(self, classes: int) -> dict[str, Head]:
        """Return the further outputs of the discriminator by name.

        Args:
            classes: number of classes.
        """
        return {}

    def codes(self) -> Codes | None:
        """Return the numbers that the generator takes besides its noise, or None; only the discriminator's condition is asked."""
        return None
