"""Small games for the laws of training: one player, two players, and networks that carry buffers and draw by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from saddlepoint.data.event import Event
from saddlepoint.models.base import Model
from saddlepoint.objectives.phase import Batch, Nets, Noise, Observations, Phase
from saddlepoint.training.devices import Devices
from saddlepoint.training.settings import TrainingSettings
from saddlepoint.training.state import TrainingState

WIDTH = 3
CPU = Devices(torch.device("cpu"), "fp32")


class Game(Model):
    """The common part of the games; no test samples from them."""

    family = "test"

    def __init__(self, players: Mapping[str, nn.Module], roles: Mapping[str, str]) -> None:
        event = Event((WIDTH,), "vector")
        super().__init__(event, event.scaling("none"), players, roles)

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> Noise:
        return {"z": torch.randn(n, WIDTH, generator=generator)}

    def _sample(self, n: int, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        return self.decode(torch.randn(n, WIDTH, generator=generator))

    def fixed_noise(self, n: int, generator: torch.Generator) -> Tensor:
        return torch.randn(n, WIDTH, generator=generator)

    def decode(self, z: Tensor) -> Tensor:
        raise NotImplementedError


class OnePlayer(Game):
    """A denoising regression with BatchNorm (buffers) and dropout (draws from torch's global generator)."""

    averaged = ("ae",)

    def __init__(self, seed: int = 0) -> None:
        torch.manual_seed(seed)
        network = nn.Sequential(nn.Linear(WIDTH, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.Dropout(0.2), nn.Linear(5, WIDTH))
        super().__init__({"ae": network}, {"ae": "autoencoder"})
        self.phases_ = (Phase("ae", self.loss),)
        self.seen: list[tuple[float, Tensor]] = []

    @property
    def phases(self) -> tuple[Phase, ...]:
        return self.phases_

    def loss(self, nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
        output = nets["ae"](batch.x + 0.1 * noise["z"])
        error = (output - batch.x).square()
        loss = error.sum(1)
        self.seen.append((loss.detach().mean().item(), error.detach().clone()))
        return loss, {"error": error}


class TwoPlayers(Game):
    """A small adversarial game: k discriminator moves, then one of the generator, which sees no data."""

    averaged = ("g",)

    def __init__(self, seed: int = 0, repeats: int = 1) -> None:
        torch.manual_seed(seed)
        generator = nn.Sequential(nn.Linear(WIDTH, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, WIDTH))
        discriminator = nn.Sequential(nn.Linear(WIDTH, 5), nn.Tanh(), nn.Dropout(0.1), nn.Linear(5, 1))
        super().__init__({"d": discriminator, "g": generator}, {"d": "discriminator", "g": "generator"})
        self.phases_ = (Phase("d", self.d_loss, repeats), Phase("g", self.g_loss, uses_data=False))

    @property
    def phases(self) -> tuple[Phase, ...]:
        return self.phases_

    def d_loss(self, nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
        real, fake = nets["d"](batch.x)[:, 0], nets["d"](nets["g"](noise["z"]))[:, 0]
        return functional.softplus(-real) + functional.softplus(fake), {"real_score": real.sigmoid()}

    def g_loss(self, nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
        fake = nets["d"](nets["g"](noise["z"]))[:, 0]
        return functional.softplus(-fake), {"d/fake_score": fake.sigmoid()}


class RandomBatches:
    """Batch i is drawn from seed i, independently of earlier requests."""

    def __init__(self, size: int = 6, shape: tuple[int, ...] = (WIDTH,)) -> None:
        self.size, self.shape = size, shape
        self.asked: list[int] = []

    def __getitem__(self, index: int) -> tuple[Tensor, None]:
        self.asked.append(index)
        return torch.randn(self.size, *self.shape, generator=torch.Generator().manual_seed(1000 + index)), None


def settings(**values: Any) -> TrainingSettings:
    return TrainingSettings(**({"steps": 14, "tick": 5, "observe_every": 2, "batch_size": 6} | values))


def start(model: Model, training: TrainingSettings) -> TrainingState:
    return TrainingState.start(model, training, CPU)


def everything(model: Model, state: TrainingState) -> dict[str, Tensor]:
    """Every tensor that training changes."""
    tensors = {f"{name}/{key}": v for name, player in model.players.items() for key, v in player.state_dict().items()}
    for name, average in state.averages.items():
        tensors |= {f"averaged/{name}/{key}": v for key, v in average.module.state_dict().items()}
    tensors |= {f"optimiser/{key}": v for key, v in state.optimiser_tensors().items()}
    return {key: value.detach().clone() for key, value in (tensors | state.tensors()).items()}


def assert_same(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> None:
    """Bit for bit."""
    assert first.keys() == second.keys()
    for key, value in first.items():
        assert torch.equal(value, second[key]), key
