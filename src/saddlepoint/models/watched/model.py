"""A model around the user's own networks and sampler, whose training is not ours."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from saddlepoint.data.event import Event, Scaling
from saddlepoint.errors import DataError, PartError
from saddlepoint.models.arrays import Numbers, in_chunks
from saddlepoint.models.base import Model
from saddlepoint.models.capabilities import Encodes, GenerativeModel, HasLatentPosterior, Judges, Reports
from saddlepoint.models.held_out import held_out_scale
from saddlepoint.models.watched.critic import Critic
from saddlepoint.models.watched.functions import Functions, calling, device_of, first_tensor
from saddlepoint.models.watched.settings import WatchedSettings
from saddlepoint.objectives.phase import Noise, Phase

LARGEST_SEED = 2**20  # float32 holds each whole number up to it


class Watched(Model):
    """The user's own model: it can do what its functions can do. Examples are in the data's units throughout.

    Attributes:
        settings: what rules know of the model.
        functions: the user's own.
        critic: the discriminator; None where there is none.
        critic_trouble: why the critic cannot be asked; empty where it can.
        code_shape: of one code as `encode` returns it; None before it was called.
        has_heads: whether `encode` returns mean and log-variance.
        can_run: names of the players that take a batch of examples as their only argument.
    """

    family = "watched"
    critic_player = "d"
    packing = 1

    def __init__(
        self,
        settings: WatchedSettings,
        event: Event,
        players: Mapping[str, nn.Module],
        roles: Mapping[str, str],
        functions: Functions,
        critic: Critic | None = None,
    ) -> None:
        """Wrap the user's networks; they are not changed.

        Args:
            settings: what rules know of the model.
            event: what one example is.
            players: the networks by their short names in series.
            roles: short names to the names that the user gave.
            functions: the user's own.
            critic: the discriminator; None where there is none.
        """
        as_given = replace(event, dtype="float32", low=None, high=None, constants=()) if event.kind != "text" else event
        super().__init__(event, Scaling(as_given, (1.0,), (0.0,)), players, roles)
        self.settings, self.functions, self.critic = settings, functions, critic
        self.critic_trouble = "" if critic is not None else "no discriminator was given to sp.watch (players=)."
        self.code_shape: tuple[int, ...] | None = None
        self.has_heads = False
        self.can_run: frozenset[str] = frozenset()
        self.encoder_player = "ae" if settings.kind == "autoencoder" else "vae"

    @property
    def phases(self) -> tuple[Phase, ...]:
        return ()

    def noise(self, phase: Phase, n: int, step: int, generator: torch.Generator) -> Noise:
        raise DataError("this model is trained by a loop of your own.")

    def lacks(self, capability: type) -> str | None:
        functions = self.functions
        if capability is GenerativeModel and functions.sample is None:
            return "sample= was not given to sp.watch."
        if capability is Judges and self.critic_trouble:
            return self.critic_trouble
        if capability in (Encodes, HasLatentPosterior) and (functions.encode is None or functions.decode is None):
            return "encode= and decode= were not given to sp.watch."
        if capability is HasLatentPosterior and not self.has_heads:
            return "encode= returns no pair of mean and log-variance."
        if capability is Reports and (
            functions.encode is None
            or functions.decode is None
            or self.settings.kind not in ("vae", "autoencoder")
            or self.event.kind == "text"
        ):
            return "the model is no autoencoder or VAE of numbers whose encode= and decode= were given to sp.watch."
        return super().lacks(capability)

    @property
    def device(self) -> torch.device:
        return device_of(self.functions.modules)

    def at_rest(self) -> contextlib.AbstractContextManager[None]:
        return self.functions.undisturbed()

    def player_inputs(self, x: Tensor, generator: torch.Generator | None) -> dict[str, tuple[Tensor, ...]]:
        return dict.fromkeys(self.can_run, (x,))

    def _sample(self, n: int, labels: Tensor | None, generator: torch.Generator | None) -> Tensor:
        """Draw samples by the user's function, from a seed that the generator draws."""
        if self.functions.sample is None:
            raise DataError("sample: sample= was not given to sp.watch.")
        device = torch.device("cpu") if generator is None else generator.device
        seed = int(torch.randint(LARGEST_SEED, (), generator=generator, device=device))
        samples = self.draw(n, seed)
        if self.event.dtype != "uint8":
            return samples
        return samples.round().clamp(self.event.low or 0.0, self.event.high or 255.0).to(torch.uint8)

    def draw(self, n: int, seed: int) -> Tensor:
        """Return (n, *event) float32 samples that this seed decides."""
        return self.as_examples(self.functions.draw(n, seed), "sample") if n else torch.empty(0, *self.event.shape)

    def as_examples(self, x: Tensor, name: str) -> Tensor:
        """Bring what the user's function returned to the shape of examples.

        Args:
            x: (N, ...).
            name: of the function.

        Raises:
            PartError: it has another shape.
        """
        if tuple(x.shape[1:]) == self.event.shape:
            return x
        if not same_form(tuple(x.shape[1:]), self.event.shape):
            raise PartError(
                f"{name}: one example has shape {tuple(x.shape[1:])}, and the data's have {self.event.shape}: return examples as "
                "they are in data=."
            )
        return x.reshape(len(x), *self.event.shape)

    @property
    def logits(self) -> Callable[..., Tensor]:
        """(N, *event) in the data's units -> (N,) the discriminator's logits, in evaluation mode and without gradients."""

        def judge_at_rest(x: Numbers) -> Tensor:
            with self.at_rest():
                return in_chunks(lambda part: self.judge(self.model_units(part)), x)

        return judge_at_rest

    def judge(self, x: Tensor) -> Tensor:
        """Return the discriminator's logits (B,) of x (B, *event), with gradients if they are enabled."""
        if self.critic is None:
            raise DataError(self.critic_trouble)
        with calling("players: discriminator"):
            logits: Tensor = self.critic(x)
        return logits

    def encode(self, x: Numbers) -> Tensor:
        """Return codes (N, latent) of x (N, *event): the mean, if the encoder returns mean and log-variance."""
        with self.at_rest():
            return in_chunks(lambda part: self._encoded(self.model_units(part))[0], x)

    def heads(self, x: Numbers) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance (N, latent) of x (N, *event)."""
        with self.at_rest():
            both = in_chunks(lambda part: torch.stack(self.infer(self.model_units(part)), 1), x)
        return both[:, 0], both[:, 1]

    def infer(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """As `heads`, in the networks' current mode."""
        mean, log_variance = self._encoded(x)
        if log_variance is None:
            raise DataError("encode= returns no pair of mean and log-variance.")
        return mean, log_variance

    def _encoded(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        assert self.functions.encode is not None
        with calling("encode"):
            output = self.functions.encode(x)
            pair = isinstance(output, tuple | list) and len(output) > 1
            codes = first_tensor(output).float()
            self.code_shape = tuple(codes.shape[1:])
            second = first_tensor(output[1]).float() if pair else None
            self.has_heads = second is not None and second.shape == codes.shape
            return codes.flatten(1), second.flatten(1) if second is not None and self.has_heads else None

    def decode(self, z: Tensor) -> Tensor:
        """Return examples (N, *event) of codes z (N, latent)."""
        assert self.functions.decode is not None
        decode, shape = self.functions.decode, self.code_shape

        def decoded(part: Tensor) -> Tensor:
            with calling("decode"):
                return self.as_examples(
                    first_tensor(decode(part if shape is None else part.reshape(-1, *shape))).float(), "decode"
                )

        with self.at_rest():
            return in_chunks(decoded, z)

    def held_out_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Measure how well held-out examples are reconstructed, without noise on the input or the code.

        Args:
            x: (N, *event) in the data's units.
            generator: not used.
            labels: not used.

        Returns:
            `ae/held_out_unexplained` (N,), or `vae/held_out_unexplained`, the squared error of an example over the variance of the
            examples (0 for a perfect reconstruction, 1 for their mean), and its standard error; empty for examples that are all equal.
        """
        unexplained = self._unexplained(x)
        name, player = f"{self.encoder_player}/held_out_unexplained", self.encoder_player
        return {} if unexplained is None else {name: unexplained} | held_out_scale(player, "unexplained", unexplained)

    def training_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Return `ae/train_unexplained` (N,), or `vae/train_unexplained`, measured like that of held-out examples."""
        unexplained = self._unexplained(x)
        return {} if unexplained is None else {f"{self.encoder_player}/train_unexplained": unexplained}

    def _unexplained(self, x: Tensor) -> Tensor | None:
        """The squared error (N,) of the reconstruction of each example x (N, *event) over their variance; None if that is 0."""
        made = self.decode(self.encode(x))
        x = x.to(made).flatten(1)
        variance = x.var(0).mean() if len(x) > 1 else x.new_zeros(())
        return (made.flatten(1) - x).square().mean(1) / variance if variance > 0 else None


def same_form(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two shapes hold the same numbers in the same order: equal up to axes of length 1, or one of them is flat."""
    if torch.Size(one).numel() != torch.Size(other).numel():
        return False
    plain = [tuple(side for side in shape if side != 1) for shape in (one, other)]
    return plain[0] == plain[1] or min(map(len, plain)) == 1
