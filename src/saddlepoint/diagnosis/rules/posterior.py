"""Latent codes: posterior collapse (VAE201), terms out of balance (VAE204), holes (VAE205), unused dimensions (AE251)."""

from __future__ import annotations

import math
import statistics

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.rules.quality import distance_left, is_improving
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

PROBES = 3
BEGUN, SOON = 0.15, 300  # share of the run, and steps, in which units may still become active
SILENT = 0.05  # nats: KL of a unit that carries next to nothing
HALF = 0.5  # of the units
PLENTY = 10  # active units, above which the others were not needed
WIDE, VERY_WIDE = 2.0, 5.0  # second moment of codes, 1 under the prior
UNUSED = 0.999  # share of active dimensions below which some are unused
_CAUSES = ("VAE202", "NUM304", "NUM302")  # which explain all of this


@rule("VAE201", traits={"vae"}, unless=_CAUSES, opens=3, closes=3)
def posterior_collapse(vae_kl_high: Series, run: Facts) -> Finding | None:
    """No latent unit carries information: the decoder ignores the code.

    Generating Sentences from a Continuous Space (Samuel Bowman et al., 2016), section 3, https://arxiv.org/abs/1511.06349
    """
    step, most = vae_kl_high.step, vae_kl_high.level(PROBES)
    if _early(run, step) or not most < SILENT:
        return None
    return Finding(
        "VAE201",
        "failure",
        step,
        f"Posterior collapse: no latent unit carries more than {most:.3f} nats of information about an example.",
        {"kl_of_the_busiest_unit": most},
        f"The decoder ignores the code, and samples are all alike. {run.advice('lower_beta', 'warm_up', 'free_bits')}",
        _weaker_kl(run),
    )


@rule("VAE201", traits={"vae"}, without={"log"}, unless=_CAUSES, opens=5, closes=3)
def kl_vanishes(vae_kl: Series, run: Facts, vae_kl_high: Series | None = None) -> Finding | None:
    """The whole KL term is almost 0. This rule is for logs without the KL of single units.

    Generating Sentences from a Continuous Space (Samuel Bowman et al., 2016), section 3, https://arxiv.org/abs/1511.06349
    """
    nats = vae_kl.level(5)
    if vae_kl_high is not None or _early(run, vae_kl.step) or not 0 <= nats < SILENT:
        return None
    return Finding(
        "VAE201",
        "failure",
        vae_kl.step,
        f"Posterior collapse: the code carries {nats:.3f} nats of information about an example.",
        {"kl": nats},
        f"The decoder ignores the code, and samples are all alike. {run.advice('lower_beta', 'warm_up', 'free_bits')}",
        _weaker_kl(run),
    )


@rule("VAE201", traits={"vae"}, unless=_CAUSES, opens=2, closes=2)
def units_collapse(vae_active_share: Series, vae_active_units: Series, run: Facts) -> Finding | None:
    """Half of the latent units or more do not vary with the example.

    A unit is active if the variance of its mean over examples is above 0.01: Importance Weighted Autoencoders (Yuri
    Burda, Roger Grosse, Ruslan Salakhutdinov, 2015), section 5.2, https://arxiv.org/abs/1509.00519. Twenty of fifty units
    are usual there; if ten or more are active, the others are not needed.
    """
    step, share, units = vae_active_units.step, vae_active_share.level(2), vae_active_units.level(2)
    if _early(run, step) or not share <= HALF:
        return None
    spare = units >= PLENTY
    return Finding(
        "VAE201",
        "info" if spare else "failure" if units < 0.5 else "warning",
        step,
        f"Posterior collapse of some units: {units:.0f} of {units / share:.0f} latent units vary with the example."
        if share
        else "Posterior collapse: no latent unit varies with the example.",
        {"active_units": units, "active_share": round(share, 4)},
        (
            "The other units carry no information. That is harmless in a large code and a loss in a small one. "
            if share
            else "The decoder ignores the code, and samples are all alike. "
        )
        + run.advice("lower_beta", "warm_up", "free_bits"),
        _weaker_kl(run),
    )


@rule("VAE204", traits={"vae"}, unless=_CAUSES, opens=3, closes=3)
def codes_leave_the_prior(
    vae_code_spread: Series,
    run: Facts,
    vae_kl: Series,
    vae_reconstruction: Series,
    quality_energy_distance: Series | None = None,
) -> Finding | None:
    """The KL term has too little weight: codes spread far beyond the prior, from which samples are drawn.

    beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework (Irina Higgins et al., 2017),
    https://openreview.net/forum?id=Sy2fzU9gl; ELBO surgery (Matthew Hoffman, Matthew Johnson, 2016), for the mismatch of
    codes and prior, http://approximateinference.org/accepted/HoffmanJohnson2016.pdf
    """
    step, spread = vae_code_spread.step, vae_code_spread.level(PROBES)
    if _early(run, step) or not spread > WIDE:
        return None
    if is_improving(quality_energy_distance) or _extrapolated(vae_code_spread, run) < WIDE:
        return None  # still settling
    return Finding(
        "VAE204",
        "failure" if spread > VERY_WIDE else "warning",
        step,
        f"Reconstruction outweighs the KL term: codes spread beyond the prior, with {spread:.1f} times its second moment.",
        {"code_spread": round(spread, 4), "kl": vae_kl.level(5), "reconstruction": vae_reconstruction.level(5)},
        f"Samples are decoded from places where hardly any code lies. {run.advice('beta_one', 'learnt_deviation')}",
        run.remedy("beta_one", "learnt_deviation"),
    )


