"""Changes of the discriminator's input that appear in the samples, or are as strong as they may be (GAN114)."""

from __future__ import annotations

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.rules.quality import is_improving
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

TICKS, MEASUREMENTS = 5, 3
LATE = 0.4  # share of the run; early samples are grey, as cut-out images are in part
# Of the way from the data to the changed data, and the cosine of both differences. Samples of untrained generators of images
# reach cosines of 0.8.
HALF_WAY, MOSTLY = 0.5, 0.85
AT_LIMIT = 0.79  # adaptive augmentation keeps its probability below 0.8, from which on changes leak


@rule("GAN114", traits={"gan"}, opens=3, closes=3, unless={"NUM304", "GAN103", "GAN106"})
def augmentation_leaks(
    g_leak: Series, g_leak_cosine: Series, run: Facts, quality_energy_distance: Series | None = None
) -> Finding | None:
    """Samples differ from the data in the way in which augmented examples do. This holds for any loss.

    Training Generative Adversarial Networks with Limited Data (Tero Karras et al., 2020), section 2.2,
    https://arxiv.org/abs/2006.06676. Differentiable Augmentation for Data-Efficient GAN Training (Shengyu Zhao et al., 2020),
    section 3.1, on real examples that alone are augmented, https://arxiv.org/abs/2006.10738
    """
    leak, cosine, step = g_leak.level(MEASUREMENTS), g_leak_cosine.level(MEASUREMENTS), g_leak.step
    early = run.progress(step) < LATE or not run.begun(step) or len(g_leak) < MEASUREMENTS
    if early or is_improving(quality_energy_distance) or not (leak > HALF_WAY and cosine > MOSTLY):
        return None
    return Finding(
        "GAN114",
        "failure",
        step,
        f"Augmentation leaks into the samples: they have gone {leak:.0%} of the way from the data to augmented examples.",
        {"leak": round(leak, 4), "cosine": round(cosine, 4)},
        "The generator learns the changed examples. Both real and generated examples must be changed, and the generator's gradient "
        f"must pass through the change. {run.advice('weaker_augmentation', 'r1_penalty')}",
        run.remedy("weaker_augmentation", "r1_penalty"),
    )


@rule("GAN114", traits={"gan"}, opens=TICKS, closes=TICKS, unless={"NUM304"})
def augmentation_at_its_limit(d_augmentation: Series, run: Facts) -> Finding | None:
    """The probability of adaptive augmentation is at its maximum, and the discriminator still overfits. This holds for any loss.

    Training Generative Adversarial Networks with Limited Data (Tero Karras et al., 2020), section 3, figure 5,
    https://arxiv.org/abs/2006.06676
    """
    probability, step = d_augmentation.level(TICKS), d_augmentation.step
    if not run.begun(step) or len(d_augmentation) < TICKS or not probability > AT_LIMIT:
        return None
    return Finding(
        "GAN114",
        "warning",
        step,
        f"Adaptive augmentation is at its limit: each change is applied with probability {probability:.2f}, and the discriminator "
        "still overfits.",
        {"probability": round(probability, 4)},
        "From about this probability on, changes appear in the samples. "
        + run.advice("more_data", "r1_penalty", "slower_d"),
        run.remedy("r1_penalty", "slower_d"),
    )
