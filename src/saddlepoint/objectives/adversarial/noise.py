"""The random numbers of one phase of an adversarial game."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from saddlepoint.objectives.noise import noise_bundle


@noise_bundle
@dataclass(frozen=True)
class GameNoise:
    """What the losses of `game` read; a field that is None was not drawn.

    Attributes:
        latent: (B, latent), the generator's input.
        real_views, fake_views: by view, what it drew for real and for generated examples.
        flip_real, flip_fake: (B,), 1 where the discriminator is given the wrong label, else 0.
        replayed: (B, *event), previously generated examples; is_replayed: (B,) bool, where they replace new ones.
        penalties: by penalty, what it drew.
        penalty_scales: by penalty, (), what its weight is multiplied by at this step.
    """

    latent: Tensor
    real_views: dict[str, Tensor] | None = None
    fake_views: dict[str, Tensor] | None = None
    flip_real: Tensor | None = None
    flip_fake: Tensor | None = None
    replayed: Tensor | None = None
    is_replayed: Tensor | None = None
    penalties: dict[str, Tensor] | None = None
    penalty_scales: dict[str, Tensor] | None = None
