"""Draw the random numbers of an adversarial game, always in the same order."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from saddlepoint.data.event import Event
from saddlepoint.models.gan.latent import LatentDistribution
from saddlepoint.models.gan.parts.states import PartStates
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.objectives.adversarial.composition import Composition
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.adversarial.penalties import draw_of
from saddlepoint.objectives.adversarial.replay import Replay
from saddlepoint.objectives.phase import Phase


class GameNoiseSource:
    """Draws the noise of one game.

    Args:
        settings: of the GAN.
        event: what one example is.
        parts: of the game.
        latent: the distribution of the generator's input.
        states: of the parts.
        draws_codes: whether an encoder with a variance draws codes.
    """

    def __init__(
        self,
        settings: GANSettings,
        event: Event,
        parts: Composition,
        latent: LatentDistribution,
        states: PartStates,
        draws_codes: bool = False,
    ) -> None:
        self._settings, self._parts = settings, parts
        self._latent, self._states = latent, states
        self._shape = event.shape if parts.judged is None else parts.judged
        self._draws_codes = draws_codes

    def draw(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> GameNoise:
        """Draw the random numbers of one update, except for replayed examples.

        Args:
            phase: of the update.
            n: number of examples in the batch.
            step: of training.
            generator: draws the numbers.
        """
        settings, latent = self._settings, self._latent
        codes = (latent.stratified if settings.noise.stratified else latent.noise)(n, generator)
        real_views: dict[str, Tensor] = {}
        fake_views: dict[str, Tensor] = {}
        for views in (real_views, fake_views) if phase.uses_data else (fake_views,):
            for name, view in self._parts.views.items():
                strength = self.view_strength(name, step)
                if strength > 0:
                    kept = self._states.of(f"views.{name}")
                    views[name] = view.draw(n, self._shape, strength, generator, *kept)
        scales = {
            name: torch.full((), self.penalty_scale(name, step), device=generator.device)
            for name in self._parts.penalties
            if settings.penalties[name].half_life
        }
        noise = GameNoise(
            codes, real_views or None, fake_views or None, penalty_scales=scales or None, kept=self._states.present
        )
        if self._draws_codes:
            epsilon = torch.randn(n, latent.inputs, generator=generator, device=generator.device)
            noise = replace(noise, epsilon=epsilon)
        if phase.player == "d":
            noise = self._with_flips(noise, n, generator)
        if phase.player == "d" or settings.updates.unrolled:  # the steps ahead minimise the penalties too
            noise = self._with_penalties(noise, n, generator)
        return noise

    def _with_flips(self, noise: GameNoise, n: int, generator: torch.Generator) -> GameNoise:
        """Add the flips of labels."""
        settings, device = self._settings, generator.device
        if not settings.labels.flipping:
            return noise
        packing = settings.discriminator.packing
        flips = []
        for _ in range(2):
            # A pack has one label, so it gets one decision.
            chance = torch.rand(-(-n // packing), generator=generator, device=device)
            flips.append((chance < settings.labels.flipping).float().repeat_interleave(packing)[:n])
        return replace(noise, flip_real=flips[0], flip_fake=flips[1])

    def _with_penalties(self, noise: GameNoise, n: int, generator: torch.Generator) -> GameNoise:
        """Add the random numbers of penalties."""
        numbers = {
            name: draw(n, self._shape, generator)
            for name, (part, _) in self._parts.penalties.items()
            if (draw := draw_of(part)) is not None
        }
        return replace(noise, penalties=numbers) if numbers else noise

    def with_replay(self, noise: GameNoise, replay: Replay, generator: torch.Generator) -> GameNoise:
        """Add previously generated examples, if there are any yet.

        Args:
            noise: of the discriminator's update.
            replay: the store of examples.
            generator: draws the examples.
        """
        if not len(replay):
            return noise
        n = len(noise.latent)
        old = replay.draw(n, generator)
        chance = torch.rand(n, generator=generator, device=generator.device)
        return replace(noise, replayed=old, is_replayed=chance < self._settings.replay.share)

    def view_strength(self, name: str, step: int) -> float:
        """Return the strength of a view at a step."""
        own = self._settings.views[name]
        left = 1 - step / own.steps if own.steps else 1.0
        return own.strength * max(left, 0.0)

    def penalty_scale(self, name: str, step: int) -> float:
        """Return the factor of a penalty's weight at a step, in (0, 1]: it halves every `half_life` steps."""
        half_life = self._settings.penalties[name].half_life
        return float(0.5 ** (step / half_life)) if half_life else 1.0
