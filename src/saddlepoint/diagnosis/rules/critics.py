"""Critics whose slope is wrong: it or the scores run away (GAN111), a penalty misses its target (GAN112), clipping is too narrow (GAN113)."""

from __future__ import annotations

import math
from collections.abc import Mapping

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.rules.quality import is_bad, is_improving, is_known, quality_evidence
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

TICKS, PROBES = 5, 3  # over which a level is taken
LATE = 0.25  # share of the run before which a penalty has not yet had its effect
# Gap of the mean scores: for log-odds, 20 nats are a probability of 2e-9. On the calibration half, healthy runs stay below 5, and
# critics without a penalty beside a generator that is too slow reach 45 to 2,600.
LARGE, STILL_GROWS = 20.0, 1.4  # times the gap at half of the steps so far; linear growth gives 2
# Healthy runs with a weight of 10 have slopes of 0.4 to 1.4 times the target.
FAR = 3.0  # times above or below the target
VANISHED = 0.05  # of the highest slope so far; an untrained network has one too
UNEXPLAINED = 10.0  # times the gap of the scores: a loss below minus that has another part, which is negative
FLAT = 1e-4  # slope in logits per unit of the model; with Adam, runs on the calibration half still learn at 1e-6


@rule("GAN111", traits={"gan", "unbounded"}, opens=2, closes=4, unless={"NUM304", "NUM301"})
def scores_run_away(
    d_real_logit: Series,
    d_fake_logit: Series,
    run: Facts,
    g_sample_gradient: Series | None = None,
    d_gradient_penalty_slope: Series | None = None,
    quality_energy_distance: Series | None = None,
) -> Finding | None:
    """The scores of real and generated examples move further and further apart, while samples are bad and do not improve.

    A loss without a lower bound is minimised by scores without limit wherever the two distributions do not overlap, unless a
    penalty or constraint limits the slope: Wasserstein GAN (Martin Arjovsky, Soumith Chintala, Léon Bottou, 2017), section 3,
    https://arxiv.org/abs/1701.07875
    """
    step, quality = d_real_logit.step, quality_energy_distance
    real, fake = d_real_logit, d_fake_logit
    if not run.begun(step) or len(real) < 2 * PROBES or len(fake) < 2 * PROBES:
        return None
    gap = real.level(PROBES) - fake.level(PROBES)
    half = real.at(step // 2) - fake.at(step // 2)
    if not gap > LARGE or gap < STILL_GROWS * half or not is_bad(quality) or is_improving(quality):
        return None
    if d_gradient_penalty_slope is not None and d_gradient_penalty_slope.level(TICKS) < FAR:
        return None  # the slope is limited: the samples are that far away
    steepness = math.nan if g_sample_gradient is None else g_sample_gradient.level(PROBES)
    return Finding(
        "GAN111",
        "failure" if is_known(quality) else "warning",
        step,
        f"The discriminator's scores run away: real examples score {gap:,.1f} higher than generated ones, and the gap grows.",
        {
            "gap": gap,
            "gap_at_half": half,
            **({} if math.isnan(steepness) else {"sample_gradient": steepness}),
            **quality_evidence(quality),
        },
        "Its loss has no lower bound, so that only a penalty or constraint limits the scores. "
        + run.advice("gradient_penalty", "spectral", "slower_d"),
        run.remedy("gradient_penalty", "spectral", "slower_d"),
    )


@rule("GAN111", traits={"gan", "unbounded", "linear"}, opens=3, closes=4, unless={"NUM304", "NUM301"})
def slope_runs_away(
    g_sample_gradient: Series, run: Facts, quality_energy_distance: Series | None = None
) -> Finding | None:
    """The slope of the scores grows without limit, whatever the samples are like.

    Where the loss of the generator is minus the score, its gradient at a sample is the slope. The loss estimates a distance only if
    something limits the slope, to 1 by a penalty or spectral normalisation, and to a constant by clipping: there it grows at first and
    then no more. Scores may stay close together for long, because the samples follow: this rule needs no gap between them.

    Wasserstein GAN (Martin Arjovsky, Soumith Chintala, Léon Bottou, 2017), sections 2 and 3, https://arxiv.org/abs/1701.07875
    """
    slope, step, quality = g_sample_gradient, g_sample_gradient.step, quality_energy_distance
    if not run.begun(step) or len(slope) < 4 * PROBES:
        return None
    quarter, half, now = slope.at(step // 4), slope.at(step // 2), slope.level(PROBES)
    if not (now > FAR and now > STILL_GROWS * half and half > STILL_GROWS * quarter):
        return None
    return Finding(
        "GAN111",
        "failure" if is_known(quality) and is_bad(quality) and not is_improving(quality) else "warning",
        step,
        f"Nothing limits the discriminator: the slope of its scores grows without end, from {half:.3g} at step {step // 2:,} to {now:.3g}.",
        {"slope": now, "slope_at_half": half, "slope_at_quarter": quarter, **quality_evidence(quality)},
        "Its loss has no lower bound, so that only a penalty or constraint limits the scores. "
        + run.advice("gradient_penalty", "spectral", "slower_d"),
        run.remedy("gradient_penalty", "spectral", "slower_d"),
    )


@rule("GAN112", traits={"gan", "unbounded", "linear"}, opens=3, closes=4, unless={"NUM304", "NUM301", "GAN113"})
def slope_vanishes(
    g_sample_gradient: Series,
    run: Facts,
    d_loss: Series | None = None,
    d_real_logit: Series | None = None,
    d_fake_logit: Series | None = None,
    quality_energy_distance: Series | None = None,
) -> Finding | None:
    """The scores become flat, and samples are bad and do not improve.

    A penalty with the wrong sign rewards slopes that are far from its target, of which 0 is the nearest. The loss then falls to minus its
    weight, although the scores of real and generated examples hardly differ.

    Improved Training of Wasserstein GANs (Ishaan Gulrajani, Faruk Ahmed, Martin Arjovsky, Vincent Dumoulin, Aaron Courville, 2017),
    section 4, https://arxiv.org/abs/1704.00028
    """
    slope, step, quality = g_sample_gradient.level(PROBES), g_sample_gradient.step, quality_energy_distance
    highest = g_sample_gradient.highest[0]
    if not run.begun(step) or len(g_sample_gradient) < 2 * PROBES or not slope < VANISHED * highest:
        return None
    if not is_known(quality) or not is_bad(quality) or is_improving(quality):
        return None
    loss = math.nan if d_loss is None else d_loss.level(TICKS)
    gap = math.nan
    if d_real_logit is not None and d_fake_logit is not None:
        gap = d_real_logit.level(PROBES) - d_fake_logit.level(PROBES)
    is_rewarded = loss < -UNEXPLAINED * abs(gap)
    beside = f" Its loss is {loss:.3g}, of which the scores explain {-gap:.2g}." if is_rewarded else ""
    return Finding(
        "GAN112",
        "failure",
        step,
        f"The discriminator's slope vanishes: it is {slope:.2g}, {slope / highest:.1%} of what it was.{beside}",
        {
            "slope": slope,
            "highest": highest,
            **({"discriminator_loss": loss, "gap": gap} if is_rewarded else {}),
            **quality_evidence(quality),
        },
        "Its scores give the generator no direction. Check the sign of its penalty, which must be added to the loss: one that is subtracted "
        f"rewards slopes far from the target. {run.advice('gradient_penalty', 'faster_d')}",
        run.remedy("gradient_penalty", "faster_d"),
    )


@rule(
    "GAN112", traits={"gan"}, opens=5, closes=5, unless={"NUM304"}, reads=("d/gradient_penalty_slope", "d/dragan_slope")
)
def slope_far_from_target(
    every_series: Mapping[str, Series], run: Facts, quality_energy_distance: Series | None = None
) -> Finding | None:
    """The mean slope at the points of a gradient penalty is a multiple, or a fraction, of the target of this penalty.

    This holds for any loss: the penalty asks for the slope, whatever a score means.

    Improved Training of Wasserstein GANs (Ishaan Gulrajani, Faruk Ahmed, Martin Arjovsky, Vincent Dumoulin, Aaron Courville, 2017),
    section 4, https://arxiv.org/abs/1704.00028
    """
    for name in ("gradient_penalty", "dragan"):
        series = every_series.get(f"d/{name}_slope")
        if series is None or len(series) < 2 * TICKS or run.progress(series.step) < LATE or not run.begun(series.step):
            continue
        arguments = run.settings.get(f"model.penalties.{name}.arguments") or {}
        target, sides = float(arguments.get("target", 1.0)), int(arguments.get("sides", 2))
        slope = series.level(TICKS)
        if target <= 0 or math.isnan(slope) or (slope <= FAR * target and (sides == 1 or slope >= target / FAR)):
            continue
        above = slope > target
        remedies = ("gradient_penalty" if name == "gradient_penalty" else "dragan", "slower_d")
        faster = ("faster_d",)
        return Finding(
            "GAN112",
            "failure" if is_known(quality_energy_distance) and is_bad(quality_energy_distance) else "warning",
            series.step,
            f"The discriminator's slope is far from the target of its penalty: {slope:.3g} on average, and the target is "
            f"{target:.3g}.",
            {"slope": slope, "target": target, "series": [series.name], **quality_evidence(quality_energy_distance)},
            (
                "The penalty is too weak beside the loss. " + run.advice(*remedies)
                if above
                else "The discriminator has not reached the slope at which its scores measure a distance. "
                + run.advice(*faster, "more_d_steps")
            ),
            run.remedy(*(remedies if above else (*faster, "more_d_steps"))),
        )
    return None


@rule("GAN113", traits={"gan"}, opens=3, closes=4, unless={"NUM304"})
def clipping_saturates(
    d_clipped_weights: Series,
    g_sample_gradient: Series,
    run: Facts,
    quality_energy_distance: Series | None = None,
) -> Finding | None:
    """With clipped weights, the slope is next to 0, while samples are bad and do not improve.

    This holds for any loss. A small slope alone is no failure, because optimisers such as Adam scale the gradient. The share of
    weights at the limit is evidence only: where the gradient has vanished, it may be small too.

    Improved Training of Wasserstein GANs (Ishaan Gulrajani, Faruk Ahmed, Martin Arjovsky, Vincent Dumoulin, Aaron Courville, 2017),
    sections 3.1 and 3.2, https://arxiv.org/abs/1704.00028
    """
    step, share, slope = d_clipped_weights.step, d_clipped_weights.level(PROBES), g_sample_gradient.level(PROBES)
    quality = quality_energy_distance
    if not run.begun(step) or not slope < FLAT or not is_bad(quality) or is_improving(quality):
        return None
    return Finding(
        "GAN113",
        "failure" if is_known(quality) else "warning",
        step,
        f"Weight clipping leaves the discriminator almost flat: the generator's gradient at a sample is {slope:.1e}, and "
        f"{share:.0%} of the weights are at the limit.",
        {"clipped_weights": round(share, 4), "sample_gradient": slope, **quality_evidence(quality)},
        "Each layer multiplies the slope by about its limit. "
        + run.advice("replace_clipping", "gradient_penalty")
        + " A higher limit helps too.",
        run.remedy("replace_clipping"),
    )
