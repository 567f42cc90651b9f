"""The generative adversarial network: a two-player game between a generator and a discriminator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from saddlepoint.data.dataset import Event, ScalingKind
from saddlepoint.errors import DataError
from saddlepoint.models.assembly import check_roles, is_own, network
from saddlepoint.models.base import Numbers, in_chunks
from saddlepoint.models.capabilities import Pushes, ScoresExamples
from saddlepoint.models.codes import CodeModel
from saddlepoint.models.copying import frozen_copy
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.models.own_noise import decided_by
from saddlepoint.models.units import SYMMETRIC, UNIT, scaling
from saddlepoint.networks.constant import HeldConstants
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.networks.features import FeatureDiscriminator
from saddlepoint.networks.packing import Packed, packed_shape
from saddlepoint.objectives.adversarial import GENERATOR_LOSSES, MATCHING_LOSSES, adversarial_game, logits
from saddlepoint.objectives.phase import Batch, Noise, Phase
from saddlepoint.objectives.replay import Replay

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
        units = scaling(event, kind, self._output_range, f"the output {output}")
        series = event.kind == "series"
        generator = network(
            "generator", settings.generator, (settings.latent,), event.shape, modules, output, series=series
        )
        if event.constants:
            generator = HeldConstants(generator, partial(event.with_constants, values=units.constants))
        players = {"g": generator, "d": _discriminator(settings, event, modules)}
        super().__init__(event, units, players, {"d": "discriminator", "g": "generator"})
        self._phases = adversarial_game(
            settings.objective,
            settings.discriminator_steps,
            settings.label_smoothing,
            settings.fresh_noise,
            # A pack is judged once, and its logit stands for each of its examples.
            settings.r1 / settings.packing,
            settings.r2 / settings.packing,
            settings.unrolled_steps,
            settings.unrolled_rate,
        )

        self._replay = Replay(settings.replay_size) if settings.replay else None

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
        return self.settings.packing

    def lacks(self, capability: type) -> str | None:
        if capability is ScoresExamples and not self.judges_alone:
            return "its discriminator compares examples with others, so that a score is not one of a single example."
        if capability is Pushes and not (self.judges_alone and self.settings.objective in GENERATOR_LOSSES):
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
            noise = 2 * torch.special.ndtr(z) - 1 if settings.latent_distribution == "uniform" else z
            output: Tensor = generator(noise if settings.latent_scale == 1 else noise * settings.latent_scale)
            return output

        return decoder

    @property
    def sampler(self) -> Callable[[Tensor], Tensor]:
        return self.players["g"]

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> Noise:
        """`z` (n, latent); with instance noise `fake` and, where the phase looks at data, `real` (n, *event).

        `penalty_scale` () where the penalties fall. For the discriminator also, where the settings ask for them,
        `flip_real` and `flip_fake` (n,), and `replayed` (n, *event) with `is_replayed` (n,). Replay adds what the generator makes at that moment to what it keeps.
        """
        settings = self.settings
        noise = {"z": self._stratified(n, generator) if settings.stratified else self.latent_noise(n, generator)}
        std = self.instance_std(step)
        if std > 0:
            for name in ("real", "fake") if phase.uses_data else ("fake",):
                drawn = torch.randn(n, *self.event.shape, generator=generator, device=generator.device)
                noise[name] = std * drawn
        if settings.penalty_half_life:
            noise["penalty_scale"] = torch.full((), self.penalty_scale(step), device=generator.device)
        if phase.player != "d":
            return noise
        if settings.label_flipping:
            for name in ("flip_real", "flip_fake"):
                # One decision on a pack, one label.
                packs = -(-n // settings.packing)
                chance = torch.rand(packs, generator=generator, device=generator.device)
                noise[name] = (chance < settings.label_flipping).float().repeat_interleave(settings.packing)[:n]
        if self._replay is not None:
            if len(self._replay):
                noise["replayed"] = self._replay.draw(n, generator)
                noise["is_replayed"] = torch.rand(n, generator=generator, device=generator.device) < settings.replay
            with evaluating(self.players["g"]):
                self._replay.add(self.players["g"](noise["z"][:1].to(self.dtype))[0], generator)
        return noise

    def extra_state(self) -> dict[str, Tensor]:
        return {} if self._replay is None else self._replay.state()

    def load_extra_state(self, state: Mapping[str, Tensor]) -> None:
        if self._replay is not None:
            self._replay.load_state(state, self.device)

    def instance_std(self, step: int) -> float:
        """Standard deviation of the instance noise at this step, in the model's units."""
        settings = self.settings
        left = 1 - step / settings.instance_noise_steps if settings.instance_noise_steps else 1.0
        return settings.instance_noise * max(left, 0.0)

    def penalty_scale(self, step: int) -> float:
        """Share of r1 and r2 that is left at this step."""
        half_life = self.settings.penalty_half_life
        return float(0.5 ** (step / half_life)) if half_life else 1.0

    def latent_noise(self, n: int, generator: torch.Generator | None) -> Tensor:
        """(n, latent) float32 from the latent distribution, on the generator's device."""
        settings = self.settings
        device = torch.device("cpu") if generator is None else generator.device
        if settings.latent_distribution == "normal":
            drawn = torch.randn(n, settings.latent, generator=generator, device=device)
        else:
            drawn = torch.rand(n, settings.latent, generator=generator, device=device).mul_(2).sub_(1)
        return drawn if settings.latent_scale == 1 else drawn * settings.latent_scale

    def latent_quantiles(self, share: Tensor) -> Tensor:
        """Values below which these shares, in (0, 1), of one latent dimension lie."""
        if self.settings.latent_distribution == "normal":
            normal: Tensor = torch.special.ndtri(share)
            return normal * self.settings.latent_scale
        return (2 * share - 1) * self.settings.latent_scale

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

    def scores(self, x: Numbers) -> Tensor:
        """(N, *event) in the data's units -> (N,) D(x), the discriminator's probability that x is real."""
        return self.logits(x).sigmoid()

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
        return self.settings.packing == 1 and self.settings.minibatch_kernels == 0

    @property
    def judges_in_pairs(self) -> bool:
        """Whether the discriminator has learnt to compare a real with a generated example, and nothing of one alone."""
        return self.settings.objective == "relativistic"

    def pushes(self, x: Numbers) -> Tensor:
        """(N, *event) in the data's units -> (N, *event): minus the gradient of the generator's loss, in nats per unit of
        the data, where x are generated. Raises DataError where the loss is not one of each example alone."""
        if (reason := self.lacks(Pushes)) is not None:
            raise DataError(reason)
        # Against the discriminator as it is, also where training looks ahead.
        generator_loss = GENERATOR_LOSSES[self.settings.objective]

        def itself(value: Tensor) -> Tensor:
            return value

        def pushed(part: Tensor) -> Tensor:
            with torch.enable_grad():
                leaf = part.to(self.device).float().requires_grad_()
                made = self.model_units(leaf)
                loss, _ = generator_loss({"d": self.players["d"], "g": itself}, Batch(made), {"z": made})
                (gradient,) = torch.autograd.grad(loss.sum(), leaf)
            return -gradient

        with evaluating(self.players["d"]):
            return in_chunks(pushed, x)

    def training_series(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """`d/train_score` (N,), measured as `d/held_out_score` is."""
        return {"d/train_score": self.scores(x)}

    def held_out_series(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """`d/held_out_score` (N,): far below `d/train_score` where the discriminator has learnt its examples by heart.

        Not to be compared with `d/real_score`, where BatchNorm takes the statistics of the batch.
        """
        return {"d/held_out_score": self.scores(x)}


def _discriminator(settings: GANSettings, event: Event, modules: Mapping[str, nn.Module]) -> nn.Module:
    """(B, *event) -> logits, with the features, comparisons and packs that the settings ask for.

    Where features are needed, the network itself (the user's own too) ends with them instead of with a logit.
    """
    shape = packed_shape(event.shape, settings.packing)
    looked_into = settings.minibatch_kernels > 0 or settings.objective in MATCHING_LOSSES
    outputs = None if looked_into else ()
    found = network("discriminator", settings.discriminator, shape, outputs, modules, series=event.kind == "series")
    if looked_into:
        found = FeatureDiscriminator(found, shape, settings.minibatch_kernels)
    return Packed(found, settings.packing) if settings.packing > 1 else found
