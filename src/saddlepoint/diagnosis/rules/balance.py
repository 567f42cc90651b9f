"""A discriminator that is far ahead: it overpowers the generator (GAN101), or the generator's loss saturates (GAN102)."""

from __future__ import annotations

import math

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.rules.quality import is_bad, is_improving, is_known, quality_evidence
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

TICKS, PROBES = 5, 3  # over which a level is taken: single batches scatter
SURE = 0.9  # gap of the scores: real examples at 0.95, generated ones at 0.05
ALWAYS = 0.95  # by rank: 2 AUC - 1, one pair in forty in the wrong order
VANISHED = 0.1  # nats, of 1.39 where the discriminator cannot tell
NO_MARGIN = 0.02  # of 2, the loss of a margin where the discriminator cannot tell: 1 %
NO_ERROR = 0.01  # of 1/4, the squared errors where it cannot tell
SATURATED = 0.05  # D(G(z)) there is the share of the gradient that is left, compared with that of -log D(G(z))


@rule("GAN101", traits={"gan", "probability"}, opens=3, closes=5, unless={"NUM304"})
def discriminator_overpowers(
    d_real_score: Series,
    d_fake_score: Series,
    run: Facts,
    d_advantage: Series | None = None,
    quality_energy_distance: Series | None = None,
) -> Finding | None:
    """The discriminator recognises nearly every example for a long time, while samples are bad and do not improve.

    A strong discriminator alone is not a failure, since the generator learns from it. It is one if the generator no longer
    improves, so the finding needs both. With label smoothing s and a share f of flipped labels, a discriminator that
    recognises all examples outputs the means of its targets, D(x) = (1 - s)(1 - f) and D(G(z)) = f.

    Towards Principled Methods for Training Generative Adversarial Networks (Martin Arjovsky, Léon Bottou, 2017),
    theorems 2.1 to 2.4, https://arxiv.org/abs/1701.04862
    """
    step = d_real_score.step
    smoothing = float(run.settings.get("model.labels.smoothing", 0.0) or 0.0)
    flipping = float(run.settings.get("model.labels.flipping", 0.0) or 0.0)
    highest = (1 - smoothing) * (1 - flipping) - flipping
    gap = (d_real_score.level(TICKS) - d_fake_score.level(TICKS)) / max(highest, 0.1)
    rank = math.nan if d_advantage is None else d_advantage.level(PROBES)
    quality = quality_energy_distance
    if not run.begun(step) or not gap > SURE or rank <= ALWAYS or not is_bad(quality) or is_improving(quality):
        return None
    return Finding(
        "GAN101",
        "failure" if is_known(quality) else "warning",
        step,
        f"The discriminator overpowers the generator: its score is {d_real_score.level(TICKS):.2f} for real and "
        f"{d_fake_score.level(TICKS):.2f} for generated examples"
        + (", and samples do not improve." if is_known(quality) else "."),
        {
            "real_score": round(d_real_score.level(TICKS), 4),
            "fake_score": round(d_fake_score.level(TICKS), 4),
            **({} if math.isnan(rank) else {"advantage": round(rank, 4)}),
            **quality_evidence(quality),
        },
        "It is so sure that its score hardly changes with the sample, so the generator gets no direction from it. "
        + run.advice("slower_d", "instance_noise", "r1_penalty"),
        run.remedy("slow_d_to_g", "slower_d"),
    )


@rule("GAN101", traits={"gan", "cross_entropy", "unpaired"}, without={"log"}, opens=5, closes=5, unless={"NUM304"})
def discriminator_loss_vanishes(d_loss: Series, run: Facts, d_real_score: Series | None = None) -> Finding | None:
    """The sum of both cross-entropies is near 0. This rule is for logs without scores.

    Scores of 0.95 for real and 0.05 for generated examples give a loss of 0.1 nats. "D loss goes to 0: failure": How to
    Train a GAN? Tips and tricks to make GANs work (Chintala, Denton, Arjovsky, Mathieu, 2016), point 10,
    https://github.com/soumith/ganhacks
    """
    loss = d_loss.level(TICKS)
    if d_real_score is not None or not run.begun(d_loss.step) or not 0 <= loss < VANISHED:
        return None
    return Finding(
        "GAN101",
        "warning",
        d_loss.step,
        f"The discriminator's loss has fallen to {loss:.3g} nats: it recognises nearly every example.",
        {"discriminator_loss": loss},
        "That is a fault only where samples no longer improve; check this first. "
        + run.advice("slower_d", "instance_noise"),
        run.remedy("slow_d_to_g", "slower_d"),
    )


