"""BiGAN (ALI): the discriminator judges pairs of examples and codes, so that the encoder learns to invert the generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from torch import nn

from saddlepoint.errors import SettingError
from saddlepoint.models.gan.encoders.encoder import ENCODER, FORBIDS, Encoder
from saddlepoint.networks.pairs import PairFeatures
from saddlepoint.objectives.adversarial.composition import Composition
from saddlepoint.objectives.adversarial.losses import AdversarialLoss
from saddlepoint.objectives.adversarial.pairs import pair_discriminator_loss, pair_generator_loss, parts_on_pairs
from saddlepoint.objectives.phase import Phase


class BiGAN(Encoder):
    """A game of pairs: (x, E(x)) against (G(z), z).

    Features of the example, by the network of the discriminator's settings, are joined with the code in a perceptron. Generator and
    encoder minimise one loss, each with its own optimiser.

    Args:
        joint: widths of the perceptron's hidden layers, at least one.

    References:
        Adversarial Feature Learning (Donahue, Krähenbühl, Darrell, 2017), https://arxiv.org/abs/1605.09782
        Adversarially Learned Inference (Dumoulin et al., 2017), https://arxiv.org/abs/1606.00704
    """

    judges = "pairs"
    forbids: ClassVar[dict[str, str]] = {
        **FORBIDS,
        "discriminator.packing": "the discriminator judges an example together with its own code",
    }

    def __init__(self, joint: Sequence[int] = (128,)) -> None:
        values: object = joint
        if not isinstance(values, list | tuple) or not values or not all(type(n) is int and n > 0 for n in values):
            raise SettingError(f"joint must be a list of widths, at least one; got {values!r}.")
        self.joint = tuple(values)

    def refuse(self, loss: AdversarialLoss) -> str | None:
        if loss.features:
            return "it compares features of generated examples only, so that the encoder would learn nothing"
        return super().refuse(loss)

    def adapt(self, parts: Composition, event: Sequence[int], latent: int) -> Composition:
        return parts_on_pairs(parts, event, latent)

    def body(self, network: nn.Module, event: Sequence[int], latent: int) -> nn.Module:
        return PairFeatures(network, event, latent, self.joint)

    def phases(self, parts: Composition, discriminator: Phase, generator: Phase) -> tuple[Phase, ...]:
        return (
            replace(discriminator, loss=pair_discriminator_loss(discriminator.loss)),
            replace(generator, loss=pair_generator_loss(parts, generator.loss), uses_data=True, also=(ENCODER,)),
        )
