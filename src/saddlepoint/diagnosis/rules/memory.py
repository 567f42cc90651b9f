"""Learning examples by heart: GAN107 the discriminator, GAN108 the generator."""

from __future__ import annotations

import math

from saddlepoint.diagnosis.engine import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.rules.objectives import GAMES
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

LOOKS = 3
BEGUN, SCATTERED = 0.15, 0.6
# By rank, 2 AUC - 1 between training and held-out examples; 128 of each scatter around 0 by 0.07.
KNOWN, BY_HEART = 0.3, 0.6
# Of the samples; one in a hundred lies so near by definition where nothing was copied.
SOME, MANY = 0.2, 0.5
PREFERRED = 0.3  # how much more often than by chance the nearest real example is one trained on
ERRORS = 3  # standard errors of that, which are wide where little was held out
# With few held-out examples, any of which may be odd: nearly all score below nearly all training examples, by far.
FEW_HELD_OUT, NEARLY_ALL, BY_FAR = 0.15, 0.9, 0.3
# Distance from samples to the nearest training example over that between training examples. Samples drawn together around
# the data's middle come to 0.7 in many dimensions, and no nearer.
COPIES = 0.5


@rule("GAN107", objectives=GAMES, opens=3, closes=4)
def discriminator_overfits(
    d_overfitting: Series,
    run: Facts,
    d_real_logit: Series,
    d_fake_logit: Series,
    d_held_out_logit: Series,
    d_overfitting_error: Series | None = None,
) -> Finding | None:
    """The discriminator scores training examples above held-out ones, of which it should think the same.

    Ranks of few held-out examples scatter (`d/overfitting_error`); there the scores themselves have to be far apart.

    `r_v`, how far held-out examples have gone from the scores of training examples to those of generated ones, is the
    measure of: Training Generative Adversarial Networks with Limited Data (Tero Karras et al., 2020), equation 1,
    https://arxiv.org/abs/2006.06676. Ranks are asked first: they need no scale.
    """
    rank = d_overfitting.level(LOOKS)
    if len(d_overfitting) < LOOKS or not rank > KNOWN:
        return None
    real, fake, held_out = (series.level(LOOKS) for series in (d_real_logit, d_fake_logit, d_held_out_logit))
    few = d_overfitting_error is not None and d_overfitting_error.last > FEW_HELD_OUT
    if few and not (rank > NEARLY_ALL and _probability(real) - _probability(held_out) > BY_FAR):
        return None
    gone = (real - held_out) / (real - fake) if real > fake else 0.0
    return Finding(
        "GAN107",
        "failure" if rank > BY_HEART else "warning",
        d_overfitting.step,
        f"The discriminator learns its examples by heart: a training example scores above a held-out one {(1 + rank) / 2:.0%} "
        "of the time.",
        {"overfitting": round(rank, 4), "r_v": round(gone, 4), "real_logit": real, "held_out_logit": held_out},
        "It then teaches the generator those examples instead of what they have in common. Give more data, blur what it "
        "sees (instance noise), punish steep slopes (r1), or take a smaller discriminator.",
        run.remedy(model__r1=1.0) or run.remedy(model__instance_noise=0.1),
    )


def _probability(logit: float) -> float:
    return 1 / (1 + math.exp(-min(max(logit, -50.0), 50.0)))


@rule("GAN108", objectives=GAMES, opens=2, closes=2)
def generator_copies(
    g_copied: Series,
    g_copies: Series,
    run: Facts,
    g_nearest_ratio: Series,
    g_diversity: Series,
    g_copies_error: Series | None = None,
) -> Finding | None:
    """Many samples are nearer to a training example than new examples ever are, and not to held-out ones.

    A Non-Parametric Test to Detect Data-Copying in Generative Models (Casey Meehan, Kamalika Chaudhuri, Sanjoy Dasgupta,
    2020), https://arxiv.org/abs/2004.05675
    """
    share, preferred = g_copied.level(2), g_copies.level(2)
    # A few answers near the data's middle are near everything: that is a collapse, not a memory.
    if len(g_copied) < 3 or run.progress(g_copied.step) < BEGUN or not g_diversity.level(LOOKS) > SCATTERED:
        return None
    chance = 0.0 if g_copies_error is None else ERRORS * g_copies_error.last
    if share <= SOME or preferred <= max(PREFERRED, chance):
        return None
    return Finding(
        "GAN108",
        "failure" if share > MANY else "warning",
        g_copied.step,
        f"The generator copies: {share:.0%} of its samples are nearer to a training example than new examples are.",
        {"copied": round(share, 4), "preference": round(preferred, 4), "nearest_ratio": g_nearest_ratio.level(2)},
        "Give more data, stop earlier, or take a smaller generator; nothing new comes out of this one.",
        run.remedy(model__r1=1.0),
    )


@rule("GAN108", objectives=GAMES, opens=2, closes=2)
def generator_copies_among_few(
    g_copied: Series, g_nearest_ratio: Series, g_diversity: Series, run: Facts, g_copies: Series | None = None
) -> Finding | None:
    """The same where too few examples were held out: samples lie much nearer to a training example than these to each other.

    Leaving out one example at a time, as the training examples' distances to each other do: A Non-Parametric Test to Detect
    Data-Copying in Generative Models (Casey Meehan, Kamalika Chaudhuri, Sanjoy Dasgupta, 2020), section 2, for the
    comparison of distances, https://arxiv.org/abs/2004.05675
    """
    share, ratio = g_copied.level(2), g_nearest_ratio.level(2)
    if g_copies is not None or len(g_copied) < 3 or run.progress(g_copied.step) < BEGUN:
        return None
    if not (g_diversity.level(LOOKS) > SCATTERED and share > SOME and ratio < COPIES):
        return None
    return Finding(
        "GAN108",
        "failure" if share > MANY else "warning",
        g_copied.step,
        f"The generator copies: {share:.0%} of its samples are nearer to a training example than these are to each other.",
        {"copied": round(share, 4), "nearest_ratio": ratio},
        "Give more data, stop earlier, or take a smaller generator; nothing new comes out of this one.",
        run.remedy(model__r1=1.0),
    )
