"""What a kind of outcome provides: players, phases, and predictions in the model's units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor, nn

from saddlepoint.objectives.outcomes import OutcomeNoise
from saddlepoint.objectives.phase import Phase

DRAWS = 8  # predictions that are averaged where a model has no mean of its own


class Outcome(Protocol):
    """A distribution of numbers and flags given what is known. Its class is called with the settings and the layout of examples.

    Attributes:
        players: the networks by name.
        roles: their names in settings.
        phases: of one training step.
        members: number of networks, each of which predicts by itself.
        noise_size: standard normal numbers of one prediction.
        mean_draws: predictions that are averaged for the mean; 1 where noise of zeros gives it.
    """

    players: Mapping[str, nn.Module]
    roles: Mapping[str, str]
    phases: tuple[Phase, ...]
    members: int
    noise_size: int
    mean_draws: int

    def noise(self, n: int, generator: torch.Generator) -> OutcomeNoise:
        """Draw the random numbers of an update of n examples."""

    def inputs(self, x: Tensor, noise: Tensor) -> dict[str, tuple[Tensor, ...]]:
        """The arguments of every player, for rows x (B, *event) in the model's units and noise (B, noise_size)."""

    def predict(self, given: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Given (K, B, G) and noise (K, B, noise_size) -> numbers (K, B, M) and probabilities of flags (K, B, F); group k is of member k."""
