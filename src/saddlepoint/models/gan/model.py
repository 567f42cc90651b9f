"""Generative adversarial networks: a two-player game between a generator and a discriminator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Literal, Self

import torch
from torch import Tensor, nn

from saddlepoint.data.event import Event, ScalingKind
from saddlepoint.data.groups import exactly_one_hot
from saddlepoint.errors import SettingError
from saddlepoint.models.arrays import Numbers, in_chunks
from saddlepoint.models.assembly import check_roles, is_own
from saddlepoint.models.capabilities import (
    Augments,
    DecodesNormal,
    HasCodeQuantiles,
    HasNamedCodes,
    HasPosterior,
    Pushes,
    ScoresExamples,
)
from saddlepoint.models.code_capabilities import NamedCodes
from saddlepoint.models.copying import frozen_copy
from saddlepoint.models.gan.categories import WithCategories, count_numbers
from saddlepoint.models.gan.composition import compose
from saddlepoint.models.gan.conditions.classes import HEAD
from saddlepoint.models.gan.encoders.encoder import ENCODER
from saddlepoint.models.gan.game_noise import GameNoiseSource
from saddlepoint.models.gan.judging import JudgingModel
from saddlepoint.models.gan.latent import LatentDistribution
from saddlepoint.models.gan.parts.checks import check_networks, check_on_examples
from saddlepoint.models.gan.parts.states import PartStates
from saddlepoint.models.gan.players import build_discriminator, build_encoder, build_generator
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.own_loss import ROLE
from saddlepoint.models.own_noise import global_seed_from
from saddlepoint.models.units import SYMMETRIC, UNIT, scaling, with_exact_groups
from saddlepoint.networks.constant import HeldConstants
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.objectives.adversarial.game import adversarial_game
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.adversarial.replay import Replay
from saddlepoint.objectives.phase import Phase

RANGES = {"tanh": SYMMETRIC, "sigmoid": UNIT, "identity": None}
SCALINGS: dict[str, ScalingKind] = {"tanh": "symmetric", "sigmoid": "unit", "identity": "standard"}


class GAN(JudgingModel):
    """A generator "g" (B, inputs) -> (B, *event) and a discriminator "d" (B, *event) -> B logits.

    With `model.encoder` there is an encoder "e" (B, *event) -> (B, latent) too. In a conditional GAN generator and discriminator
    also take labels, and a code (`HasCodes`) ends with one number for each class.

    References:
        Generative Adversarial Networks (Ian Goodfellow et al., 2014), https://arxiv.org/abs/1406.2661
    """

    family: ClassVar[str] = "gan"
    averaged: tuple[str, ...] = ("g",)
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
        check_roles(modules, (*settings.active_roles, ROLE))
        self.settings = settings
        with torch.device("cpu"):  # also where a model without memory is built, to count its weights
            parts = compose(settings, modules.get(ROLE), len(event.class_names or ()))
        self._views_of_examples = parts.game.views  # an encoder may apply them to pairs of an example and its code
        if parts.encoder is not None:
            parts = replace(parts, game=parts.encoder.adapt(parts.game, event.shape, settings.latent))
        self.parts, self.encoder_part = parts.game, parts.encoder
        output: Literal["tanh", "sigmoid", "identity"]
        output = settings.output if settings.output != "auto" else "tanh" if event.bounded else "identity"
        kind: ScalingKind = SCALINGS[output] if settings.scaling == "auto" else settings.scaling
        # The last activation of the user's own generator is unknown unless the settings name it.
        unknown = settings.output == "auto" and is_own("generator", settings.generator, modules)
        self._output_range = None if unknown else RANGES[output]
        units = scaling(event, kind, self._output_range, f"the output {output}")
        if settings.categories != "numbers":
            units = with_exact_groups(units)
            if units.groups and parts.encoder is not None:
                raise SettingError(
                    f"model.encoder ({settings.encoder.kind}) and model.categories {settings.categories} cannot be combined: the noise of "
                    "categories is no code of an example. Set model.categories to numbers, or leave the encoder out."
                )
        # The noise of categories follows that of the network, so that a code determines its sample.
        noise = settings.latent + count_numbers(units.groups)
        shares = event.shares if self.parts.conditional else ()
        self.classes = len(shares) or None
        self.latent_distribution = LatentDistribution(settings.noise, noise, parts.codes, shares)
        self._noise = noise
        generator = build_generator(settings, event, parts, modules, output, len(shares))
        if units.groups:
            generator = WithCategories(
                generator,
                units.groups,
                settings.latent,
                self.latent_distribution.log_share,
                straight_through=settings.categories == "straight-through",
            )
        if event.constants:
            generator = HeldConstants(generator, partial(event.with_constants, values=units.constants))
        discriminator = build_discriminator(settings, event, parts, modules, output, len(shares))
        self._labelled = parts.conditions["discriminator"].labelled
        if self.parts.supervised:
            self.averaged = ("g", "d")  # the classifier is to be the averaged one
        players = {"g": generator, "d": discriminator}
        if parts.encoder is not None:
            players[ENCODER] = build_encoder(settings, event, parts.encoder, modules)
            self.averaged = ("g", ENCODER)
        super().__init__(event, units, players, dict(zip(settings.players, settings.active_roles, strict=False)))
        for short, constraint in self.parts.constraints.items():
            try:
                constraint.prepare(self.players[short])
            except SettingError as error:
                raise SettingError(f"model.constraints.{self.roles[short]}: {error}") from error
        self.after_update = {
            short: constraint.project for short, constraint in self.parts.constraints.items() if constraint.after_update
        }
        check_on_examples(self.parts, self.parts.judged or event.shape)
        self._part_states = PartStates(self.parts.states)
        game = adversarial_game(
            self.parts,
            discriminator_updates=settings.updates.discriminator,
            fresh_noise=settings.noise.fresh,
            unrolled_steps=settings.updates.unrolled,
            unrolled_rate=settings.updates.unrolled_rate,
            keep=self._part_states.keep,
        )
        if parts.encoder is not None:
            game = parts.encoder.phases(self.parts, *game)
        self._phases = game
        draws_codes = parts.encoder is not None and parts.encoder.has_variance
        self.noise_source = GameNoiseSource(
            settings, event, self.parts, self.latent_distribution, self._part_states, draws_codes
        )
        self._replay = Replay(settings.replay.size) if settings.replay.share else None

    @classmethod
    def check_settings(cls, settings: GANSettings, classes: int | None = None) -> None:
        check_networks(settings, compose(settings, classes=classes).game)

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The update of the discriminator, then that of the generator; an encoder moves with it, or after it."""
        return self._phases

    @property
    def output_range(self) -> tuple[float, float] | None:
        return self._output_range

    def output_network(self) -> tuple[nn.Module, Callable[[Tensor], Tensor]] | None:
        known = self._output_range is not None or self.classes is not None or bool(self.scaling.groups)
        return None if known else (self.players["g"], lambda output: output)

    @property
    def latent(self) -> int:
        return self.latent_distribution.size

    @property
    def named_codes(self) -> NamedCodes | None:
        """Where the categorical and continuous codes of an InfoGAN are; None without any."""
        return self.latent_distribution.named_codes

    @property
    def packing(self) -> int:
        """Number of examples that the discriminator scores together."""
        return self.settings.discriminator.packing

    def lacks(self, capability: type) -> str | None:
        if (reason := self._lacks_for_encoder(capability)) is not None:
            return reason
        if capability is HasPosterior:
            return (
                None
                if self.parts.supervised
                else "its discriminator has no classes; model.condition.discriminator: classes gives it some."
            )
        if capability is ScoresExamples and not self.judges_alone:
            return "its discriminator compares several examples, so a single example has no score of its own."
        if capability is Pushes and not (
            self.judges_alone and not self.judges_in_pairs and not self.parts.loss.features and not self.parts.heads
        ):
            return "its generator's loss compares several examples or reads codes, so a single example has no gradient of its own."
        if capability is Augments and not self._lasting_views:
            return "its discriminator gets unchanged examples."
        if capability is HasNamedCodes and self.named_codes is None:
            return "it has no categorical or continuous codes; model.condition.discriminator: info gives it some."
        if capability in (ScoresExamples, Pushes) and self.classes is not None:
            return "its discriminator scores an example together with its label."
        if capability in (DecodesNormal, HasCodeQuantiles) and self.latent != self._noise:
            return "its codes have further numbers than normal or uniform noise."
        return super().lacks(capability)

    def player_inputs(self, x: Tensor, generator: torch.Generator | None) -> dict[str, tuple[Tensor, ...]]:
        latent = self.latent_distribution
        if generator is None:
            z = torch.zeros(len(x), latent.inputs, device=x.device, dtype=x.dtype)
        else:
            z = latent.noise(len(x), generator).to(x)
        if self.classes is None:
            of_encoder: dict[str, tuple[Tensor, ...]] = {} if self.encoder_part is None else {ENCODER: (x,)}
            return {"g": (z,), "d": (self.judged(x),)} | of_encoder
        labels = latent.labels(len(x), torch.Generator(x.device).manual_seed(0) if generator is None else generator)
        return {"g": (z, labels), "d": (x, labels)}

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
        return self._generate

    def _generate(self, codes: Tensor) -> Tensor:
        """(N, latent) codes -> (N, *event) in the model's units, in the generator's current mode."""
        noise, labels = self.latent_distribution.split(codes)
        generator = self.players["g"]
        made: Tensor = generator(noise) if labels is None else generator(noise, labels=labels)
        return made

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> GameNoise:
        """Draw the random numbers of one update; with replay, also add one new generated example to the store."""
        noise = self.noise_source.draw(phase, n, step, generator)
        if self._replay is not None and phase.player == "d":
            with evaluating(self.players["g"]):
                made = self._generate(noise.latent[:1].to(self.dtype))[0]
            noise = self.noise_source.with_replay(noise, self._replay, generator)
            self._replay.add(made, generator)
        return noise

    def extra_state(self) -> dict[str, Tensor]:
        return self._part_states.tensors() | ({} if self._replay is None else self._replay.state())

    @property
    def state_names(self) -> Set[str]:
        return self._part_states.tensors().keys() | ({"replay"} if self._replay is not None else set())

    def unread_state(self, names: Set[str]) -> Set[str]:
        return names - self.state_names

    def load_extra_state(self, state: Mapping[str, Tensor]) -> None:
        self._part_states.load(state, self.device)
        if self._replay is not None:
            self._replay.load_state(state, self.device)

    def to(self, device: torch.device | str) -> Self:
        super().to(device)
        self._part_states.to(self.device)
        return self

    def latent_quantiles(self, share: Tensor) -> Tensor:
        """Return the quantiles of one dimension of the noise at these probabilities, each in (0, 1)."""
        return self.latent_distribution.quantiles(share)

    def fixed_noise(self, n: int, generator: torch.Generator) -> Tensor:
        n = self.check_request(n, None, generator)
        return self._codes(n, None, generator)

    @property
    def _lasting_views(self) -> list[str]:
        """The names of views that are not switched off in the course of training."""
        return [name for name in self.parts.views if not self.settings.views[name].steps]

    def augmented(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Apply all views that last throughout training, in their present state.

        Args:
            x: (N, *event) in the model's units.
            generator: draws the changes, on the device of x.

        Returns:
            (N, *event).
        """
        for name in self._lasting_views:
            view, kept = self._views_of_examples[name], self._part_states.of(f"views.{name}")
            drawn = view.draw(len(x), x.shape[1:], self.settings.views[name].strength, generator, *kept)
            x = view(x, drawn)
        return x

    def labelled_share(self, *, complete: bool) -> float | None:
        return self._labelled

    def posterior(self, x: Numbers) -> Tensor:
        """Return the class probabilities of examples by the discriminator's heads.

        Args:
            x: (N, *event) in the data's units.

        Returns:
            (N, classes) float64.

        Raises:
            DataError: the discriminator has no classes.
        """
        self._require(HasPosterior)
        discriminator = self.players["d"]

        def classes(part: Tensor) -> Tensor:
            found: Tensor = discriminator(self.model_units(part), heads=True)[1][HEAD]
            return found.double().softmax(1)

        with evaluating(discriminator):
            return in_chunks(classes, x)

    def _codes(self, n: int, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """Draw codes (n, latent), of these classes or of random ones."""
        distribution = self.latent_distribution
        noise = distribution.noise(n, generator)
        if self.classes is not None and labels is None:
            labels = distribution.labels(n, generator)
        return distribution.join(noise, labels)

    def split_codes(self, z: Tensor) -> tuple[Tensor, Tensor | None]:
        """Split codes (N, latent) into the generator's input and the weights of the classes (N, classes), or None."""
        return self.latent_distribution.split(z)

    def with_labels(self, z: Tensor, labels: Tensor) -> Tensor:
        """Return codes z (N, latent) with other classes, labels (N,) int64."""
        return self.latent_distribution.join(self.latent_distribution.split(z)[0], labels)

    def _sample(self, n: int, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        return self.decode(self._codes(n, labels, generator))

    def decode(self, z: Numbers) -> Tensor:
        z, groups = self.latent_codes(z), self.scaling.groups
        with evaluating(self.players["g"]), global_seed_from(z):
            return in_chunks(lambda part: exactly_one_hot(self.scaling.to_data(self._generate(part)), groups), z)
