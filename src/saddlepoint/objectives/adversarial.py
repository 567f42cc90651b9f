"""The original GAN's game, computed from logits so that nothing overflows or saturates by rounding.

With a(x) the discriminator's logit and D = sigmoid(a): -log D = softplus(-a) and -log(1 - D) = softplus(a).

Generative Adversarial Networks (Goodfellow et al., 2014), https://arxiv.org/abs/1406.2661; one-sided label smoothing:
Improved Techniques for Training GANs (Salimans et al., 2016), https://arxiv.org/abs/1606.03498; instance noise: Towards
Principled Methods for Training Generative Adversarial Networks (Arjovsky, Bottou, 2017), https://arxiv.org/abs/1701.04862

All losses read nets["d"]: (B, *event) -> B logits and nets["g"]: (B, latent) -> (B, *event), and the noise
    z (B, latent),
    real, fake (B, *event), optional: instance noise, already scaled, added to what the discriminator sees.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import softplus

from saddlepoint.objectives.phase import Batch, Loss, Nets, Noise, Observations, Phase
from saddlepoint.objectives.precision import at_least_float32


def logits(nets: Nets, x: Tensor, instance_noise: Tensor | None = None) -> Tensor:
    """The discriminator's logits, (B, *event) -> (B,), whatever trailing ones its output has."""
    seen = x if instance_noise is None else x + instance_noise
    return at_least_float32(nets["d"](seen).reshape(x.shape[0]))


def discriminator_cross_entropy(label_smoothing: float = 0.0) -> Loss:
    """-log D(x) - log(1 - D(G(z))), two binary cross-entropies, in nats: 2 log 2 where D cannot tell.

    label_smoothing: real examples are labelled 1 - label_smoothing, generated ones stay 0.
    Observes D(x) and D(G(z)), (B,) in [0, 1].
    """

    def loss(nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
        real = logits(nets, batch.x, noise.get("real"))
        # Detached, because the generator's move may use the same samples, and then they come with their graph.
        fake = logits(nets, nets["g"](noise["z"]).detach(), noise.get("fake"))
        # Cross-entropy with the label 1 - s is softplus(-a) + s a.
        real_loss = softplus(-real) + label_smoothing * real if label_smoothing else softplus(-real)
        observations = {"real_score": real.detach().sigmoid(), "fake_score": fake.detach().sigmoid()}
        return real_loss + softplus(fake), observations

    return loss


def minimax_generator(nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
    """log(1 - D(G(z))) in nats, what the discriminator maximises: flat where samples are bad."""
    return -softplus(logits(nets, nets["g"](noise["z"]), noise.get("fake"))), {}


def non_saturating_generator(nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
    """-log D(G(z)) in nats: the same fixed point, steep where samples are bad."""
    return softplus(-logits(nets, nets["g"](noise["z"]), noise.get("fake"))), {}


GENERATOR_LOSSES: dict[str, Loss] = {"minimax": minimax_generator, "non-saturating": non_saturating_generator}


def adversarial_game(
    objective: str = "non-saturating",
    discriminator_steps: int = 1,
    label_smoothing: float = 0.0,
    fresh_noise: bool = False,
) -> tuple[Phase, ...]:
    """One step of the game: the discriminator moves `discriminator_steps` times, then the generator once.

    fresh_noise: the generator moves on noise of its own, as in the original Algorithm 1, instead of on the samples that
    the discriminator has just seen. The latter, as common scripts do, saves a pass of the generator; it is not the same
    estimate as Algorithm 1's, because the discriminator has just stepped on those very samples.
    """
    return (
        Phase("d", discriminator_cross_entropy(label_smoothing), repeats=discriminator_steps),
        Phase("g", GENERATOR_LOSSES[objective], uses_data=False, shares_noise=not fresh_noise),
    )
