"""The user's GAN as the game that monitors measure: a sampler, a discriminator, and the loss of the generator.

A sampler of the user's takes a number of samples and draws its own noise, so that its samples have no codes. Here the code of a
sample is the seed of the batch that it is drawn in. Monitors need no more than that; pictures and scorecards, which would move
between codes, get the model without codes.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from saddlepoint.models.capabilities import Adversarial
from saddlepoint.models.watched.model import LARGEST_SEED, Watched
from saddlepoint.objectives.adversarial.composition import Composition
from saddlepoint.objectives.adversarial.game import generator_loss
from saddlepoint.objectives.adversarial.registry import loss_named
from saddlepoint.objectives.adversarial.settings import LOSSES
from saddlepoint.objectives.phase import Phase


class WatchedGame(Watched):
    """See the module. The code of a GAN's sample is a seed, (N, 1); one batch of codes holds one seed."""

    generator_player = "g"
    latent = 1

    def __init__(self, model: Watched) -> None:
        """Build the game of a model; both share the user's networks and functions.

        Args:
            model: that pictures and scorecards get.
        """
        super().__init__(model.settings, model.event, model.players, model.roles, model.functions, model.critic)
        if self.critic is not None:
            self.players[self.critic_player] = self.critic
        self.players.setdefault(self.generator_player, nn.Identity())
        self.roles = {self.generator_player: "generator", self.critic_player: "discriminator", **self.roles}

    def lacks(self, capability: type) -> str | None:
        if capability is Adversarial and (self.settings.kind != "gan" or self.functions.sample is None):
            return "the model is no GAN, or sample= was not given to sp.watch."
        return super().lacks(capability)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The generator's phase, whose loss has a gradient at samples; none where loss or discriminator are not known."""
        if self.settings.objective not in LOSSES or self.critic_trouble:
            return ()
        loss = loss_named(self.settings.objective)
        if loss.features or loss.energy is not None or loss.state is not None:
            return ()
        return (Phase(self.generator_player, generator_loss(Composition(loss))),)

    def fixed_noise(self, n: int, generator: torch.Generator) -> Tensor:
        """Return the code (n, 1) of a batch of n samples: a seed."""
        seed = torch.randint(LARGEST_SEED, (1, 1), generator=generator, device=generator.device)
        return seed.expand(n, 1).float()

    def decode(self, z: Tensor) -> Tensor:
        if self.settings.kind != "gan":  # codes are those of `encode`
            return super().decode(z)
        return self.draw(len(z), int(z[0, 0])) if len(z) else torch.empty(0, *self.event.shape)

    @property
    def sampler(self) -> Callable[[Tensor], Tensor]:
        """As `decode`: the model's units are those of the data."""
        return self.decode
