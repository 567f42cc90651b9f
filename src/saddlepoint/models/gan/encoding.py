"""What a GAN with an encoder can do with codes of examples."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from saddlepoint.errors import DataError
from saddlepoint.models.arrays import Numbers, in_chunks
from saddlepoint.models.capabilities import (
    Adversarial,
    Augments,
    Composed,
    Encodes,
    HasLatentPosterior,
    Judges,
    Pushes,
    ScoresExamples,
)
from saddlepoint.models.codes import CodeModel
from saddlepoint.models.gan.encoders.encoder import ENCODER, Encoder
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.objectives.adversarial.pairs import join_pairs
from saddlepoint.objectives.precision import at_least_float32
from saddlepoint.objectives.reconstruction import l2


class EncodingModel(CodeModel):
    """A model of codes that may have an encoder, the player "e".

    Attributes:
        encoder_part: how it learns; None for a model without an encoder.
    """

    encoder_player = ENCODER
    encoder_part: Encoder | None = None

    @property
    def judges_codes(self) -> bool:
        """Whether the discriminator judges an example together with its code."""
        return self.encoder_part is not None and self.encoder_part.judges == "pairs"

    def encode(self, x: Numbers) -> Tensor:
        """Encode examples.

        Args:
            x: (N, *event) in the data's units.

        Returns:
            (N, latent) codes; for an encoder with a variance the means of q(z | x).

        Raises:
            DataError: this GAN has no encoder.
        """
        self._require(Encodes)
        with evaluating(self.players[ENCODER]):
            return in_chunks(lambda part: self._codes_of(self.model_units(part)), x)

    def heads(self, x: Numbers) -> tuple[Tensor, Tensor]:
        """Return the parameters of q(z | x), computed in evaluation mode.

        Args:
            x: (N, *event) in the data's units.

        Returns:
            Mean and log-variance, (N, latent) each.

        Raises:
            DataError: this GAN has no encoder with a variance.
        """
        self._require(HasLatentPosterior)
        with evaluating(self.players[ENCODER]):
            both = in_chunks(lambda part: torch.cat(self.infer(self.model_units(part)), 1), x)
        mean, log_variance = both.chunk(2, 1)
        return mean, log_variance

    def infer(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the parameters of q(z | x) without changing the network's mode.

        Args:
            x: (B, *event) in the model's units.

        Returns:
            Mean and log-variance, (B, latent) each.
        """
        mean, log_variance = at_least_float32(self.players[ENCODER](x)).chunk(2, 1)
        return mean, log_variance

    def judged(self, x: Tensor, codes: Tensor | None = None) -> Tensor:
        """Return the discriminator's input.

        Args:
            x: (B, *event) in the model's units.
            codes: (B, latent) from which x was decoded; None takes those of the encoder, if codes are judged.
        """
        if self.encoder_part is None or self.encoder_part.judges == "examples":
            return x
        codes = self._codes_of(x) if codes is None else codes
        return join_pairs(x, codes) if self.encoder_part.judges == "pairs" else codes

    def reconstruction_errors(self, x: Tensor) -> Tensor:
        """Return the squared errors (N,) of reconstructions in the model's units, for x (N, *event) in the data's units."""

        def errors(part: Tensor) -> Tensor:
            inputs = self.model_units(part)
            return l2(self.sampler(self._codes_of(inputs)), inputs)

        with evaluating(*self._players_of_codes()):
            return in_chunks(errors, x)

    def _lacks_for_encoder(self, capability: type) -> str | None:
        """The reason why this model lacks a capability, as far as its encoder is concerned."""
        part = self.encoder_part
        if part is None:
            if capability in (Encodes, HasLatentPosterior):
                return "this GAN has no encoder (model.encoder)."
            return None
        if capability is HasLatentPosterior and not part.has_variance:
            return "its encoder returns one code for each example, without a variance."
        if part.judges == "codes" and capability in (Judges, ScoresExamples, Pushes, Adversarial, Augments, Composed):
            return "its discriminator judges codes, not examples."
        if part.judges == "pairs" and capability in (ScoresExamples, Pushes):
            return "its discriminator scores an example together with its code."
        return None

    def _codes_of(self, x: Tensor) -> Tensor:
        """The codes (B, latent) of examples in the model's units, in the network's current mode."""
        assert self.encoder_part is not None, "a GAN without an encoder has no codes of examples"
        return self.infer(x)[0] if self.encoder_part.has_variance else at_least_float32(self.players[ENCODER](x))

    def _players_of_codes(self) -> tuple[nn.Module, nn.Module]:
        return self.players[ENCODER], self.players["g"]

    def _require(self, capability: type) -> None:
        if (reason := self.lacks(capability)) is not None:
            raise DataError(reason)
