"""VAE-GAN: a variational autoencoder whose reconstruction error is measured in the features of a discriminator.

With q(z | x) = N(mean, e^log_variance) and the features f of the discriminator,
    the encoder minimises KL(q(z | x) || N(0, I)) + 1/2 |f(x) - f(G(z))|^2,
    the generator minimises gamma/2 |f(x) - f(G(z))|^2 plus its adversarial loss, and
    the discriminator minimises its loss of real, reconstructed and generated examples.
The paper adds the losses of reconstructions and of samples. Here one half of a batch of generated examples are reconstructions and
the other half samples, so that there are as many real as generated examples, and the generator runs once.

The losses use nets["e"]: (B, *event) -> (B, 2 latent), means and log-variances, and nets["d"], which takes `features=True`.

References:
    Autoencoding beyond pixels using a learned similarity metric (Anders Boesen Lindbo Larsen, Søren Kaae Sønderby, Hugo Larochelle,
        Ole Winther, 2016), https://arxiv.org/abs/1512.09300
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from saddlepoint.objectives.adversarial.composition import Composition, apply_views
from saddlepoint.objectives.adversarial.noise import GameNoise
from saddlepoint.objectives.divergence import kl_standard_normal
from saddlepoint.objectives.phase import Batch, Loss, Nets, Observations
from saddlepoint.objectives.precision import at_least_float32


def feature_error(real: Tensor, made: Tensor) -> Tensor:
    """Return 1/2 |real - made|^2, minus the log density of N(made, I) at `real` up to a constant.

    Args:
        real: (B, F) features of examples.
        made: (B, F) features of their reconstructions.

    Returns:
        (B,) nats.
    """
    return (at_least_float32(made) - at_least_float32(real)).square().sum(1) / 2


def draw_codes(heads: Tensor, epsilon: Tensor) -> Tensor:
    """Draw codes from q(z | x).

    Args:
        heads: (B, 2 latent), means and log-variances.
        epsilon: (B, latent) standard normal.

    Returns:
        (B, latent).
    """
    mean, log_variance = at_least_float32(heads).chunk(2, 1)
    return mean + torch.exp(log_variance / 2) * epsilon


def mixture_discriminator_loss(discriminator: Loss) -> Loss:
    """Return the discriminator's loss, for which half of the generated examples are reconstructions.

    Args:
        discriminator: the loss of a game of examples, `discriminator_loss` of the parts.
    """

    def loss(nets: Nets, batch: Batch, noise: GameNoise) -> tuple[Tensor, Observations]:
        made = _generator_of_mixture(nets, _codes(nets["e"](batch.x), noise))
        return discriminator({"d": nets["d"], "g": made}, batch, noise)

    return loss


def decoder_loss(parts: Composition, generator: Loss, weight: float) -> Loss:
    """Return the generator's loss.

    Args:
        parts: of the game.
        generator: the loss of a game of examples, `generator_loss` of the parts.
        weight: gamma, of the reconstruction error.
    """

    def loss(nets: Nets, batch: Batch, noise: GameNoise) -> tuple[Tensor, Observations]:
        codes = _codes(nets["e"](batch.x), noise).detach()
        value, observations = generator({"d": nets["d"], "g": _generator_of_mixture(nets, codes)}, batch, noise)
        similarity = _similarity(parts, nets, batch, nets["g"](codes), noise)
        return value + weight * similarity, observations | {"similarity": similarity.detach()}

    return loss


def inference_loss(parts: Composition, kl_weight: float) -> Loss:
    """Return the encoder's loss.

    Args:
        parts: of the game.
        kl_weight: of the KL term.
    """

    def loss(nets: Nets, batch: Batch, noise: GameNoise) -> tuple[Tensor, Observations]:
        heads = nets["e"](batch.x)
        kl = kl_standard_normal(*at_least_float32(heads).chunk(2, 1))
        similarity = _similarity(parts, nets, batch, nets["g"](_codes(heads, noise)), noise)
        return similarity + kl_weight * kl, {"kl": kl.detach(), "similarity": similarity.detach()}

    return loss


def _similarity(parts: Composition, nets: Nets, batch: Batch, reconstruction: Tensor, noise: GameNoise) -> Tensor:
    """The error in the discriminator's features (B,); an example and its reconstruction are viewed in the same way."""

    def features(x: Tensor) -> Tensor:
        found: Tensor = nets["d"](apply_views(parts, x, noise.real_views), features=True)
        return found

    return feature_error(features(batch.x), features(reconstruction))


def _codes(heads: Tensor, noise: GameNoise) -> Tensor:
    """Codes (B, latent) drawn from q(z | x), or its means if no numbers were drawn."""
    return at_least_float32(heads).chunk(2, 1)[0] if noise.epsilon is None else draw_codes(heads, noise.epsilon)


def _generator_of_mixture(nets: Nets, codes: Tensor) -> Callable[[Tensor], Any]:
    """A generator that replaces the first half of its noise by codes (B, latent) of real examples."""
    half = len(codes) // 2
    return lambda z: nets["g"](torch.cat([codes[:half], z[half:].to(codes.dtype)]))