@rule("GAN101", traits={"gan", "margin"}, without={"log"}, opens=5, closes=5, unless={"NUM304"})
def margin_loss_vanishes(d_loss: Series, run: Facts, quality_energy_distance: Series | None = None) -> Finding | None:
    """All examples are beyond the margin for a long time, so the discriminator has no gradient, while samples stay bad.

    The generator's gradient does not vanish, but it is that of a discriminator that no longer learns.

    Geometric GAN (Jae Hyun Lim, Jong Chul Ye, 2017), section 2, https://arxiv.org/abs/1705.02894
    """
    loss, quality = d_loss.level(TICKS), quality_energy_distance
    if not run.begun(d_loss.step) or not 0 <= loss < NO_MARGIN or not is_bad(quality) or is_improving(quality):
        return None
    return Finding(
        "GAN101",
        "failure" if is_known(quality) else "warning",
        d_loss.step,
        f"The discriminator overpowers the generator: its loss is {loss:.2g}, so nearly every example is beyond the margin.",
        {"discriminator_loss": loss, **quality_evidence(quality)},
        "It learns nothing from such examples, and samples do not improve. "
        + run.advice("slower_d", "instance_noise", "r1_penalty"),
        run.remedy("slow_d_to_g", "slower_d"),
    )


@rule("GAN101", traits={"gan", "squared_error"}, without={"log"}, opens=5, closes=5, unless={"NUM304"})
def squared_error_vanishes(d_loss: Series, run: Facts, d_real_score: Series | None = None) -> Finding | None:
    """The squared errors of both kinds of examples are near 0. This rule is for logs without scores.

    Least Squares Generative Adversarial Networks (Xudong Mao et al., 2017), section 3, https://arxiv.org/abs/1611.04076
    """
    loss = d_loss.level(TICKS)
    if d_real_score is not None or not run.begun(d_loss.step) or not 0 <= loss < NO_ERROR:
        return None
    return Finding(
        "GAN101",
        "warning",
        d_loss.step,
        f"The discriminator's loss has fallen to {loss:.3g}, of 1/4 for one that cannot distinguish: it recognises nearly every "
        "example.",
        {"discriminator_loss": loss},
        "That is a fault only where samples no longer improve; check this first. "
        + run.advice("slower_d", "instance_noise"),
        run.remedy("slow_d_to_g", "slower_d"),
    )


@rule("GAN102", traits={"gan", "saturates"}, opens=3, closes=5, unless={"NUM304"})
def gradient_vanishes(
    d_fake_score: Series,
    run: Facts,
    g_sample_gradient: Series | None = None,
    quality_energy_distance: Series | None = None,
) -> Finding | None:
    """log(1 - D(G(z))) is flat where D(G(z)) is near 0: its gradient is D / (1 - D) times that of -log D(G(z)).

    Generative Adversarial Networks (Ian Goodfellow et al., 2014), section 3, https://arxiv.org/abs/1406.2661
    """
    step, score, quality = d_fake_score.step, d_fake_score.level(TICKS), quality_energy_distance
    if not run.begun(step) or not score < SATURATED or not is_bad(quality) or is_improving(quality):
        return None
    share = score / (1 - score)
    gradient = {} if g_sample_gradient is None else {"sample_gradient": g_sample_gradient.level(PROBES)}
    return Finding(
        "GAN102",
        "failure" if is_known(quality) else "warning",
        step,
        f"The generator's gradient vanishes: its loss log(1 - D(G(z))) has {share:.1%} of the gradient that "
        "-log D(G(z)) would have.",
        {"fake_score": score, "gradient_left": share, **gradient, **quality_evidence(quality)},
        "The loss is flat where samples are bad, so the generator learns almost nothing. "
        + run.advice("non_saturating", "slower_d"),
        run.remedy("non_saturating"),
    )
