"""The random numbers of one phase of an adversarial game."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from saddlepoint.objectives.noise import noise_bundle


@noise_bundle
@dataclass(frozen=True)
class GameNoise:
    """The random numbers of the losses in `game`; a field that is None was not drawn.

    Attributes:
        latent: (B, latent), the generator's input.
        real_views: by view, its random numbers for real examples.
        fake_views: by view, its random numbers for generated examples.
        flip_real: (B,), 1 for each real example whose label is flipped, otherwise 0.
        flip_fake: (B,), 1 for each generated example whose label is flipped, otherwise 0.
        replayed: (B, *event), previously generated examples.
        is_replayed: (B,) bool, whether the previously generated example replaces the new one.
        penalties: by penalty, its random numbers.
        penalty_scales: by penalty, (), the factor of its weight at this step.
        epsilon: (B, latent) standard normal, from which an encoder with a variance draws codes; without it, it takes the means.
        kept: by part with state ("objective", "penalties.NAME" or "views.NAME"), the present values of its tensors by name.
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
    epsilon: Tensor | None = None
    kept: dict[str, dict[str, Tensor]] | None = None