@rule("VAE204", traits={"vae"}, unless=_CAUSES, opens=3, closes=3)
def kl_outweighs(vae_kl: Series, run: Facts) -> Finding | None:
    """The KL term has so much weight that the code carries little information: beta is above 1.

    beta-VAE (Irina Higgins et al., 2017), https://openreview.net/forum?id=Sy2fzU9gl
    """
    beta, latent = run.settings.get("model.beta"), run.settings.get("model.latent")
    nats = vae_kl.level(5)
    if not beta or not latent or beta <= 2 or _early(run, vae_kl.step) or not nats < 0.5 * latent:
        return None
    return Finding(
        "VAE204",
        "warning",
        vae_kl.step,
        f"The KL term outweighs reconstruction: with beta {beta:g}, {latent} latent units carry {nats:.2f} nats of "
        "information about an example.",
        {"kl": nats, "beta": beta},
        run.advice("beta_one"),
        run.remedy("beta_one"),
    )


@rule("AE251", traits={"autoencoder"}, unless={"NUM302", "NUM304"}, opens=2, closes=2)
def unused_dimensions(ae_active_share: Series, run: Facts) -> Finding | None:
    """Some dimensions of the code hardly vary: their variance is below a hundredth of the largest one.

    Principal components' smallest variances are the linear case: Neural Networks and Principal Component Analysis (Pierre
    Baldi, Kurt Hornik, 1989), https://doi.org/10.1016/0893-6080(89)90014-2
    """
    step, share = ae_active_share.step, ae_active_share.level(2)
    if run.progress(step) < BEGUN or len(ae_active_share) < 3 or not share < UNUSED:
        return None
    return Finding(
        "AE251",
        "warning",
        step,
        f"{1 - share:.0%} of the code's dimensions are unused: they hardly vary from example to example.",
        {"active_share": round(share, 4)},
        f"{run.advice('smaller_code')} A weaker penalty on the code helps too; where units are stuck, another activation.",
        run.remedy("smaller_code", latent=_used_dimensions(run, share)),
    )


@rule("VAE205", traits={"vae"}, unless=_CAUSES, opens=2, closes=2)
def holes(vae_reconstruction_distance: Series, quality_energy_distance: Series, run: Facts) -> Finding | None:
    """Samples are far from the data but reconstructions are near it, since the prior has mass where there are no codes.

    Resampled Priors for Variational Autoencoders (Matthias Bauer, Andriy Mnih, 2019), section 2,
    https://arxiv.org/abs/1810.11428. An energy distance grows with the square of a small shift, so four times is twice as
    far.
    """
    quality, reconstructed = quality_energy_distance, vae_reconstruction_distance.level(2)
    step, sampled = quality.step, quality.level(2)
    if (
        _early(run, step)
        or len(quality) < 3
        or not distance_left(quality) > 0.05
        or is_improving(quality)  # reconstructions come first, samples follow
        or not sampled > 3.5 * max(reconstructed, 2e-3)
    ):
        return None
    return Finding(
        "VAE205",
        "failure" if distance_left(quality) > 0.15 else "warning",
        step,
        f"Holes in the prior: samples lie {sampled / max(reconstructed, 2e-3):.1f} times as far from real examples as "
        "reconstructions do.",
        {"samples": round(sampled, 4), "reconstructions": round(reconstructed, 4)},
        f"Codes fill only a part of the prior, from which samples are drawn. {run.advice('double_beta', 'smaller_code')}",
        run.remedy("beta_at_least_one", "double_beta"),
    )


def _early(run: Facts, step: int) -> bool:
    """Whether units may still become active, at the beginning of the run or while the weight of the KL term grows."""
    soon = SOON if run.settings else 0  # of a log, a step may be an epoch
    return run.progress(step) < BEGUN or step < soon or step < 1.2 * float(run.settings.get("model.warm_up", 0) or 0)


def _extrapolated(spread: Series, run: Facts) -> float:
    """Return the spread at the end of the run if it keeps decreasing by the same factor every `PROBES` probes."""
    now, before = spread.level(PROBES), statistics.median(spread.recent(2 * PROBES)[:PROBES] or [math.nan])
    if len(spread) < 2 * PROBES or not run.steps or not now < before:
        return now
    rounds = max(run.steps - spread.step, 0) / max(spread.step - spread.steps[-1 - PROBES], 1)
    return float(now * (now / before) ** rounds)


def _weaker_kl(run: Facts) -> dict[str, object] | None:
    return run.remedy("beta_at_most_one", "warm_up", warm_up=int(0.25 * run.steps) if run.steps else None)


def _used_dimensions(run: Facts, share: float) -> int | None:
    """Return the number of dimensions in use, at least one and fewer than now; None if the code has only one."""
    latent = run.settings.get("model.latent")
    return None if not latent or latent < 2 else max(1, min(latent - 1, round(share * latent)))
