"""The adversarial autoencoder: reconstructs examples, and a discriminator of codes makes them look like the generator's noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from saddlepoint.errors import SettingError
from saddlepoint.models.gan.encoders.encoder import ENCODER, Encoder
from saddlepoint.objectives.adversarial.code_matching import adversarial_autoencoder_loss, code_discriminator_loss
from saddlepoint.objectives.adversarial.composition import Composition
from saddlepoint.objectives.adversarial.numbers import check_number
from saddlepoint.objectives.phase import Phase
from saddlepoint.objectives.reconstruction import l1, l2

ERRORS = {"l2": l2, "l1": l1}


class AdversarialAutoencoder(Encoder):
    """Encoder and generator minimise the reconstruction error plus `weight` times the adversarial loss of the codes.

    The paper updates the encoder twice in a step, once for each term; here one update minimises their sum.

    Args:
        weight: of the adversarial loss, above 0. The reconstruction error is summed over the numbers of an example.
        reconstruction: l2 (squared) or l1 (absolute), in the model's units.

    References:
        Adversarial Autoencoders (Makhzani et al., 2016), https://arxiv.org/abs/1511.05644
    """

    judges = "codes"

    def __init__(self, weight: float = 1.0, reconstruction: str = "l2") -> None:
        check_number("weight", weight, exclusive=True)
        if reconstruction not in ERRORS:
            raise SettingError(f"reconstruction must be l2 or l1; got {reconstruction!r}.")
        self.weight, self.error = weight, ERRORS[reconstruction]

    def adapt(self, parts: Composition, event: Sequence[int], latent: int) -> Composition:
        return replace(parts, judged=(latent,))

    def phases(self, parts: Composition, discriminator: Phase, generator: Phase) -> tuple[Phase, ...]:
        loss = adversarial_autoencoder_loss(generator.loss, self.error, self.weight)
        return (
            replace(discriminator, loss=code_discriminator_loss(discriminator.loss)),
            # The generator has no output of the discriminator's phase that it could reuse.
            replace(generator, loss=loss, uses_data=True, shares="nothing", also=(ENCODER,)),
        )
