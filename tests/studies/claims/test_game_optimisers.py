"""The instruments of C20: copies of small games side by side, and the Jacobian of a GAN."""

from __future__ import annotations

import pytest
import torch

from saddlepoint.data.mixtures import gaussian
from saddlepoint.data.settings import DataSettings
from saddlepoint.games.dynamics import path
from saddlepoint.models import build
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.networks.settings import NetworkSettings
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.phase import Batch
from saddlepoint.optimisers.lookahead import Lookahead
from saddlepoint.studies.claims.game_optimisers import ROUND, distances, games, methods
from saddlepoint.studies.claims.jacobian import jacobian_spectrum

STARTS = torch.tensor([[1.0, 0.5], [-0.3, 2.0]], dtype=torch.float64)


@pytest.mark.parametrize("game", games())
@pytest.mark.parametrize("name", methods())
def test_games_side_by_side_are_games_by_themselves(game, name):
    rules, method = games()[game], methods()[name]
    together = distances(rules, method, STARTS, 30)
    for replica, (first, second) in enumerate(STARTS):
        turns = 30 // ROUND if isinstance(method, Lookahead) else 30
        alone = path(rules, method, [first[None], second[None]], turns).norm(dim=1)
        torch.testing.assert_close(together[:, replica], alone)


@pytest.mark.parametrize("penalty", [0.0, 0.3])
def test_the_jacobian_of_a_gan_is_that_of_its_gradients(penalty):
    data = gaussian(DataSettings(points=20))
    small = NetworkSettings(hidden=(2,), activation="tanh")
    settings = GANSettings(latent=1, generator=small, discriminator=small, penalties={"r1": penalty, "r2": penalty})
    model = build(settings, data.event, seed=0)
    x = model.scaling.to_model(data.x).double()
    noise = torch.linspace(-2, 2, 20, dtype=torch.float64)[:, None]
    found = jacobian_spectrum(model, x, noise)

    players = {name: model.players[name].double() for name in ("g", "d")}
    flat = {name: list(player.parameters()) for name, player in players.items()}

    def gradients() -> torch.Tensor:
        parts = []
        for phase in sorted(model.phases, key=lambda phase: "gd".index(phase.player)):
            loss = phase.loss(players, Batch(x), GameNoise(noise))[0].mean()
            parts += torch.autograd.grad(loss, flat[phase.player])
        return torch.cat([part.reshape(-1) for part in parts])

    columns, step = [], 1e-5
    for parameter in [*flat["g"], *flat["d"]]:
        for i in range(parameter.numel()):
            sides = []
            for sign in (1, -1):
                with torch.no_grad():
                    parameter.view(-1)[i] += sign * step
                sides.append(gradients())
                with torch.no_grad():
                    parameter.view(-1)[i] -= sign * step
            columns.append((sides[0] - sides[1]) / (2 * step))
    numeric = torch.linalg.eigvals(torch.stack(columns, 1))
    assert found.shape == numeric.shape
    # The characteristic polynomial's power sums agree, which no order of the eigenvalues can disturb.
    for power in (1, 2, 3):
        torch.testing.assert_close((found**power).sum(), (numeric**power).sum(), rtol=1e-5, atol=1e-6)
