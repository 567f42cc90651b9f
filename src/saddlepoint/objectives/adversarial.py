"""The original GAN's game, computed from logits so that nothing overflows or saturates by rounding.

With a(x) the discriminator's logit and D = sigmoid(a): -log D = softplus(-a) and -log(1 - D) = softplus(a).

Generative Adversarial Networks (Goodfellow et al., 2014), https://arxiv.org/abs/1406.2661; one-sided label smoothing:
Improved Techniques for Training GANs (Salimans et al., 2016), https://arxiv.org/abs/1606.03498; instance noise: Towards
Principled Methods for Training Generative Adversarial Networks (Arjovsky, Bottou, 2017), https://arxiv.org/abs/1701.04862;
the relativistic pairing: The relativistic discriminator: a key element missing from standard GAN (Jolicoeur-Martineau, 2018),
https://arxiv.org/abs/1807.00734, section 4.3 (RpGAN), and why it leaves no mode out: Towards a Better Global Loss Landscape
of GANs (Sun, Fang, Schwing, 2020), https://arxiv.org/abs/2011.04926

All losses read nets["d"]: (B, *event) -> B logits and nets["g"]: (B, latent) -> (B, *event), and the noise
    z (B, latent),
    real, fake (B, *event), optional: instance noise, already scaled, added to what the discriminator sees,
    flip_real, flip_fake (B,), optional: 1 where the discriminator is given the wrong label, else 0,
    penalty_scale (), optional: what the penalties' weights are multiplied by,
    replayed (B, *event), optional: generated examples of old, and is_replayed (B,) bool: where they take the place of
        new ones before the discriminator.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus

from saddlepoint.objectives.penalties import gradient_penalty, scored
from saddlepoint.objectives.phase import Batch, Loss, Nets, Noise, Observations, Phase
from saddlepoint.objectives.precision import at_least_float32
from saddlepoint.objectives.unrolled import unrolled


def logits(nets: Nets, x: Tensor, instance_noise: Tensor | None = None) -> Tensor:
    """The discriminator's logits, (B, *event) -> (B,), whatever trailing ones its output has."""
    seen = x if instance_noise is None else x + instance_noise
    return at_least_float32(nets["d"](seen).reshape(x.shape[0]))


def cross_entropy(logit: Tensor, label: Tensor | float) -> Tensor:
    """-label log D - (1 - label) log(1 - D) in nats: (B,) logits and labels in [0, 1] -> (B,)."""
    return softplus(-logit) + (1 - label) * logit


