"""Memorisation of training examples, by the discriminator (GAN107) or the generator (GAN108)."""

from __future__ import annotations

import math

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

PROBES = 3
BEGUN, SCATTERED = 0.15, 0.6  # share of the run; diversity of the samples
# By rank, 2 AUC - 1 between training and held-out examples; 128 of each scatter around 0 by 0.07.
MEMORISED, FULLY_MEMORISED = 0.3, 0.6
# Share of the samples; by definition one in a hundred lies that near where nothing was copied.
SOME, MANY = 0.2, 0.5
PREFERRED = 0.3  # how much more often than by chance the nearest real example is a training example
ERRORS = 3  # standard errors of that, which are large where few examples were held out
# With few held-out examples, any of which may be odd: nearly all score below nearly all training examples, and far below.
FEW_HELD_OUT, NEARLY_ALL, FAR_BELOW = 0.15, 0.9, 0.3
# The same where scores are no probabilities: the share of the way from training to generated examples, which is the target
# above which adaptive augmentation takes a discriminator to overfit (Karras et al., 2020, section 3.1).
SHARE_OF_THE_WAY = 0.6
# Distance from samples to the nearest training example over that between training examples. Samples that all lie around
# the data's centre reach 0.7 in many dimensions, and no less.
COPIES = 0.5


@rule("GAN107", traits={"gan"}, opens=3, closes=4)
def discriminator_overfits(
    d_overfitting: Series,
    run: Facts,
    d_real_logit: Series,
    d_fake_logit: Series,
    d_held_out_logit: Series,
    d_overfitting_error: Series | None = None,
) -> Finding | None:
    """The discriminator scores training examples higher than held-out ones, although both are real.

    Ranks of few held-out examples are noisy (`d/overfitting_error`); then the scores themselves must be far apart.

    `r_v` is the position of the score of held-out examples between those of training examples (0) and generated ones (1):
    Training Generative Adversarial Networks with Limited Data (Tero Karras et al., 2020),
    equation 1, https://arxiv.org/abs/2006.06676. Ranks are checked first: they need no scale.
    """
    rank = d_overfitting.level(PROBES)
    if len(d_overfitting) < PROBES or not rank > MEMORISED:
        return None
    real, fake, held_out = (series.level(PROBES) for series in (d_real_logit, d_fake_logit, d_held_out_logit))
    gone = (real - held_out) / (real - fake) if real > fake else 0.0
    if d_overfitting_error is not None and d_overfitting_error.last > FEW_HELD_OUT:
        if "log_odds" in run.traits:
            far_below = _sigmoid(real) - _sigmoid(held_out) > FAR_BELOW
        else:
            far_below = gone > SHARE_OF_THE_WAY
        if not (rank > NEARLY_ALL and far_below):
            return None
    return Finding(
        "GAN107",
        "failure" if rank > FULLY_MEMORISED else "warning",
        d_overfitting.step,
        f"The discriminator memorises its training examples: {(1 + rank) / 2:.0%} of the time, a training example scores "
        "higher than a held-out one.",
        {"overfitting": round(rank, 4), "r_v": round(gone, 4), "real_logit": real, "held_out_logit": held_out},
        "It then teaches the generator those examples instead of what they have in common. "
        + run.advice("more_data", "r1_penalty", "instance_noise", "smaller_d"),
        run.remedy("r1_penalty", "instance_noise"),
    )


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-min(max(logit, -50.0), 50.0)))


@rule("GAN108", traits={"gan"}, opens=2, closes=2)
def generator_copies(
    g_copied: Series,
    g_copies: Series,
    run: Facts,
    g_nearest_ratio: Series,
    g_diversity: Series,
    g_copies_error: Series | None = None,
) -> Finding | None:
    """Many samples are nearer to a training example than new examples are, but not to held-out examples.

    A Non-Parametric Test to Detect Data-Copying in Generative Models (Casey Meehan, Kamalika Chaudhuri, Sanjoy Dasgupta,
    2020), https://arxiv.org/abs/2004.05675
    """
    share, preferred = g_copied.level(2), g_copies.level(2)
    # A few samples near the data's centre are near everything: that is a collapse, not a memory.
    if len(g_copied) < 3 or run.progress(g_copied.step) < BEGUN or not g_diversity.level(PROBES) > SCATTERED:
        return None
    chance = 0.0 if g_copies_error is None else ERRORS * g_copies_error.last
    if share <= SOME or preferred <= max(PREFERRED, chance):
        return None
    evidence = {"copied": round(share, 4), "preference": round(preferred, 4), "nearest_ratio": g_nearest_ratio.level(2)}
    return _copies(g_copied.step, share, "new examples ever are", evidence, run)


@rule("GAN108", traits={"gan"}, opens=2, closes=2)
def generator_copies_among_few(
    g_copied: Series, g_nearest_ratio: Series, g_diversity: Series, run: Facts, g_copies: Series | None = None
) -> Finding | None:
    """Samples are much nearer to training examples than these are to each other. For data with too few held-out examples.

    Distances between training examples leave out one example at a time: A Non-Parametric Test to Detect
    Data-Copying in Generative Models (Casey Meehan, Kamalika Chaudhuri, Sanjoy Dasgupta, 2020), section 2, for the
    comparison of distances, https://arxiv.org/abs/2004.05675
    """
    share, ratio = g_copied.level(2), g_nearest_ratio.level(2)
    if g_copies is not None or len(g_copied) < 3 or run.progress(g_copied.step) < BEGUN:
        return None
    if not (g_diversity.level(PROBES) > SCATTERED and share > SOME and ratio < COPIES):
        return None
    evidence = {"copied": round(share, 4), "nearest_ratio": ratio}
    return _copies(g_copied.step, share, "training examples are to each other", evidence, run)


def _copies(step: int, share: float, than: str, evidence: dict[str, float], run: Facts) -> Finding:
    return Finding(
        "GAN108",
        "failure" if share > MANY else "warning",
        step,
        f"The generator copies: {share:.0%} of its samples are nearer to a training example than {than}.",
        evidence,
        f"It makes nothing new. {run.advice('more_data', 'earlier_stop', 'smaller_g', 'r1_penalty')}",
        run.remedy("r1_penalty"),
    )
