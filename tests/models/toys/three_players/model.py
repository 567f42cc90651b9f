"""The toy game of three players, under names that no other family has."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from saddlepoint.data.event import Event
from saddlepoint.models.arrays import Numbers, in_chunks
from saddlepoint.models.codes import CodeModel
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.phase import Batch, Nets, Observations, Phase
from tests.models.toys.three_players.settings import ThreePlayersSettings


def perceptron(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, 8), nn.ReLU(), nn.Linear(8, outputs))


class ThreePlayers(CodeModel):
    """The encoder moves on the generator's noise too."""

    family = "three-players"
    averaged = ("maker",)
    generator_player, critic_player = "maker", "critic"
    packing, judges_in_pairs = 1, False

    def __init__(self, settings: ThreePlayersSettings, event: Event, modules: Mapping[str, nn.Module]) -> None:
        size = math.prod(event.shape)
        players = {
            "critic": perceptron(size, 1),
            "maker": perceptron(settings.latent, size),
            "e": perceptron(size, settings.latent),
        }
        roles = {"critic": "critic", "maker": "maker", "e": "encoder"}
        super().__init__(event, event.scaling("standard"), players, roles)
        self.settings = settings

    @property
    def latent(self) -> int:
        return self.settings.latent

    @property
    def phases(self) -> tuple[Phase, ...]:
        return (
            Phase("critic", self.critic_loss, repeats=2),
            Phase("maker", self.maker_loss, uses_data=False, shares="output"),
            Phase("e", self.encoder_loss, uses_data=False),
        )

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> GameNoise:
        return GameNoise(torch.randn(n, self.latent, generator=generator))

    def critic_loss(self, nets: Nets, batch: Batch, noise: GameNoise) -> tuple[Tensor, Observations]:
        real, fake = nets["critic"](batch.x)[:, 0], nets["critic"](nets["maker"](noise.latent).detach())[:, 0]
        return softplus(-real) + softplus(fake), {"real_score": real.detach().sigmoid()}

    def maker_loss(self, nets: Nets, batch: Batch, noise: GameNoise) -> tuple[Tensor, Observations]:
        return softplus(-nets["critic"](nets["maker"](noise.latent))[:, 0]), {}

    def encoder_loss(self, nets: Nets, batch: Batch, noise: GameNoise) -> tuple[Tensor, Observations]:
        return (nets["e"](nets["maker"](noise.latent).detach()) - noise.latent).square().sum(1), {}

    def player_inputs(self, x: Tensor, generator: torch.Generator | None) -> dict[str, tuple[Tensor, ...]]:
        z = torch.zeros(len(x), self.latent, device=x.device)
        if generator is not None:
            z = torch.randn(len(x), self.latent, generator=generator)
        return {"critic": (x,), "maker": (z,), "e": (x,)}

    def fixed_noise(self, n: int, generator: torch.Generator) -> Tensor:
        return torch.randn(n, self.latent, generator=generator)

    @property
    def sampler(self) -> Callable[[Tensor], Tensor]:
        return self.players["maker"]

    def decode(self, z: Numbers) -> Tensor:
        with self.at_rest():
            return in_chunks(lambda part: self.scaling.to_data(self.players["maker"](part)), self.latent_codes(z))

    def encode(self, x: Tensor) -> Tensor:
        with self.at_rest():
            return in_chunks(lambda part: self.players["e"](self.model_units(part)), x)

    def _sample(self, n: int, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        return self.decode(torch.randn(n, self.latent, generator=generator))

    def judge(self, x: Tensor) -> Tensor:
        return self.players["critic"](x)[:, 0]

    def logits(self, x: Tensor) -> Tensor:
        with self.at_rest():
            return in_chunks(lambda part: self.judge(self.model_units(part)), x)

    def scores(self, x: Tensor) -> Tensor:
        return self.logits(x).sigmoid()