def discriminator_cross_entropy(
    label_smoothing: float = 0.0,
    *,
    relativistic: bool = False,
    r1: float = 0.0,
    r2: float = 0.0,
    detached: bool = True,
) -> Loss:
    """-log D(x) - log(1 - D(G(z))), two binary cross-entropies, in nats: 2 log 2 where D cannot tell.

    label_smoothing: real examples are labelled 1 - label_smoothing, generated ones stay 0.
    relativistic: -log sigmoid(a(x) - a(G(z))) instead, one cross-entropy a pair (log 2 where D cannot tell); the label is
        then that of the pair, flipped where `flip_real` is 1.
    r1, r2: weights of the penalties on the slope of the logit at real and at generated examples (see `penalties`).
    detached: whether the samples are constants here, as they are where the discriminator moves.
    Observes D(x) and D(G(z)), (B,) in [0, 1], G(z) including examples that are replayed; of a relativistic discriminator
    the probability that x is the real one of its pair, and that G(z) is. With penalties also `real_slope` and `fake_slope`,
    (B,), the norm of the logit's gradient there: alike where training goes well.

    Flipped labels: How to Train a GAN? Tips and tricks to make GANs work (Chintala, Denton, Arjovsky, Mathieu, 2016),
    point 6, https://github.com/soumith/ganhacks; replay: Learning from Simulated and Unsupervised Images through
    Adversarial Training (Shrivastava et al., 2017), section 2.3, https://arxiv.org/abs/1612.07828
    """

    compared = _in_pairs if relativistic else _each_alone

    def loss(nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
        made = nets["g"](noise["z"])
        if detached:
            # The generator's move may use the same samples, and then they come with their graph.
            made = made.detach()
        if "replayed" in noise:
            old = noise["is_replayed"].reshape(-1, *[1] * (made.ndim - 1))
            made = torch.where(old, noise["replayed"].to(made.dtype), made)
        penalties, slopes, scores = [], {}, []
        for kind, x, weight in (("real", batch.x, r1), ("fake", made, r2)):
            seen = x + noise[kind] if kind in noise else x
            if weight:
                score, squared_slope = scored(lambda value: logits(nets, value), seen)
                penalties.append(gradient_penalty(squared_slope, weight) * noise.get("penalty_scale", 1.0))
                slopes[f"{kind}_slope"] = squared_slope.detach().sqrt()
            else:
                score = logits(nets, seen)
            scores.append(score)
        real, fake = scores
        entropy, observations = compared(real, fake, label_smoothing, noise)
        return sum(penalties, entropy), observations | slopes

    return loss


def _each_alone(real: Tensor, fake: Tensor, label_smoothing: float, noise: Noise) -> tuple[Tensor, Observations]:
    if "flip_real" in noise:
        real_loss = cross_entropy(real, (1 - label_smoothing) * (1 - noise["flip_real"]))
        fake_loss = cross_entropy(fake, noise["flip_fake"])
    else:
        # Cross-entropy with the label 1 - s is softplus(-a) + s a.
        real_loss = softplus(-real) + label_smoothing * real if label_smoothing else softplus(-real)
        fake_loss = softplus(fake)
    return real_loss + fake_loss, {"real_score": real.detach().sigmoid(), "fake_score": fake.detach().sigmoid()}


def _in_pairs(real: Tensor, fake: Tensor, label_smoothing: float, noise: Noise) -> tuple[Tensor, Observations]:
    gap = real - fake
    label: Tensor | float = 1 - label_smoothing
    if "flip_real" in noise:
        label = label * (1 - noise["flip_real"])
    return cross_entropy(gap, label), {"real_score": gap.detach().sigmoid(), "fake_score": (-gap).detach().sigmoid()}


def minimax_generator(nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
    """log(1 - D(G(z))) in nats, what the discriminator maximises: flat where samples are bad."""
    return -softplus(logits(nets, nets["g"](noise["z"]), noise.get("fake"))), {}


def non_saturating_generator(nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
    """-log D(G(z)) in nats: the same fixed point, steep where samples are bad."""
    return softplus(-logits(nets, nets["g"](noise["z"]), noise.get("fake"))), {}


def relativistic_generator(nets: Nets, batch: Batch, noise: Noise) -> tuple[Tensor, Observations]:
    """-log sigmoid(a(G(z)) - a(x)) in nats, log 2 where no pair can be told apart: samples should look more real than x.

    Pairs are made by place in the batch. Judged alone, samples may all lie in one place on the right side of the boundary;
    in pairs, a mode that is left out is real examples against which they lose.
    """
    real = logits(nets, batch.x, noise.get("real"))
    fake = logits(nets, nets["g"](noise["z"]), noise.get("fake"))
    return softplus(real - fake), {}


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
# Those that compare with real examples: by the discriminator's features, or by its score.
MATCHING_LOSSES: dict[str, Loss] = {"feature-matching": feature_matching_generator}
RELATIVISTIC_LOSSES: dict[str, Loss] = {"relativistic": relativistic_generator}


def adversarial_game(
    objective: str = "non-saturating",
    discriminator_steps: int = 1,
    label_smoothing: float = 0.0,
    fresh_noise: bool = False,
    r1: float = 0.0,
    r2: float = 0.0,
    unrolled_steps: int = 0,
    unrolled_rate: float = 0.1,
) -> tuple[Phase, ...]:
    """One step of the game: the discriminator moves `discriminator_steps` times, then the generator once.

    fresh_noise: the generator moves on noise of its own, as in the original Algorithm 1, instead of on the samples that
    the discriminator has just seen. The latter, as common scripts do, saves a pass of the generator; it is not the same
    estimate as Algorithm 1's, because the discriminator has just stepped on those very samples.
    r1, r2: weights of the penalties on the slope of the discriminator's logit at real and at generated examples.
    unrolled_steps, unrolled_rate: how many steps of what size the generator looks ahead (see `unrolled`).
    """
    generator_loss = (GENERATOR_LOSSES | MATCHING_LOSSES | RELATIVISTIC_LOSSES)[objective]
    in_pairs = objective in RELATIVISTIC_LOSSES
    discriminator_loss = discriminator_cross_entropy(label_smoothing, relativistic=in_pairs, r1=r1, r2=r2)
    if unrolled_steps:
        answer = discriminator_cross_entropy(label_smoothing, relativistic=in_pairs, r1=r1, r2=r2, detached=False)
        generator_loss = unrolled(generator_loss, answer, unrolled_steps, unrolled_rate)
    uses_data = objective not in GENERATOR_LOSSES or unrolled_steps > 0
    return (
        Phase("d", discriminator_loss, repeats=discriminator_steps),
        Phase("g", generator_loss, uses_data=uses_data, shares_noise=not fresh_noise),
    )
