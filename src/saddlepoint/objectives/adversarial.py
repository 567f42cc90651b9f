"""The original GAN's game, computed from logits so that nothing overflows or saturates by rounding.

With a(x) the discriminator's logit and D = sigmoid(a): -log D = softplus(-a) and -log(1 - D) = softplus(a).

Generative Adversarial Networks (Goodfellow et al., 2014), https://arxiv.org/abs/1406.2661; one-sided label smoothing:
Improved Techniques for Training GANs (Salimans et al., 2016), https://arxiv.org/abs/1606.03498; instance noise: Towards
Principled Methods for Training Generative Adversarial Networks (Arjovsky, Bottou, 2017), https://arxiv.org/abs/1701.04862

All losses read nets["d"]: (B, *event) -> B logits and nets["g"]: (B, latent) -> (B, *event), and the noise
    z (B, latent),
    real, fake (B, *event), optional: instance noise, already scaled, added to what the discriminator sees,
    flip_real, flip_fake (B,), optional: 1 where the discriminator is given the wrong label, else 0,
    replayed (B, *event), optional: generated examples of old, and is_replayed (B,) bool: where they take the place of
        new ones before the discriminator.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus

from saddlepoint.objectives.phase import Batch, Loss, Nets, Noise, Observations, Phase
from saddlepoint.objectives.precision import at_least_float32


def logits(nets: Nets, x: Tensor, instance_noise: Tensor | None = None) -> Tensor:
    """The discriminator's logits, (B, *event) -> (B,), whatever trailing ones its output has."""
    seen = x if instance_noise is None else x + instance_noise
    return at_least_float32(nets["d"](seen).reshape(x.shape[0]))


def cross_entropy(logit: Tensor, label: Tensor | float) -> Tensor:
    """-label log D - (1 - label) log(1 - D) in nats: (B,) logits and labels in [0, 1] -> (B,)."""
    return softplus(-logit) + (1 - label) * logit


def discriminator_cross_entropy(label_smoothing: float = 0.0) -> Loss:
    """-log D(x) - log(1 - D(G(z))), two binary cross-entropies, in nats: 2 log 2 where D cannot tell.

    label_smoothing: real examples are labelled 1 - label_smoothing, generated ones stay 0.
    Observes D(x) and D(G(z)), (B,) in [0, 1]; G(z) there includes examples that are replayed.

    Flipped labels: How to Train a GAN? Tips and tricks to make GANs work (Chintala, Denton, Arjovsky, Mathieu, 2016),
    point 6, https://github.com/soumith/ganhacks; replay: Learning from Simulated and Unsupervised Images through
    Adversarial Training (Shrivastava et al., 2017), section 2.3, https://arxiv.org/abs/1612.07828
    """

    def loss(nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
        real = logits(nets, batch.x, noise.get("real"))
        # Detached, because the generator's move may use the same samples, and then they come with their graph.
        made = nets["g"](noise["z"]).detach()
        if "replayed" in noise:
            old = noise["is_replayed"].reshape(-1, *[1] * (made.ndim - 1))
            made = torch.where(old, noise["replayed"].to(made.dtype), made)
        fake = logits(nets, made, noise.get("fake"))
        if "flip_real" in noise:
            real_loss = cross_entropy(real, (1 - label_smoothing) * (1 - noise["flip_real"]))
            fake_loss = cross_entropy(fake, noise["flip_fake"])
        else:
            # Cross-entropy with the label 1 - s is softplus(-a) + s a.
            real_loss = softplus(-real) + label_smoothing * real if label_smoothing else softplus(-real)
            fake_loss = softplus(fake)
        observations = {"real_score": real.detach().sigmoid(), "fake_score": fake.detach().sigmoid()}
        return real_loss + fake_loss, observations

    return loss


def minimax_generator(nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
    """log(1 - D(G(z))) in nats, what the discriminator maximises: flat where samples are bad."""
    return -softplus(logits(nets, nets["g"](noise["z"]), noise.get("fake"))), {}


def non_saturating_generator(nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
    """-log D(G(z)) in nats: the same fixed point, steep where samples are bad."""
    return softplus(-logits(nets, nets["g"](noise["z"]), noise.get("fake"))), {}


def feature_matching_generator(nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
    """|E f(x) - E f(G(z))|^2 over the batch, the same for each of its examples: 0 where the mean features agree.

    f are the discriminator's features, nets["d"](x, True): (B, *event) -> (B, F).

    Improved Techniques for Training GANs (Salimans et al., 2016), section 3.1, https://arxiv.org/abs/1606.03498
    """

    def mean_features(x: Tensor, instance_noise: Tensor | None) -> Tensor:
        seen = x if instance_noise is None else x + instance_noise
        return at_least_float32(nets["d"](seen, True)).mean(0)

    real = mean_features(batch.x, noise.get("real")).detach()
    fake = mean_features(nets["g"](noise["z"]), noise.get("fake"))
    return (real - fake).square().sum().expand(batch.x.shape[0]), {}


GENERATOR_LOSSES: dict[str, Loss] = {"minimax": minimax_generator, "non-saturating": non_saturating_generator}
# Those that compare with real examples, and look at the discriminator's features.
MATCHING_LOSSES: dict[str, Loss] = {"feature-matching": feature_matching_generator}


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
    matching = objective in MATCHING_LOSSES
    generator_loss = MATCHING_LOSSES[objective] if matching else GENERATOR_LOSSES[objective]
    return (
        Phase("d", discriminator_cross_entropy(label_smoothing), repeats=discriminator_steps),
        Phase("g", generator_loss, uses_data=matching, shares_noise=not fresh_noise),
    )
