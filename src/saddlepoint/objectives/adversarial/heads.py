"""Heads: further outputs of the discriminator, such as a class, with a cost for both players."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor


class Targets(NamedTuple):
    """What a head should predict.

    Attributes:
        labels: (B,) int64, or (B, classes) weights for packs of examples; None in a game without labels.
        codes: (B, codes) the part of the generator's input that the game adds to its noise, of generated examples.
    """

    labels: Tensor | None
    codes: Tensor | None = None


@dataclass(frozen=True)
class Head:
    """A further output of the discriminator, (B, size), and what both players learn from it.

    Attributes:
        size: numbers for each example.
        discriminator: (output for real examples, output for generated ones, targets) -> the discriminator's cost (B,), which
            is added to its loss.
        generator: (output for generated examples, targets) -> the generator's cost (B,), which is added to its loss.
        weight: of both costs.
        observe: (output for real examples, output for generated ones, targets) -> observations of the discriminator.
    """

    size: int
    discriminator: Callable[[Tensor, Tensor, Targets], Tensor]
    generator: Callable[[Tensor, Targets], Tensor]
    weight: float = 1.0
    observe: Callable[[Tensor, Tensor, Targets], dict[str, Tensor]] | None = None
