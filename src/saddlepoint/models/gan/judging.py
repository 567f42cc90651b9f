"""What the discriminator of a GAN says of examples: scores, their gradients, and series of them."""

from __future__ import annotations

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.models.arrays import CHUNK, Numbers, as_tensor, in_chunks
from saddlepoint.models.capabilities import Judges, Pushes
from saddlepoint.models.gan.encoding import EncodingModel
from saddlepoint.models.gan.settings import GANSettings
from saddlepoint.networks.evaluating import evaluating
from saddlepoint.objectives.adversarial.composition import Composition, logits
from saddlepoint.objectives.adversarial.game import generator_loss
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.phase import Batch


class JudgingModel(EncodingModel):
    """A model with a discriminator, the player "d".

    Attributes:
        settings: of the GAN.
        parts: of the game.
    """

    settings: GANSettings
    parts: Composition

    @property
    def gives_probabilities(self) -> bool:
        """Whether the loss defines the probability of being real as a function of the logit."""
        return self.parts.loss.link is not None

    def scores(self, x: Numbers, labels: Tensor | None = None) -> Tensor:
        """Score examples.

        Args:
            x: (N, *event) in the data's units.
            labels: (N,) int64, of a conditional GAN.

        Returns:
            (N,) probabilities of being real; logits if the loss defines no probability.
        """
        logit = self.logits(x, labels)
        return logit if self.parts.loss.link is None else self.parts.loss.link(logit)

    def logits(self, x: Numbers, labels: Tensor | None = None) -> Tensor:
        """Return the discriminator's logits.

        Args:
            x: (N, *event) in the data's units.
            labels: (N,) int64, of a conditional GAN.

        Returns:
            (N,) nats. With a relativistic loss (`judges_in_pairs`), logits have an arbitrary additive constant.

        Raises:
            DataError: the GAN is conditional, and labels are missing or not as many as examples.
        """
        self._require(Judges)
        with self.at_rest():
            if labels is None:
                return in_chunks(lambda part: self.judge(self.model_units(part)), x)
            x = as_tensor(x)
            if labels.shape[:1] != x.shape[:1]:
                raise DataError(
                    f"{len(x):,} examples came with labels of shape {tuple(labels.shape)}: give one for each."
                )
            parts = [
                self.judge(self.model_units(part), of)
                for part, of in zip(torch.split(x, CHUNK), torch.split(labels, CHUNK), strict=True)
            ]
            return torch.cat(parts)

    def judge(self, x: Tensor, labels: Tensor | None = None, *, codes: Tensor | None = None) -> Tensor:
        """Return the discriminator's logits without changing the networks' mode.

        Args:
            x: (B, *event) in the model's units.
            labels: (B,) int64, of a conditional GAN.
            codes: (B, latent) from which x was decoded, if they are judged too (`judges_codes`); None takes the encoder's.

        Returns:
            (B,) nats.

        Raises:
            DataError: the GAN is conditional and labels are missing.
        """
        if self.classes is None:
            return logits(self.players, self.judged(x, codes))
        if labels is None:
            raise DataError(
                "the discriminator of this conditional GAN scores an example together with its label: give labels."
            )
        return logits(self.players, x, labels=labels.to(x.device))

    @property
    def judges_alone(self) -> bool:
        """Whether the discriminator's score of an example depends only on that example."""
        return self.settings.discriminator.packing == 1 and self.settings.discriminator.minibatch_kernels == 0

    @property
    def judges_in_pairs(self) -> bool:
        """Whether the discriminator is trained to compare a real with a generated example, not to score a single one."""
        return self.parts.loss.paired or self.parts.loss.averaged

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

    def training_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Return `d/train_score` (N,), measured like `d/held_out_score`; `d/train_output` if the loss defines no probability.

        With an encoder also `e/train_reconstruction` (N,), and no score if the discriminator judges codes.
        """
        return self._series("train", x, labels)

    def held_out_series(self, x: Tensor, generator: torch.Generator, labels: Tensor | None = None) -> dict[str, Tensor]:
        """Return `d/held_out_score` (N,), or `d/held_out_output` if the loss defines no probability.

        It is far below `d/train_score` if the discriminator has memorised its examples. It is not comparable with
        `d/real_score`, in which BatchNorm uses the statistics of the batch. With an encoder also `e/held_out_reconstruction`
        (N,), the squared error in the model's units, and no score if the discriminator judges codes.
        """
        return self._series("held_out", x, labels)

    def _series(self, examples: str, x: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
        """Scores and reconstruction errors of training or held-out examples."""
        score = "score" if self.gives_probabilities else "output"
        found = {} if self.lacks(Judges) else {f"d/{examples}_{score}": self.scores(x, labels)}
        return found | (
            {} if self.encoder_part is None else {f"e/{examples}_reconstruction": self.reconstruction_errors(x)}
        )
