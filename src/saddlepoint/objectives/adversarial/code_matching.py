"""Adversarial autoencoders: a discriminator of codes gives the encoder's codes the distribution of the generator's noise.

The roles differ from those of a GAN of examples: the discriminator's real examples are draws from the prior, and the encoder
generates what it judges. The generator is the decoder, which only minimises the reconstruction error.

The losses use nets["e"]: (B, *event) -> (B, latent), nets["g"]: (B, latent) -> (B, *event), and nets["d"]: (B, latent) -> B logits.

References:
    Adversarial Autoencoders (Alireza Makhzani, Jonathon Shlens, Navdeep Jaitly, Ian Goodfellow, Brendan Frey, 2016),
        https://arxiv.org/abs/1511.05644
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.phase import Batch, Loss, Nets, Observations

Error = Callable[[Tensor, Tensor], Tensor]


def code_discriminator_loss(discriminator: Loss) -> Loss:
    """Return the loss of the discriminator of codes: the prior's are real, the encoder's generated.

    Args:
        discriminator: the loss of a game of examples, `discriminator_loss` of the parts.
    """

    def loss(nets: Nets, batch: Batch, noise: GameNoise) -> tuple[Tensor, Observations]:
        return discriminator({"d": nets["d"], "g": lambda _: nets["e"](batch.x)}, Batch(noise.latent), noise)

    return loss


def adversarial_autoencoder_loss(generator: Loss, error: Error, weight: float) -> Loss:
    """Return the loss that encoder and decoder minimise together: reconstruction error + weight * adversarial loss of the codes.

    Args:
        generator: the loss of a game of examples, `generator_loss` of the parts.
        error: (reconstruction, examples), (B, *event) each -> (B,).
        weight: of the adversarial loss.
    """

    def loss(nets: Nets, batch: Batch, noise: GameNoise) -> tuple[Tensor, Observations]:
        codes = nets["e"](batch.x)
        reconstruction = error(nets["g"](codes), batch.x)
        value, observations = generator({"d": nets["d"], "g": lambda _: codes}, Batch(noise.latent), noise)
        seen = {"reconstruction": reconstruction.detach(), "e/adversarial": value.detach()}
        return reconstruction + weight * value, observations | seen

    return loss
