"""Small training loops as people write them, with a place for each mistake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy, binary_cross_entropy_with_logits

from saddlepoint.experiment.listener import Listener
from saddlepoint.records import Finding

BATCH, NOISE, STEPS = 16, 3, 30
RECORDS = {"training.tick": 10, "training.observe_every": 2, "evaluation.samples": 50}


class Findings(Listener):
    """Keeps the findings and notes."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.notes: list[str] = []

    def finding(self, finding: Finding) -> None:
        self.findings.append(finding)

    def note(self, text: str) -> None:
        self.notes.append(text)

    @property
    def codes(self) -> set[str]:
        return {finding.code for finding in self.findings}


def examples(n: int = 200) -> Tensor:
    """Points around a circle."""
    generator = torch.Generator().manual_seed(0)
    angle = 6.28 * torch.rand(n, generator=generator)
    return torch.stack([angle.cos(), angle.sin()], 1) + 0.05 * torch.randn(n, 2, generator=generator)


@dataclass
class GAN:
    """A GAN with BatchNorm and dropout, and a loop that trains it; the attributes are where a script goes wrong."""

    detach: bool = True
    changed: bool = (
        False  # whether samples are copied before they are judged, as where labels are concatenated with them
    )
    clear: bool = True
    sigmoid: bool = False
    with_logits: bool = True
    accumulate: int = 1
    data: Tensor = field(default_factory=examples)
    end: Callable[[], nn.Module] = nn.Identity
    generator: nn.Module | None = None

    def __post_init__(self) -> None:
        torch.manual_seed(1)
        layers = (nn.Linear(NOISE, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 2), self.end())
        self.G = self.generator or nn.Sequential(*layers)
        ending = nn.Sigmoid() if self.sigmoid else nn.Identity()
        self.D = nn.Sequential(nn.Linear(2, 12), nn.LeakyReLU(0.2), nn.Dropout(0.2), nn.Linear(12, 1), ending)
        self.of_g = torch.optim.Adam(self.G.parameters(), 1e-3)
        self.of_d = torch.optim.Adam(self.D.parameters(), 1e-3)

    @property
    def players(self) -> dict[str, nn.Module]:
        return {"discriminator": self.D, "generator": self.G}

    def sample(self, n: int) -> Tensor:
        made: Tensor = self.G(torch.randn(n, NOISE))
        return made

    def loss(self, scores: Tensor, label: float) -> Tensor:
        function = binary_cross_entropy_with_logits if self.with_logits else binary_cross_entropy
        return function(scores, torch.full_like(scores, label))

    def zero(self, optimiser: torch.optim.Optimizer) -> None:
        if self.clear:
            optimiser.zero_grad()

    def train(self, watch: Any = None, steps: int = STEPS) -> None:
        torch.manual_seed(2)
        for _ in range(steps):
            self.zero(self.of_d)
            for _ in range(self.accumulate):
                x = self.data[torch.randint(len(self.data), (BATCH,))]
                fake = self.sample(BATCH)
                judged = fake.detach() if self.detach else fake
                judged = judged.clone() if self.changed else judged
                d_loss = self.loss(self.D(x), 1.0) + self.loss(self.D(judged), 0.0)
                d_loss.backward(retain_graph=not self.detach)
            self.of_d.step()
            self.zero(self.of_g)
            for _ in range(self.accumulate):
                g_loss = self.loss(self.D(self.sample(BATCH)), 1.0)
                g_loss.backward()
            self.of_g.step()
            if watch is not None:
                watch.step(d_loss=d_loss, g_loss=g_loss)

    def weights(self) -> list[Tensor]:
        return [value.clone() for player in self.players.values() for value in player.state_dict().values()]


class VAE(nn.Module):
    """A variational autoencoder of points with one code, and a loop that trains it."""

    def __init__(self, reduce: Callable[[Tensor], Tensor] = Tensor.mean, *, averages_units: bool = False) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.encoder = nn.Sequential(nn.Linear(2, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.1), nn.Linear(12, 4))
        self.decoder = nn.Sequential(nn.Linear(2, 12), nn.ReLU(), nn.Linear(12, 2))
        self.reduce, self.data, self.averages_units = reduce, examples(), averages_units
        self.optimiser = torch.optim.Adam(self.parameters(), 1e-3)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.encoder(x).chunk(2, 1)
        return mean, log_variance

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_variance = self.encode(x)
        z = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        return self.decoder(z), mean, log_variance

    def learn(self, watch: Any = None, steps: int = STEPS) -> None:
        torch.manual_seed(2)
        for _ in range(steps):
            x = self.data[torch.randint(len(self.data), (BATCH,))]
            made, mean, log_variance = self(x)
            reconstruction = self.reduce(0.5 * (made - x).square().sum(1) / 0.01)
            kl = self.reduce(0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1))
            kl = kl / 2 if self.averages_units else kl
            loss = reconstruction + kl
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            if watch is not None:
                watch.step(loss=loss, reconstruction=reconstruction, kl=kl, mean=mean, log_variance=log_variance)

    def weights(self) -> list[Tensor]:
        return [value.clone() for value in self.state_dict().values()]
