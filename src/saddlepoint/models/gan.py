"""The generative adversarial network: a two-player game between a generator and a discriminator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from saddlepoint.data.dataset import Event, ScalingKind
from saddlepoint.models.assembly import SYMMETRIC, UNIT, check_roles, is_own, network, scaling
from saddlepoint.models.base import Model, Numbers, as_tensor, in_chunks
from saddlepoint.models.settings import GANSettings
from saddlepoint.networks import evaluating
from saddlepoint.objectives.adversarial import adversarial_game, logits
from saddlepoint.objectives.phase import Noise, Phase

RANGES = {"tanh": SYMMETRIC, "sigmoid": UNIT, "identity": None}
SCALINGS: dict[str, ScalingKind] = {"tanh": "symmetric", "sigmoid": "unit", "identity": "standard"}


class GAN(Model):
    """A generator "g" (B, latent) -> (B, *event) and a discriminator "d" (B, *event) -> B logits.

    Generative Adversarial Networks (Goodfellow et al., 2014). https://arxiv.org/abs/1406.2661
    """

    family: ClassVar[str] = "gan"
    averaged: ClassVar[tuple[str, ...]] = ("g",)

    def __init__(self, settings: GANSettings, event: Event, modules: Mapping[str, nn.Module] | None = None) -> None:
        """Raises SettingError for networks that do not fit, and for an output that the scaled data do not fit."""
        modules = modules or {}
        check_roles(modules, ("generator", "discriminator"))
        self.settings = settings
        output: Literal["tanh", "sigmoid", "identity"]
        output = settings.output if settings.output != "auto" else "tanh" if event.bounded else "identity"
        kind: ScalingKind = SCALINGS[output] if settings.scaling == "auto" else settings.scaling
        # The last activation of the user's own generator is only known where the settings name it.
        unknown = settings.output == "auto" and is_own("generator", settings.generator, modules)
        self._output_range = None if unknown else RANGES[output]
        players = {
            "g": network("generator", settings.generator, (settings.latent,), event.shape, modules, output),
            "d": network("discriminator", settings.discriminator, event.shape, (), modules),
        }
        super().__init__(
            event,
            scaling(event, kind, self._output_range, f"the output {output}"),
            players,
            {"d": "discriminator", "g": "generator"},
        )
        self._phases = adversarial_game(
            settings.objective, settings.discriminator_steps, settings.label_smoothing, settings.fresh_noise
        )

    @property
    def phases(self) -> tuple[Phase, ...]:
        return self._phases

    @property
    def output_range(self) -> tuple[float, float] | None:
        return self._output_range

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> Noise:
        """`z` (n, latent); with instance noise also `fake` and, for the discriminator, `real` (n, *event)."""
        noise = {"z": self.latent_noise(n, generator)}
        std = self.instance_std(step)
        if std > 0:
            for name in ("real", "fake") if phase.player == "d" else ("fake",):
                drawn = torch.randn(n, *self.event.shape, generator=generator, device=generator.device)
                noise[name] = std * drawn
        return noise

    def instance_std(self, step: int) -> float:
        """Standard deviation of the instance noise at this step, in the model's units."""
        settings = self.settings
        left = 1 - step / settings.instance_noise_steps if settings.instance_noise_steps else 1.0
        return settings.instance_noise * max(left, 0.0)

    def latent_noise(self, n: int, generator: torch.Generator | None) -> Tensor:
        """(n, latent) float32 from the latent distribution, on the generator's device."""
        device = torch.device("cpu") if generator is None else generator.device
        if self.settings.latent_distribution == "normal":
            return torch.randn(n, self.settings.latent, generator=generator, device=device)
        return torch.rand(n, self.settings.latent, generator=generator, device=device).mul_(2).sub_(1)

    def fixed_noise(self, n: int, generator: torch.Generator) -> Tensor:
        return self.latent_noise(n, generator)

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """(n, *event) in the data's units. Raises SettingError for labels."""
        self.check_request(n, labels)
        return self.decode(self.latent_noise(n, generator))

    def decode(self, z: Numbers) -> Tensor:
        player = self.players["g"]
        with evaluating(player):
            return in_chunks(lambda part: self.scaling.to_data(player(part)), as_tensor(z).to(self.device, self.dtype))

    def scores(self, x: Numbers) -> Tensor:
        """(N, *event) in the data's units -> (N,) D(x), the discriminator's probability that x is real."""
        with evaluating(self.players["d"]):
            return in_chunks(lambda part: logits(self.players, self.model_units(part)).sigmoid(), x)

    def training_series(self, x: Tensor) -> dict[str, Tensor]:
        """`d/train_score` (N,), measured as `d/held_out_score` is."""
        return {"d/train_score": self.scores(x)}

    def held_out_series(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """`d/held_out_score` (N,): far below `d/train_score` where the discriminator has learnt its examples by heart.

        Not to be compared with `d/real_score`, where BatchNorm takes the statistics of the batch.
        """
        return {"d/held_out_score": self.scores(x)}
