"""The contract of an encoder: a third player that maps examples to codes, and the phases in which it learns.

An encoder adapts the two phases of a game of examples (`saddlepoint.objectives.adversarial.game`): it changes what the discriminator
judges, or adds losses. Losses, penalties, views and constraints know nothing of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from torch import nn

from saddlepoint.objectives.adversarial.composition import Composition
from saddlepoint.objectives.adversarial.losses import AdversarialLoss
from saddlepoint.objectives.phase import Phase

ENCODER = "e"
FORBIDS = {
    "condition": "an encoder returns the generator's noise alone, not the labels or InfoGAN codes that the generator takes with it",
    "replay.share": "old examples are kept without their codes",
    "updates.unrolled": "the generator's update would look ahead in a game without the encoder",
}


class Encoder(ABC):
    """An encoder. A subclass overrides what it needs.

    Attributes:
        judges: what the discriminator judges: examples, pairs of an example and its code, or codes.
        needs_features: whether losses use features of the discriminator.
        has_variance: whether the network returns means and log-variances (B, 2 latent), instead of codes (B, latent).
        forbids: settings that cannot be combined with it, with the reason.
    """

    judges: ClassVar[Literal["examples", "pairs", "codes"]] = "examples"
    needs_features: ClassVar[bool] = False
    has_variance: ClassVar[bool] = False
    forbids: ClassVar[Mapping[str, str]] = FORBIDS

    @abstractmethod
    def phases(self, parts: Composition, discriminator: Phase, generator: Phase) -> tuple[Phase, ...]:
        """Return the phases of one step.

        Args:
            parts: of the game, as `adapt` returned them.
            discriminator: its phase in the game without an encoder.
            generator: its phase in the game without an encoder.
        """

    def refuse(self, loss: AdversarialLoss) -> str | None:
        """Return the reason why a loss cannot be combined with this encoder; None if it can."""
        if loss.energy is not None:
            return "its discriminator is an autoencoder itself, without features of examples"
        return None

    def adapt(self, parts: Composition, event: Sequence[int], latent: int) -> Composition:
        """Return the parts of the game, adapted to what the discriminator judges.

        Args:
            parts: of a game of examples.
            event: shape of an example.
            latent: numbers in a code.
        """
        return parts

    def body(self, network: nn.Module, event: Sequence[int], latent: int) -> nn.Module:
        """Return the discriminator up to its features, from the network of its settings.

        Args:
            network: that takes examples (codes, if these are judged).
            event: shape of an example.
            latent: numbers in a code.
        """
        return network
