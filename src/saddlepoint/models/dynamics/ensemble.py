"""A probabilistic ensemble: networks that differ in their initial weights predict means and variances.

The variance of a network is the noise of the task, as far as it sees it; how much the networks differ is what the data do not decide.

References:
    Simple and Scalable Predictive Uncertainty Estimation using Deep Ensembles (Balaji Lakshminarayanan, Alexander Pritzel, Charles
        Blundell, 2017), https://arxiv.org/abs/1612.01474
    Deep Reinforcement Learning in a Handful of Trials using Probabilistic Dynamics Models (Kurtland Chua, Roberto Calandra, Rowan
        McAllister, Sergey Levine, 2018), https://arxiv.org/abs/1805.12114
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from saddlepoint.models.dynamics.layout import Layout
from saddlepoint.models.dynamics.outcome import Outcome
from saddlepoint.models.dynamics.settings import DynamicsSettings
from saddlepoint.networks.ensemble import EnsembleMLP
from saddlepoint.objectives.outcomes import OutcomeNoise, ensemble_likelihood
from saddlepoint.objectives.phase import Phase

LOWEST, HIGHEST = -12.0, 0.5  # bounds of the log-variances at the start, in the model's units; they are learnt


class BoundedVariance(nn.Module):
    """Log-variances within bounds that are learnt: outside the training data a network would predict any.

    Args:
        size: M.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.low = nn.Parameter(torch.full((size,), LOWEST))
        self.high = nn.Parameter(torch.full((size,), HIGHEST))

    def forward(self, x: Tensor) -> Tensor:
        """(..., M) -> (..., M)."""
        x = self.high - softplus(self.high - x)
        return self.low + softplus(x - self.low)


class EnsembleNetwork(nn.Module):
    """K networks from what is given to means, log-variances and logits of flags.

    Args:
        settings: of the model.
        layout: of examples.
    """

    def __init__(self, settings: DynamicsSettings, layout: Layout) -> None:
        super().__init__()
        self.sizes = (len(layout.numbers), len(layout.numbers), len(layout.ends))
        self.body = EnsembleMLP(settings.members, layout.given, sum(self.sizes), settings.hidden, settings.activation)
        self.bounds = BoundedVariance(self.sizes[0])

    def forward(self, given: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(B, G) or (K, B, G) -> mean and log-variance (K, B, M), logits (K, B, F), and the width of the bounds (M,)."""
        mean, raw, logits = torch.split(self.body(given), list(self.sizes), dim=-1)
        return mean, self.bounds(raw), logits, self.bounds.high - self.bounds.low


class Ensemble(Outcome):
    """See `saddlepoint.models.dynamics.outcome.Outcome`."""

    mean_draws = 1

    def __init__(self, settings: DynamicsSettings, layout: Layout) -> None:
        self.network = EnsembleNetwork(settings, layout)
        self.layout = layout
        self.players = {"dyn": self.network}
        self.roles = {"dyn": "predictor"}
        self.phases = (Phase("dyn", ensemble_likelihood(layout.split)),)
        self.members = settings.members
        self.noise_size = len(layout.numbers)

    def noise(self, n: int, generator: torch.Generator) -> OutcomeNoise:
        return OutcomeNoise()

    def inputs(self, x: Tensor, noise: Tensor) -> dict[str, tuple[Tensor, ...]]:
        return {"dyn": (self.layout.split(x)[0],)}

    def predict(self, given: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance, logits, _ = self.network(given)
        return mean + torch.exp(0.5 * log_variance) * noise, torch.sigmoid(logits)
