"""VAE-GAN: a variational autoencoder that measures reconstructions by the features of the discriminator."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from saddlepoint.models.gan.encoders.encoder import ENCODER, FORBIDS, Encoder
from saddlepoint.objectives.adversarial.composition import Composition
from saddlepoint.objectives.adversarial.learned_similarity import (
    decoder_loss,
    inference_loss,
    mixture_discriminator_loss,
)
from saddlepoint.objectives.adversarial.numbers import check_number
from saddlepoint.objectives.phase import Phase

_NORMAL = "the KL term is that of a standard normal distribution"


class VAEGAN(Encoder):
    """An encoder with mean and log-variance, and a discriminator of samples and reconstructions.

    The features are those before the discriminator's logit.

    Args:
        reconstruction: weight of the reconstruction error in the generator's loss (gamma of the paper), above 0.
        kl: weight of the KL term in the encoder's loss, above 0.

    References:
        Autoencoding beyond pixels using a learned similarity metric (Larsen et al., 2016), https://arxiv.org/abs/1512.09300
    """

    needs_features = True
    has_variance = True
    forbids: ClassVar[dict[str, str]] = {
        **FORBIDS,
        "discriminator.packing": "a pack has one vector of features for several examples",
        "noise.distribution": _NORMAL,
        "noise.scale": _NORMAL,
    }

    def __init__(self, reconstruction: float = 1.0, kl: float = 1.0) -> None:
        check_number("reconstruction", reconstruction, exclusive=True)
        check_number("kl", kl, exclusive=True)
        self.reconstruction, self.kl = reconstruction, kl

    def phases(self, parts: Composition, discriminator: Phase, generator: Phase) -> tuple[Phase, ...]:
        of_generator = decoder_loss(parts, generator.loss, self.reconstruction)
        return (
            replace(discriminator, loss=mixture_discriminator_loss(discriminator.loss)),
            # The discriminator's phase made other examples of the noise, half of them reconstructions of its own batch.
            replace(generator, loss=of_generator, uses_data=True, shares="nothing"),
            Phase(ENCODER, inference_loss(parts, self.kl)),
        )
