"""A conditional VAE: a code explains what is random about an outcome.

References:
    Learning Structured Output Representation using Deep Conditional Generative Models (Kihyuk Sohn, Honglak Lee, Xinchen Yan, 2015),
        https://papers.nips.cc/paper/5775
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from saddlepoint.models.dynamics.ensemble import BoundedVariance
from saddlepoint.models.dynamics.layout import Layout
from saddlepoint.models.dynamics.outcome import DRAWS, Outcome
from saddlepoint.models.dynamics.settings import DynamicsSettings
from saddlepoint.networks.mlp import MLP
from saddlepoint.objectives.outcomes import OutcomeNoise, conditional_evidence
from saddlepoint.objectives.phase import Phase


class ConditionalVAENetwork(nn.Module):
    """An encoder of outcomes, a decoder of codes, both with what is given, and a log-variance for every number.

    Args:
        settings: of the model.
        layout: of examples.
    """

    def __init__(self, settings: DynamicsSettings, layout: Layout) -> None:
        super().__init__()
        numbers, flags = len(layout.numbers), len(layout.ends)
        outcome, latent = numbers + flags, settings.latent
        self.sizes, self.latent = (numbers, flags), latent
        self.encoder = MLP((layout.given + outcome,), (2 * latent,), settings.hidden, settings.activation)
        self.decoder = MLP((layout.given + latent,), (outcome,), settings.hidden, settings.activation)
        self.log_variance = nn.Parameter(torch.zeros(numbers))
        self.bounds = BoundedVariance(numbers)

    def decode(self, given: Tensor, code: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, G) and (B, latent) -> mean (B, M), log-variance (M,) and logits (B, F)."""
        mean, logits = torch.split(self.decoder(torch.cat([given, code], -1)), list(self.sizes), dim=-1)
        return mean, self.bounds(self.log_variance), logits

    def forward(
        self, given: Tensor, numbers: Tensor, flags: Tensor, epsilon: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """(B, G), (B, M), (B, F), (B, latent) -> mean, log-variance, logits, and mean and log-variance of the code (B, latent)."""
        code_mean, code_log_variance = self.encoder(torch.cat([given, numbers, flags], -1)).chunk(2, -1)
        code = code_mean + torch.exp(0.5 * code_log_variance) * epsilon
        return (*self.decode(given, code), code_mean, code_log_variance)


class ConditionalVAE(Outcome):
    """See `saddlepoint.models.dynamics.outcome.Outcome`."""

    members, mean_draws = 1, DRAWS

    def __init__(self, settings: DynamicsSettings, layout: Layout) -> None:
        self.network = ConditionalVAENetwork(settings, layout)
        self.layout = layout
        self.players = {"dyn": self.network}
        self.roles = {"dyn": "predictor"}
        self.phases = (Phase("dyn", conditional_evidence(layout.split, settings.beta)),)
        self.noise_size = settings.latent + len(layout.numbers)

    def noise(self, n: int, generator: torch.Generator) -> OutcomeNoise:
        return OutcomeNoise(torch.randn(n, self.network.latent, generator=generator, device=generator.device))

    def inputs(self, x: Tensor, noise: Tensor) -> dict[str, tuple[Tensor, ...]]:
        return {"dyn": (*self.layout.split(x), noise[:, : self.network.latent])}

    def predict(self, given: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        latent = self.network.latent
        groups, rows = given.shape[:2]
        flat = noise.flatten(0, 1)
        mean, log_variance, logits = self.network.decode(given.flatten(0, 1), flat[:, :latent])
        numbers = mean + torch.exp(0.5 * log_variance) * flat[:, latent:]
        shape = (groups, rows, len(self.layout.numbers)), (groups, rows, len(self.layout.ends))
        return numbers.reshape(shape[0]), torch.sigmoid(logits).reshape(shape[1])
