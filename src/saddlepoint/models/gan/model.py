"""The generative adversarial network: a two-player game between a generator and a discriminator."""

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
from saddlepoint.models.gan.composition import compose
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.own_loss import ROLE
from saddlepoint.models.own_noise import decided_by
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

    Generative Adversarial Networks (Goodfellow et al., 2014). https://arxiv.org/abs/1406.2661
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
            modules: the user's own networks by role, and, as "loss", the user's own loss in the place of `settings.objective`.

        Raises:
            SettingError: networks or parts do not fit, or the scaled data do not fit the output.
        """
        modules = modules or {}
        check_roles(modules, ("generator", "discriminator", ROLE))
        self.settings = settings
        self.parts = compose(settings, modules.get(ROLE))
        output: Literal["tanh", "sigmoid", "identity"]
        output = settings.output if settings.output != "auto" else "tanh" if event.bounded else "identity"
        kind: ScalingKind = SCALINGS[output] if settings.scaling == "auto" else settings.scaling
        # The last activation of the user's own generator is only known where the settings name it.
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
        """The discriminator moves, then the generator."""
        return self._phases

    @property
    def output_range(self) -> tuple[float, float] | None:
        return self._output_range

    def output_network(self) -> tuple[nn.Module, Callable[[Tensor], Tensor]] | None:
        return None if self._output_range is not None else (self.players["g"], lambda made: made)

    @property
    def latent(self) -> int:
        return self.settings.latent

    @property
    def packing(self) -> int:
        """Examples that the discriminator judges together."""
        return self.settings.discriminator.packing

    def lacks(self, capability: type) -> str | None:
        if capability is ScoresExamples and not self.judges_alone:
            return "its discriminator compares examples with others, so that a score is not one of a single example."
        if capability is Pushes and not (
            self.judges_alone and not self.parts.loss.paired and not self.parts.loss.features
        ):
            return (
                "its generator's loss compares examples with others, so that a single one has no gradient of its own."
            )
        return None

    def player_inputs(self, x: Tensor, generator: torch.Generator | None) -> dict[str, tuple[Tensor, ...]]:
        if generator is None:
            z = torch.zeros(len(x), self.latent, device=x.device, dtype=x.dtype)
        else:
            z = self.latent_noise(len(x), generator).to(x)
        return {"g": (z,), "d": (x,)}

    def normal_decoder(self) -> Callable[[Tensor], Tensor]:
        """A frozen copy of the generator as a function of standard normal z (B, latent).

        Uniform noise on [-1, 1] is 2 Phi(z) - 1 with z ~ N(0, I).
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
        """The random numbers of one update; where the settings ask for replay, what the generator makes at that moment is
        added to the examples that are kept."""
        settings = self.settings
        latent = self._stratified(n, generator) if settings.noise.stratified else self.latent_noise(n, generator)
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
        made = GameNoise(latent, real_views or None, fake_views or None, penalty_scales=scales or None)
        return made if phase.player != "d" else self._of_discriminator(made, n, generator)

    def _of_discriminator(self, noise: GameNoise, n: int, generator: torch.Generator) -> GameNoise:
        """The noise of the discriminator's update: flipped labels, the points of penalties, replayed examples."""
        settings, device = self.settings, generator.device
        if settings.labels.flipping:
            packing = settings.discriminator.packing
            flips = []
            for _ in range(2):
                # One decision on a pack, one label.
                chance = torch.rand(-(-n // packing), generator=generator, device=device)
                flips.append((chance < settings.labels.flipping).float().repeat_interleave(packing)[:n])
            noise = replace(noise, flip_real=flips[0], flip_fake=flips[1])
        drawn = {
            name: part.draw(n, generator) for name, (part, _) in self.parts.penalties.items() if part.draw is not None
        }
        if drawn:
            noise = replace(noise, penalties=drawn)
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
        """Strength of this view at this step."""
        own = self.settings.views[name]
        left = 1 - step / own.steps if own.steps else 1.0
        return own.strength * max(left, 0.0)

    def penalty_scale(self, name: str, step: int) -> float:
        """Share of the weight of this penalty that is left at this step."""
        half_life = self.settings.penalties[name].half_life
        return float(0.5 ** (step / half_life)) if half_life else 1.0

    def latent_noise(self, n: int, generator: torch.Generator | None) -> Tensor:
        """(n, latent) float32 from the latent distribution, on the generator's device."""
        settings = self.settings
        device = torch.device("cpu") if generator is None else generator.device
        if settings.noise.distribution == "normal":
            drawn = torch.randn(n, settings.latent, generator=generator, device=device)
        else:
            drawn = torch.rand(n, settings.latent, generator=generator, device=device).mul_(2).sub_(1)
        return drawn if settings.noise.scale == 1 else drawn * settings.noise.scale

    def latent_quantiles(self, share: Tensor) -> Tensor:
        """Values below which these shares, in (0, 1), of one latent dimension lie."""
        if self.settings.noise.distribution == "normal":
            normal: Tensor = torch.special.ndtri(share)
            return normal * self.settings.noise.scale
        return (2 * share - 1) * self.settings.noise.scale

    def _stratified(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, latent): a Latin hypercube, one value of every dimension in each of n equally probable parts.

        A Comparison of Three Methods for Selecting Values of Input Variables in the Analysis of Output from a Computer
        Code (McKay, Beckman, Conover, 1979), https://doi.org/10.2307/1268522
        """
        shape, device = (n, self.settings.latent), generator.device
        part = torch.rand(shape, generator=generator, device=device).argsort(0)
        share = (part + torch.rand(shape, generator=generator, device=device)) / n
        # Rounding may reach an end of the range, where a normal value is infinite.
        return self.latent_quantiles(share.clamp(1e-7, 1 - 1e-7))

    def fixed_noise(self, n: int, generator: torch.Generator) -> Tensor:
        n = self.check_request(n, None, generator)
        return self.latent_noise(n, generator)

    def sample(self, n: int, *, labels: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """(n, *event) in the data's units. Raises SettingError for labels."""
        n = self.check_request(n, labels, generator)
        return self.decode(self.latent_noise(n, generator))

    def decode(self, z: Numbers) -> Tensor:
        player, z = self.players["g"], self.latent_codes(z)
        with evaluating(player), decided_by(z):
            return in_chunks(lambda part: self.scaling.to_data(player(part)), z)

    @property
    def gives_probabilities(self) -> bool:
        """Whether the loss links a logit to a probability of being real."""
        return self.parts.loss.link is not None

    def scores(self, x: Numbers) -> Tensor:
        """(N, *event) in the data's units -> (N,) the probability that x is real; where the loss has no link to one, the
        logit itself."""
        logit = self.logits(x)
        return logit if self.parts.loss.link is None else self.parts.loss.link(logit)

    def logits(self, x: Numbers) -> Tensor:
        """(N, *event) in the data's units -> (N,) what D(x) is the sigmoid of, in nats; of a discriminator that compares
        examples (`judges_in_pairs`) known up to a constant."""
        with evaluating(self.players["d"]):
            return in_chunks(lambda part: self.judge(self.model_units(part)), x)

    def judge(self, x: Tensor) -> Tensor:
        """(B, *event) in the model's units -> (B,) logits, in the networks' present mode."""
        return logits(self.players, x)

    @property
    def judges_alone(self) -> bool:
        """Whether the discriminator's score of an example is a function of that example."""
        return self.settings.discriminator.packing == 1 and self.settings.discriminator.minibatch_kernels == 0

    @property
    def judges_in_pairs(self) -> bool:
        """Whether the discriminator has learnt to compare a real with a generated example, and nothing of one alone."""
        return self.parts.loss.paired

    def pushes(self, x: Numbers) -> Tensor:
        """(N, *event) in the data's units -> (N, *event): minus the gradient of the generator's loss, in nats per unit of
        the data, where x are generated. Raises DataError where the loss is not one of each example alone."""
        if (reason := self.lacks(Pushes)) is not None:
            raise DataError(reason)
        # Against the discriminator as it is, also where training looks ahead, and without views.
        cost = generator_loss(self.parts)

        def itself(value: Tensor) -> Tensor:
            return value

        def pushed(part: Tensor) -> Tensor:
            with torch.enable_grad():
                leaf = part.to(self.device).float().requires_grad_()
                made = self.model_units(leaf)
                value, _ = cost({"d": self.players["d"], "g": itself}, Batch(made), GameNoise(made))
                (gradient,) = torch.autograd.grad(value.sum(), leaf)
            return -gradient

        with evaluating(self.players["d"]):
            return in_chunks(pushed, x)

    def training_series(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """`d/train_score` (N,), measured as `d/held_out_score` is; `d/train_output` where the loss has no probability."""
        return {f"d/train_{self._score}": self.scores(x)}

    def held_out_series(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """`d/held_out_score` (N,): far below `d/train_score` where the discriminator has memorised its examples;
        `d/held_out_output` where the loss has no probability.

        Not to be compared with `d/real_score`, where BatchNorm takes the statistics of the batch.
        """
        return {f"d/held_out_{self._score}": self.scores(x)}

    @property
    def _score(self) -> str:
        return "score" if self.gives_probabilities else "output"


def _discriminator(
    settings: GANSettings, event: Event, modules: Mapping[str, nn.Module], *, features: bool
) -> nn.Module:
    """(B, *event) -> logits, with the features, comparisons and packs that the settings ask for.

    Where features are needed, the network itself (the user's own too) ends with them instead of with a logit.
    """
    own = settings.discriminator
    shape = packed_shape(event.shape, own.packing)
    needs_features = own.minibatch_kernels > 0 or features
    outputs = None if needs_features else ()
    found = network("discriminator", own, shape, outputs, modules, series=event.kind == "series")
    if needs_features:
        found = FeatureDiscriminator(found, shape, own.minibatch_kernels)
    return Packed(found, own.packing) if own.packing > 1 else found
