"""The same networks and losses by hand in plain PyTorch, in the strongest form that is still a plain loop.

The data are one tensor, and a batch is an index into it; Adam is fused; losses are torch's own fused ones; each player is frozen, or
detached, while the other moves; convolutions are channels-last; the precision is ours. Nothing is monitored: no number leaves the step.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from saddlepoint.models.gan.settings import GANSettings

from . import density_games, networks
from .tasks import PENALTIES, Task, adam

Losses = dict[str, Tensor]


class Game(Protocol):
    """One step of training on a batch; returns the losses as they are, on the device."""

    players: dict[str, nn.Module]
    scale: float
    offset: float
    shape: tuple[int, ...]

    def step(self, x: Tensor) -> Losses: ...


class Autoencoder:
    """S1."""

    scale, offset, shape = 1 / 255, 0.0, (networks.PIXELS,)

    def __init__(self, task: Task, generator: torch.Generator | None, precision: str) -> None:
        self.network = networks.autoencoder()
        self.players = {"ae": self.network}
        self.optimiser = adam(self.network, task)

    def step(self, x: Tensor) -> Losses:
        self.optimiser.zero_grad()
        loss = functional.mse_loss(self.network(x), x, reduction="sum") / len(x)
        loss.backward()
        self.optimiser.step()
        return {"ae": loss}


class VariationalAutoencoder:
    """S2."""

    scale, offset, shape = 1 / 255, 0.0, (networks.PIXELS,)

    def __init__(self, task: Task, generator: torch.Generator | None, precision: str) -> None:
        self.network = networks.VariationalAutoencoder()
        self.players = {"vae": self.network}
        self.optimiser = adam(self.network, task)
        self.generator = generator

    def step(self, x: Tensor) -> Losses:
        epsilon = torch.randn(len(x), 3, generator=self.generator)
        self.optimiser.zero_grad()
        output, mean, log_variance = self.network(x, epsilon)
        reconstruction = functional.binary_cross_entropy_with_logits(output, x, reduction="sum")
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum()
        loss = (reconstruction + divergence) / len(x)
        loss.backward()
        self.optimiser.step()
        return {"vae": loss}


class DCGAN:
    """S5; the generator moves on the batch that the discriminator has just seen, so it is made once a step."""

    scale, offset, shape = 2 / 255, -1.0, (1, 28, 28)
    device = torch.device("cpu")
    capturable = False  # whether a CUDA graph may hold the optimisers' steps

    def __init__(self, task: Task, generator: torch.Generator | None, precision: str) -> None:
        self.g, self.d = (
            player.to(self.device, memory_format=torch.channels_last) for player in self.make_players(task)
        )
        self.players = {"d": self.d, "g": self.g}
        self.g_optimiser, self.d_optimiser = (adam(player, task, self.capturable) for player in (self.g, self.d))
        self.noise = generator
        self.bf16 = precision == "bf16"
        self.frozen = list(self.d.parameters())

    def make_players(self, task: Task) -> tuple[nn.Sequential, nn.Sequential]:
        """Generator and discriminator with their first weights."""
        return networks.dcgan()

    def step(self, x: Tensor) -> Losses:
        ones, zeros = torch.ones(len(x), 1, device=self.device), torch.zeros(len(x), 1, device=self.device)
        self.d_optimiser.zero_grad()
        with self.arithmetic():
            fake = self.g(torch.randn(len(x), networks.LATENT, generator=self.noise, device=self.device))
            real_logits, fake_logits, penalty = self.judge(x, fake.detach())
        d_loss = cross_entropy(real_logits, ones) + cross_entropy(fake_logits, zeros)
        if penalty is not None:
            d_loss = d_loss + penalty
        d_loss.backward()
        self.d_optimiser.step()

        self.g_optimiser.zero_grad()
        for parameter in self.frozen:
            parameter.requires_grad = False
        with self.arithmetic():
            logits = self.d(fake)
        g_loss = cross_entropy(logits, ones)
        g_loss.backward()
        self.g_optimiser.step()
        for parameter in self.frozen:
            parameter.requires_grad = True
        return {"d": d_loss, "g": g_loss}

    def judge(self, x: Tensor, fake: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """The logits of real and generated examples, and the penalty of the discriminator."""
        return self.d(x), self.d(fake), None

    def arithmetic(self) -> torch.autocast | contextlib.nullcontext[None]:
        return torch.autocast(self.device.type, dtype=torch.bfloat16) if self.bf16 else contextlib.nullcontext()


class PenalisedDCGAN(DCGAN):
    """S5 with a penalty on the gradient of the logit; BatchNorm stays, so the gradient is that of the sum of the logits."""

    def __init__(self, task: Task, generator: torch.Generator | None, precision: str) -> None:
        super().__init__(task, generator, precision)
        assert isinstance(task.model, GANSettings)
        ((self.penalty, entry),) = task.model.penalties.items()
        self.weight = entry.weight

    def judge(self, x: Tensor, fake: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        if self.penalty == "r1":
            points = x.requires_grad_()
            real_logits, fake_logits = self.d(points), self.d(fake)
            logits = real_logits
        else:
            real_logits, fake_logits = self.d(x), self.d(fake)
            points = self.points(x, fake).requires_grad_()
            logits = self.d(points)
        (gradient,) = torch.autograd.grad(logits.float().sum(), points, create_graph=True)
        squared = gradient.float().flatten(1).square().sum(1)
        if self.penalty == "r1":
            penalty = squared / 2
        elif self.penalty == "zero_centred":
            penalty = squared
        else:
            penalty = (squared.sqrt() - 1).square()
        return real_logits, fake_logits, self.weight * penalty.mean()

    def points(self, x: Tensor, fake: Tensor) -> Tensor:
        """Where the gradient is computed."""
        if self.penalty == "dragan":
            return x + 0.5 * x.std(correction=0) * torch.randn(x.shape, generator=self.noise)
        return x + torch.rand(len(x), 1, 1, 1, generator=self.noise) * (fake - x)


GAMES: dict[str, Callable[[Task, torch.Generator | None, str], Game]] = {
    "s1": Autoencoder,
    "s2": VariationalAutoencoder,
    "made": density_games.MADE,
    "pixelcnn": density_games.PixelCNN,
    "flow": density_games.RealNVP,
    "diffusion": density_games.Diffusion,
    "dcgan": DCGAN,
    **dict.fromkeys((f"dcgan-{name}" for name in PENALTIES), PenalisedDCGAN),
}


class Hand:
    """Trains one of GAMES on shuffled batches.

    Args:
        order: (N,) permutation of the examples for an epoch; by default torch's own.
        generator: of the noise; by default torch's own. A test passes those of our side, to see that both sides train alike.
        game: by default the one that GAMES makes. The images are moved to its device.
    """

    def __init__(
        self,
        name: str,
        task: Task,
        images: Tensor,
        precision: str,
        *,
        order: Callable[[int], Tensor] | None = None,
        generator: torch.Generator | None = None,
        game: Game | None = None,
    ) -> None:
        self.precision = precision
        self.game = game or GAMES[name](task, generator, precision)
        device = next(parameter.device for player in self.game.players.values() for parameter in player.parameters())
        self._rows = images.flatten(1).to(device)
        self._batch_size = task.training.batch_size
        self._order = order or (lambda epoch: torch.randperm(len(images)))
        self._epoch = 0
        self._batches = iter(())

    def parameters(self) -> dict[str, int]:
        """Trainable numbers by player."""
        return {name: sum(p.numel() for p in player.parameters()) for name, player in self.game.players.items()}

    def steps(self, n: int) -> None:
        """Train for n steps."""
        for _ in range(n):
            self.game.step(self._batch())

    def losses(self, n: int) -> dict[str, float]:
        """The mean loss of each player over n steps more."""
        kept = [self.game.step(self._batch()) for _ in range(n)]
        return {name: torch.stack([losses[name].detach() for losses in kept]).mean().item() for name in kept[0]}

    def close(self) -> None:
        """Nothing is open."""

    def _batch(self) -> Tensor:
        index = next(self._batches, None)
        if index is None or len(index) < self._batch_size:
            self._batches = iter(self._order(self._epoch).to(self._rows.device).split(self._batch_size))
            self._epoch += 1
            index = next(self._batches)
        game = self.game
        x = self._rows.index_select(0, index).to(torch.float32).mul_(game.scale)
        return (x.add_(game.offset) if game.offset else x).view(-1, *game.shape)


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits.float(), labels)
