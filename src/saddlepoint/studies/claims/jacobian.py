"""Eigenvalues of the Jacobian of both players' gradients of a trained GAN, which show whether the players rotate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from saddlepoint.games.smooth import ordered
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Composed, HasCodeQuantiles, require
from saddlepoint.objectives.adversarial.game import discriminator_loss, generator_loss
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.phase import Batch
from saddlepoint.studies.claims.laboratory import Outcome
from saddlepoint.studies.convergence import Target, spread_shares

POINTS = 128  # of data and noise, over which the Jacobian is taken


def rotating_share(eigenvalues: Tensor) -> float:
    """Share of the non-zero eigenvalues whose imaginary part is larger than the real one in absolute value.

    Args:
        eigenvalues: (P,) complex.

    Returns:
        The share, in [0, 1].
    """
    large = eigenvalues[eigenvalues.abs() > 1e-6 * eigenvalues.abs().max()]
    return float((large.imag.abs() > large.real.abs()).double().mean())


def final_spectrum(model: Model, outcome: Outcome) -> Tensor:
    """Eigenvalues at the end of training, with losses over quantiles of the data and of the noise.

    Args:
        model: a trained model of the outcome.
        outcome: the outcome that holds the data.

    Returns:
        (P,) complex eigenvalues.
    """
    data = model.scaling.to_model(Target.of(outcome.dataset, POINTS).quantiles[:, None])
    noise = require(model, HasCodeQuantiles).latent_quantiles(spread_shares(POINTS, 1).double())
    return jacobian_spectrum(model, data.double(), noise)


def jacobian_spectrum(model: Model, data: Tensor, noise: Tensor) -> Tensor:
    """Eigenvalues of the Jacobian of both players' gradients at a trained GAN.

    Only for objectives in which the loss of one sample does not depend on other samples.

    Args:
        model: the trained GAN.
        data: (N, 1) examples in the model's units.
        noise: (N, latent) noise.

    Returns:
        (P,) complex eigenvalues, where P is the number of parameters of both players.
    """
    game = require(model, Composed)
    g, d = game.generator_player, game.critic_player
    names = [(player, key) for player in (g, d) for key, _ in model.players[player].named_parameters()]
    values = [dict(model.players[player].named_parameters())[key].detach().double() for player, key in names]
    sizes = [value.numel() for value in values]
    split = sum(size for (player, _), size in zip(names, sizes, strict=True) if player == g)
    losses = {
        g: generator_loss(game.parts),
        # Training detaches the samples in the discriminator's loss; here its dependence on the generator is needed.
        d: discriminator_loss(game.parts, detached=False),
    }

    def net(role: str, parts: Mapping[tuple[str, str], Tensor]) -> Callable[[Tensor], Any]:
        own = {key: value for (whose, key), value in parts.items() if whose == role}
        return lambda x: torch.func.functional_call(model.players[role], own, (x,))

    def total(player: str, point: Tensor) -> Tensor:
        pieces = torch.split(point, sizes)
        parts = {name: piece.view_as(like) for name, piece, like in zip(names, pieces, values, strict=True)}
        nets = {role: net(role, parts) for role in (g, d)}
        return losses[player](nets, Batch(data), GameNoise(noise))[0].mean()

    def gradients(point: Tensor) -> Tensor:
        """Each player's gradient of its own loss by its own parameters."""
        of_generator: Tensor = torch.func.grad(lambda whole: total(g, whole))(point)
        of_discriminator: Tensor = torch.func.grad(lambda whole: total(d, whole))(point)
        return torch.cat([of_generator[:split], of_discriminator[split:]])

    point = torch.cat([value.reshape(-1) for value in values])
    return ordered(torch.linalg.eigvals(torch.func.jacrev(gradients)(point)))
