"""Losses of special form: exponentials of the logit that overflow (GAN115), and a weight of BEGAN that is stuck (GAN116)."""

from __future__ import annotations

import math

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.rules.quality import is_bad, is_improving, is_known, quality_evidence
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

TICKS = 5
HUGE, NEAR_OVERFLOW = (
    1e3,
    1e8,
)  # of a loss; healthy ones are below 10. fp32 ends at exp(88) = 1e38, and its square at exp(44)
LATE = 0.4  # share of the run in which the weight, which begins at 0, may rise
# Of a weight in [0, 1]. Runs of the calibration half whose samples stay bad have weights of 0.005 to 0.01.
NONE, ALL = 0.02, 0.999


@rule("GAN115", traits={"gan", "exponential"}, closes=6)
def exponentials_overflow(d_loss: Series, g_loss: Series, run: Facts) -> Finding | None:
    """A loss that contains exponentials of the logit is in the thousands or infinite, and its gradient is as large.

    One value is enough for a finding: in runs of the calibration half, two or three ticks later the loss was not a number.

    f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization (Sebastian Nowozin, Botond Cseke, Ryota
    Tomioka, 2016), table 2, https://arxiv.org/abs/1606.00709
    """
    highest = {series.name: _largest(series) for series in (d_loss, g_loss)}
    name = max(highest, key=lambda key: highest[key])
    if not highest[name] > HUGE:
        return None
    return Finding(
        "GAN115",
        "failure" if highest[name] > NEAR_OVERFLOW else "warning",
        max(d_loss.step, g_loss.step),
        f"Exponentials of the loss overflow: {'the discriminator' if name == d_loss.name else 'the generator'}'s loss reached "
        f"{highest[name]:.1e}.",
        {**highest},
        "The gradient is as large as the exponential, so that one batch can destroy the weights. "
        + run.advice("no_exponentials", "clip", "slower"),
        run.remedy("no_exponentials", "clip", "slower"),
    )


def _largest(series: Series) -> float:
    """The largest absolute value of the newest ones; infinite if one is not finite."""
    return max((abs(value) if math.isfinite(value) else math.inf for value in series.values[-TICKS:]), default=0.0)


@rule("GAN116", traits={"gan", "balanced"}, opens=TICKS, closes=TICKS, unless={"NUM304"})
def balance_is_stuck(d_balance: Series, run: Facts, quality_energy_distance: Series | None = None) -> Finding | None:
    """The weight of samples in the discriminator's loss is at 0 or 1, so that one kind of error is no longer balanced.

    BEGAN: Boundary Equilibrium Generative Adversarial Networks (David Berthelot, Thomas Schumm, Luke Metz, 2017), section 3.4,
    https://arxiv.org/abs/1703.10717
    """
    weight, step, quality = d_balance.level(TICKS), d_balance.step, quality_energy_distance
    early = run.progress(step) < LATE or not run.begun(step) or len(d_balance) < 2 * TICKS
    if early or NONE <= weight <= ALL or not weight >= 0 or not is_bad(quality) or is_improving(quality):
        return None
    low = weight < NONE
    return Finding(
        "GAN116",
        "failure" if is_known(quality) else "warning",
        step,
        f"The balance is stuck: the weight of samples in the discriminator's loss is {weight:.3g}.",
        {"balance": weight, **quality_evidence(quality)},
        (
            "The discriminator hardly does more than reconstruct real examples, and samples too. "
            + run.advice("smaller_d", "slower_d", "faster_g")
            if low
            else "The discriminator does not tell samples from real examples. " + run.advice("faster_d")
        ),
        run.remedy(*(("slower_d", "faster_g") if low else ("faster_d",))),
    )
