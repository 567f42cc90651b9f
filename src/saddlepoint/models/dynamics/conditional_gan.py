"""A conditional GAN: a generator of outcomes from what is given and noise, against a discriminator of pairs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from saddlepoint.models.dynamics.layout import Layout
from saddlepoint.models.dynamics.outcome import DRAWS, Outcome
from saddlepoint.models.dynamics.settings import DynamicsSettings
from saddlepoint.networks.mlp import MLP
from saddlepoint.objectives.adversarial.outcomes import outcome_critic, outcome_generator
from saddlepoint.objectives.outcomes import OutcomeNoise
from saddlepoint.objectives.phase import Phase


class OutcomeGenerator(nn.Module):
    """From what is given and noise to numbers and flags.

    Args:
        settings: of the model.
        layout: of examples.
    """

    def __init__(self, settings: DynamicsSettings, layout: Layout) -> None:
        super().__init__()
        self.sizes = (len(layout.numbers), len(layout.ends))
        self.body = MLP(
            (layout.given + settings.latent,), (sum(self.sizes),), settings.hidden, activation=settings.activation
        )

    def forward(self, given: Tensor, epsilon: Tensor) -> tuple[Tensor, Tensor]:
        """(B, G) and (B, latent) -> numbers (B, M) and flags in [0, 1] (B, F)."""
        numbers, logits = torch.split(self.body(torch.cat([given, epsilon], -1)), list(self.sizes), dim=-1)
        return numbers, torch.sigmoid(logits)


class ConditionalGAN(Outcome):
    """See `saddlepoint.models.dynamics.outcome.Outcome`."""

    members, mean_draws = 1, DRAWS

    def __init__(self, settings: DynamicsSettings, layout: Layout) -> None:
        size = layout.given + len(layout.numbers) + len(layout.ends)
        self.generator = OutcomeGenerator(settings, layout)
        self.layout, self.noise_size = layout, settings.latent
        self.players: dict[str, nn.Module] = {
            "dyn": self.generator,
            "critic": MLP((size,), (), settings.hidden, activation=settings.activation),
        }
        self.roles = {"dyn": "predictor", "critic": "critic"}
        self.phases = (
            Phase("critic", outcome_critic(layout.split, settings.slope_penalty)),
            Phase("dyn", outcome_generator(layout.split)),
        )

    def noise(self, n: int, generator: torch.Generator) -> OutcomeNoise:
        return OutcomeNoise(torch.randn(n, self.noise_size, generator=generator, device=generator.device))

    def inputs(self, x: Tensor, noise: Tensor) -> dict[str, tuple[Tensor, ...]]:
        given, numbers, flags = self.layout.split(x)
        return {"dyn": (given, noise), "critic": (torch.cat([given, numbers, flags], -1),)}

    def predict(self, given: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        groups, rows = given.shape[:2]
        numbers, flags = self.generator(given.flatten(0, 1), noise.flatten(0, 1))
        return numbers.unflatten(0, (groups, rows)), flags.unflatten(0, (groups, rows))
