"""Generative adversarial networks: a two-player game between a generator and a discriminator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from saddlepoint.data.dataset import Event, ScalingKind
from saddlepoint.errors import DataError
from saddlepoint.models.assembly import check_roles, is_own, network
from saddlepoint.models.base import Numbers, in_chunks
from saddlepoint.models.capabilities import Pushes, ScoresExamples
from saddlepoint.models.codes import CodeModel
from saddlepoint.models.copying import frozen_copy
from saddlepoint.models.gan.composition import check_on_examples, compose
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.own_loss import ROLE
from saddlepoint.models.own_noise import global_seed_from
from saddlepoint.models.units import SYMMETRIC, UNIT, scaling
from saddlepoint.networks.constant import HeldConstants
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.networks.features import FeatureDiscriminator
from saddlepoint.networks.packing import Packed, packed_shape
from saddlepoint.objectives.adversarial.game import adversarial_game, generator_loss, logits
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.adversarial.replay import Replay
from saddlepoint.objectives.phase import Batch, Phase

RANGES = {"tanh": SYMMETRIC, "sigmoid": UNIT, "identity": None}
SCALINGS: dict[str, ScalingKind] = {"tanh": "symmetric", "sigmoid": "unit", "identity": "standard"}


class GAN(CodeModel):
    """A generator "g" (B, latent) -> (B, *event) and a discriminator "d" (B, *event) -> B logits.

    References:
        Generative Adversarial Networks (Ian Goodfellow et al., 2014), https://arxiv.org/abs/1406.2661
    """

    family: ClassVar[str] = "gan"
    averaged: ClassVar[tuple[str, ...]] = ("g",)
    generator_player = "g"
    critic_player = "d"

    def __init__(
        self,
        settings: GANSettings,
        event: Event,
        modules: Mapping[str, Any] | None = None,
    ) -> None:
        """Build the players and compose the game.

        Args:
            settings: of the GAN.
            event: what one example is.
            modules: the user's own networks by role, and as "loss" the user's own loss, instead of `settings.objective`.

        Raises:
            SettingError: networks or parts do not fit, or the scaled data do not fit the output range.
        """
        modules = modules or {}
        check_roles(modules, ("generator", "discriminator", ROLE))
        self.settings = settings
        self.parts = compose(settings, modules.get(ROLE))
        output: Literal["tanh", "sigmoid", "identity"]
        output = settings.output if settings.output != "auto" else "tanh" if event.bounded else "identity"
        kind: ScalingKind = SCALINGS[output] if settings.scaling == "auto" else settings.scaling
        # The last activation of the user's own generator is unknown unless the settings name it.
        unknown = settings.output == "auto" and is_own("generator", settings.generator, modules)
        self._output_range = None if unknown else RANGES[output]
        units = scaling(event, kind, self._output_range, f"the output {output}")
        series = event.kind == "series"
        generator = network(
            "generator", settings.generator, (settings.latent,), event.shape, modules, output, series=series
        )
        if event.constants:
            generator = HeldConstants(generator, partial(event.with_constants, values=units.constants))
        players = {"g": generator, "d": _discriminator(settings, event, modules, features=self.parts.loss.features)}
        super().__init__(event, units, players, {"d": "discriminator", "g": "generator"})
        for short, constraint in self.parts.constraints.items():
            constraint.prepare(players[short])
        check_on_examples(self.parts, event.shape)
        self._phases = adversarial_game(
            self.parts,
            discriminator_updates=settings.updates.discriminator,
            fresh_noise=settings.noise.fresh,
            unrolled_steps=settings.updates.unrolled,
            unrolled_rate=settings.updates.unrolled_rate,
        )
        self._replay = Replay(settings.replay.size) if settings.replay.share else None

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The update of the discriminator, then that of the generator."""
        return self._phases

    @property
    def output_range(self) -> tuple[float, float] | None:
        return self._output_range

    def output_network(self) -> tuple[nn.Module, Callable[[Tensor], Tensor]] | None:
        return None if self._output_range is not None else (self.players["g"], lambda output: output)

    @property
    def latent(self) -> int:
        return self.settings.latent

    @property
    def packing(self) -> int:
        """Number of examples that the discriminator scores together."""
        return self.settings.discriminator.packing

    def lacks(self, capability: type) -> str | None:
        if capability is ScoresExamples and not self.judges_alone:
            return "its discriminator compares several examples, so a single example has no score of its own."
        if capability is Pushes and not (
            self.judges_alone and not self.parts.loss.paired and not self.parts.loss.features
        ):
            return "its generator's loss compares several examples, so a single example has no gradient of its own."
        return None

    def player_inputs(self, x: Tensor, generator: torch.Generator | None) -> dict[str, tuple[Tensor, ...]]:
        if generator is None:
            z = torch.zeros(len(x), self.latent, device=x.device, dtype=x.dtype)
        else:
            z = self.latent_noise(len(x), generator).to(x)
        return {"g": (z,), "d": (x,)}

    def normal_decoder(self) -> Callable[[Tensor], Tensor]:
        """Return a frozen copy of the generator as a function of standard normal z (B, latent).

        For a uniform latent distribution, z is mapped to 2 Phi(z) - 1, which is uniform on [-1, 1].
        """
        generator, settings = frozen_copy(self.players["g"]), self.settings

        def decoder(z: Tensor) -> Tensor:
            noise = 2 * torch.special.ndtr(z) - 1 if settings.noise.distribution == "uniform" else z
            output: Tensor = generator(noise if settings.noise.scale == 1 else noise * settings.noise.scale)
            return output

        return decoder

    @property
    def sampler(self) -> Callable[[Tensor], Tensor]:
        return self.players["g"]

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> GameNoise:
        """Draw the random numbers of one update; with replay, also add one new generated example to the store."""
        settings = self.settings
        latent = self._latin_hypercube(n, generator) if settings.noise.stratified else self.latent_noise(n, generator)
        real_views: dict[str, Tensor] = {}
        fake_views: dict[str, Tensor] = {}
        for views in (real_views, fake_views) if phase.uses_data else (fake_views,):
            for name, view in self.parts.views.items():
                strength = self.view_strength(name, step)
                if strength > 0:
                    views[name] = view.draw(n, self.event.shape, strength, generator)
        scales = {
            name: torch.full((), self.penalty_scale(name, step), device=generator.device)
            for name in self.parts.penalties
            if settings.penalties[name].half_life
        }
        noise = GameNoise(latent, real_views or None, fake_views or None, penalty_scales=scales or None)
        return noise if phase.player != "d" else self._add_discriminator_noise(noise, n, generator)

    def _add_discriminator_noise(self, noise: GameNoise, n: int, generator: torch.Generator) -> GameNoise:
        """Add the noise of the discriminator's update: label flips, points of penalties, replayed examples."""
        settings, device = self.settings, generator.device
        if settings.labels.flipping:
            packing = settings.discriminator.packing
            flips = []
            for _ in range(2):
                # A pack has one label, so it gets one decision.
                chance = torch.rand(-(-n // packing), generator=generator, device=device)
                flips.append((chance < settings.labels.flipping).float().repeat_interleave(packing)[:n])
            noise = replace(noise, flip_real=flips[0], flip_fake=flips[1])
        points = {
            name: part.draw(n, self.event.shape, generator)
            for name, (part, _) in self.parts.penalties.items()
            if part.draw is not None
        }
        if points:
            noise = replace(noise, penalties=points)
        if self._replay is not None:
            if len(self._replay):
                old = self._replay.draw(n, generator)
                noise = replace(
                    noise,
                    replayed=old,
                    is_replayed=torch.rand(n, generator=generator, device=device) < settings.replay.share,
                )
            with evaluating(self.players["g"]):
                self._replay.add(self.players["g"](noise.latent[:1].to(self.dtype))[0], generator)
        return noise

    def extra_state(self) -> dict[str, Tensor]:
        return {} if self._replay is None else self._replay.state()

    def load_extra_state(self, state: Mapping[str, Tensor]) -> None:
        if self._replay is not None:
            self._replay.load_state(state, self.device)

    def view_strength(self, name: str, step: int) -> float:
        """Return the strength of a view at a step."""
        own = self.settings.views[name]
        left = 1 - step / own.steps if own.steps else 1.0
        return own.strength * max(left, 0.0)

    def penalty_scale(self, name: str, step: int) -> float:
        """Return the factor of a penalty's weight at a step, in (0, 1]: it halves every `half_life` steps."""
        half_life = self.settings.penalties[name].half_life
        return float(0.5 ** (step / half_life)) if half_life else 1.0

    def latent_noise(self, n: int, generator: torch.Generator | None) -> Tensor:
        """Draw from the latent distribution.

        Args:
            n: number of codes.
            generator: draws the numbers; None takes torch's global generator.

        Returns:
            (n, latent) float32, on the device of the generator.
        """
        settings = self.settings
        device = torch.device("cpu") if generator is None else generator.device
        if settings.noise.distribution == "normal":
            noise = torch.randn(n, settings.latent, generator=generator, device=device)
        else:
            noise = torch.rand(n, settings.latent, generator=generator, device=device).mul_(2).sub_(1)
        return noise if settings.noise.scale == 1 else noise * settings.noise.scale

    def latent_quantiles(self, share: Tensor) -> Tensor:
        """Return quantiles of one latent dimension.

        Args:
            share: probabilities in (0, 1), of any shape.

        Returns:
            The quantiles, in the same shape.
        """
        if self.settings.noise.distribution == "normal":
            normal: Tensor = torch.special.ndtri(share)
            return normal * self.settings.noise.scale
        return (2 * share - 1) * self.settings.noise.scale

    def _latin_hypercube(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, latent) Latin hypercube sample: in every dimension, one value in each of n equally probable intervals.

        References:
            A Comparison of Three Methods for Selecting Values of Input Variables in the Analysis of Output from a Computer
            Code (Michael McKay, Richard Beckman, William Conover, 1979), https://doi.org/10.2307/1268522
        """
        shape, device = (n, self.settings.latent), generator.device
        part = torch.rand(shape, generator=generator, device=device).argsort(0)
        share = (part + torch.rand(shape, generator=generator, device=device)) / n
        # Rounding may give 0 or 1, where the normal quantile is infinite.
        return self.latent_quantiles(share.clamp(1e-7, 1 - 1e-7))

    def fixed_noise(self, n: int, generator: torch.Generator) -> Tensor:
        n = self.check_request(n, None, generator)
        return self.latent_noise(n, generator)

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        n = self.check_request(n, labels, generator)
        return self.decode(self.latent_noise(n, generator))

    def decode(self, z: Numbers) -> Tensor:
        player, z = self.players["g"], self.latent_codes(z)
        with evaluating(player), global_seed_from(z):
            return in_chunks(lambda part: self.scaling.to_data(player(part)), z)

    @property
    def gives_probabilities(self) -> bool:
        """Whether the loss defines the probability of being real as a function of the logit."""
        return self.parts.loss.link is not None

    def scores(self, x: Numbers) -> Tensor:
        """Score examples.

        Args:
            x: (N, *event) in the data's units.

        Returns:
            (N,) probabilities of being real; logits if the loss defines no probability.
        """
        logit = self.logits(x)
        return logit if self.parts.loss.link is None else self.parts.loss.link(logit)

    def logits(self, x: Numbers) -> Tensor:
        """Return the discriminator's logits.

        Args:
            x: (N, *event) in the data's units.

        Returns:
            (N,) nats. With a relativistic loss (`judges_in_pairs`), logits have an arbitrary additive constant.
        """
        with evaluating(self.players["d"]):
            return in_chunks(lambda part: self.judge(self.model_units(part)), x)

    def judge(self, x: Tensor) -> Tensor:
        """Return the discriminator's logits without changing the networks' mode.

        Args:
            x: (B, *event) in the model's units.

        Returns:
            (B,) nats.
        """
        return logits(self.players, x)

    @property
    def judges_alone(self) -> bool:
        """Whether the discriminator's score of an example depends only on that example."""
        return self.settings.discriminator.packing == 1 and self.settings.discriminator.minibatch_kernels == 0

    @property
    def judges_in_pairs(self) -> bool:
        """Whether the discriminator is trained to compare a real with a generated example, not to score a single one."""
        return self.parts.loss.paired

    def pushes(self, x: Numbers) -> Tensor:
        """Return minus the gradient of the generator's loss with respect to generated examples.

        The current discriminator is used, without views and without unrolling.

        Args:
            x: (N, *event) generated examples in the data's units.

        Returns:
            (N, *event), in nats per unit of the data.

        Raises:
            DataError: the loss of an example depends on other examples.
        """
        if (reason := self.lacks(Pushes)) is not None:
            raise DataError(reason)
        cost = generator_loss(self.parts)

        def identity(value: Tensor) -> Tensor:
            return value

        def negative_gradient(part: Tensor) -> Tensor:
            with torch.enable_grad():
                leaf = part.to(self.device).float().requires_grad_()
                examples = self.model_units(leaf)
                value, _ = cost({"d": self.players["d"], "g": identity}, Batch(examples), GameNoise(examples))
                (gradient,) = torch.autograd.grad(value.sum(), leaf)
            return -gradient

        with evaluating(self.players["d"]):
            return in_chunks(negative_gradient, x)

    def training_series(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """Return `d/train_score` (N,), measured like `d/held_out_score`; `d/train_output` if the loss defines no probability."""
        return {f"d/train_{self._score}": self.scores(x)}

    def held_out_series(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """Return `d/held_out_score` (N,), or `d/held_out_output` if the loss defines no probability.

        It is far below `d/train_score` if the discriminator has memorised its examples. It is not comparable with
        `d/real_score`, in which BatchNorm uses the statistics of the batch.
        """
        return {f"d/held_out_{self._score}": self.scores(x)}

    @property
    def _score(self) -> str:
        return "score" if self.gives_probabilities else "output"


def _discriminator(
    settings: GANSettings, event: Event, modules: Mapping[str, nn.Module], *, features: bool
) -> nn.Module:
    """Build the discriminator (B, *event) -> B logits, with minibatch kernels and packing as in the settings.

    If features are needed, the inner network (also the user's own) returns features instead of a logit.
    """
    own = settings.discriminator
    shape = packed_shape(event.shape, own.packing)
    needs_features = own.minibatch_kernels > 0 or features
    outputs = None if needs_features else ()
    player = network("discriminator", own, shape, outputs, modules, series=event.kind == "series")
    if needs_features:
        player = FeatureDiscriminator(player, shape, own.minibatch_kernels)
    return Packed(player, own.packing) if own.packing > 1 else player
