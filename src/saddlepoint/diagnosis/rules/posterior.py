"""What the code says: VAE201 posterior collapse, VAE204 the two terms out of balance, AE251 unused dimensions."""

from __future__ import annotations

import math
import statistics

from saddlepoint.diagnosis.engine import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.rules.quality import is_improving, remaining
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

LOOKS = 3
BEGUN, SOON = 0.15, 300  # share of the run, and steps, in which a code may still wake up
SILENT = 0.05  # nats: KL of a unit that tells next to nothing
HALF = 0.5  # of the units
PLENTY = 10  # active units, above which the others were simply not needed
WIDE, VERY_WIDE = 2.0, 5.0  # second moment of codes, 1 under the prior
UNUSED = 0.999
_CAUSES = ("VAE202", "NUM304", "NUM302")  # from which all of this follows


@rule("VAE201", objectives={"vae"}, unless=_CAUSES, opens=3, closes=3)
def posterior_collapse(vae_kl_high: Series, run: Facts) -> Finding | None:
    """No unit of the code says anything: the decoder ignores it.

    Generating Sentences from a Continuous Space (Samuel Bowman et al., 2016), section 3, https://arxiv.org/abs/1511.06349
    """
    step, most = vae_kl_high.step, vae_kl_high.level(LOOKS)
    if _early(run, step) or not most < SILENT:
        return None
    return Finding(
        "VAE201",
        "failure",
        step,
        f"Posterior collapse: no latent unit says more than {most:.3f} nats of an example.",
        {"kl_of_the_busiest_unit": most},
        "The decoder ignores the code, and samples are all alike. Lower beta, let the KL weight grow from 0 (warm_up), or "
        "grant each unit some nats for free (free_bits).",
        _lighter(run),
    )


@rule("VAE201", objectives={"vae"}, unless=_CAUSES, opens=5, closes=3)
def kl_vanishes(vae_kl: Series, run: Facts, vae_kl_high: Series | None = None) -> Finding | None:
    """The whole KL term is next to 0, where logs hold no KL of single units.

    Generating Sentences from a Continuous Space (Samuel Bowman et al., 2016), section 3, https://arxiv.org/abs/1511.06349
    """
    nats = vae_kl.level(5)
    if vae_kl_high is not None or _early(run, vae_kl.step) or not 0 <= nats < SILENT:
        return None
    return Finding(
        "VAE201",
        "failure",
        vae_kl.step,
        f"Posterior collapse: the code says {nats:.3f} nats of an example.",
        {"kl": nats},
        "The decoder ignores the code, and samples are all alike. Lower beta, let the KL weight grow from 0, or grant free bits.",
        _lighter(run),
    )


@rule("VAE201", objectives={"vae"}, unless=_CAUSES, opens=2, closes=2)
def units_collapse(vae_active_share: Series, vae_active_units: Series, run: Facts) -> Finding | None:
    """Half of the code's units, or more, do not vary with the example.

    A unit is active where its mean's variance over examples is above 0.01: Importance Weighted Autoencoders (Yuri Burda,
    Roger Grosse, Ruslan Salakhutdinov, 2015), section 5.2, https://arxiv.org/abs/1509.00519. Of fifty units twenty are
    usual there; where ten or more work, the others are spare.
    """
    step, share, units = vae_active_units.step, vae_active_share.level(2), vae_active_units.level(2)
    if _early(run, step) or not share <= HALF:
        return None
    spare = units >= PLENTY
    return Finding(
        "VAE201",
        "info" if spare else "failure" if units < 0.5 else "warning",
        step,
        f"Posterior collapse of some units: {units:.0f} of the code's {units / share if share else 0:.0f} units vary with the "
        "example."
        if share
        else "Posterior collapse: no unit of the code varies with the example.",
        {"active_units": units, "active_share": round(share, 4)},
        "The others cost nothing and say nothing. That is harmless in a large code, and a loss in a small one: lower beta, "
        "let the KL weight grow from 0 (warm_up), or grant free bits.",
        _lighter(run),
    )


@rule("VAE204", objectives={"vae"}, unless=_CAUSES, opens=3, closes=3)
def codes_leave_the_prior(
    vae_code_spread: Series,
    run: Facts,
    vae_kl: Series,
    vae_reconstruction: Series,
    quality_energy_distance: Series | None = None,
) -> Finding | None:
    """The KL term weighs too little: codes spread far beyond the prior, from which samples are drawn.

    beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework (Irina Higgins et al., 2017),
    https://openreview.net/forum?id=Sy2fzU9gl; ELBO surgery (Matthew Hoffman, Matthew Johnson, 2016), for the mismatch of
    codes and prior, http://approximateinference.org/accepted/HoffmanJohnson2016.pdf
    """
    step, spread = vae_code_spread.step, vae_code_spread.level(LOOKS)
    if _early(run, step) or not spread > WIDE:
        return None
    if is_improving(quality_energy_distance) or _at_this_pace(vae_code_spread, run) < WIDE:
        return None  # still settling
    return Finding(
        "VAE204",
        "failure" if spread > VERY_WIDE else "warning",
        step,
        f"Reconstruction outweighs KL: codes have {spread:.1f} times the second moment of the prior.",
        {"code_spread": round(spread, 4), "kl": vae_kl.level(5), "reconstruction": vae_reconstruction.level(5)},
        "Samples are decoded from where hardly any code lies. Raise beta (1 gives the bound itself), or learn the "
        "observation's standard deviation.",
        run.remedy(model__beta=1.0) or run.remedy(model__likelihood="gaussian-learnt"),
    )


@rule("VAE204", objectives={"vae"}, unless=_CAUSES, opens=3, closes=3)
def kl_outweighs(vae_kl: Series, run: Facts) -> Finding | None:
    """The KL term weighs so much that the code is held down, though not silenced: beta above 1, little said by it.

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
        f"KL outweighs reconstruction: with beta {beta:g} the code of {latent} units says {nats:.2f} nats of an example.",
        {"kl": nats, "beta": beta},
        "Lower beta: 1 gives the bound itself.",
        run.remedy(model__beta=1.0),
    )


@rule("AE251", objectives={"autoencoder"}, unless={"NUM302", "NUM304"}, opens=2, closes=2)
def unused_dimensions(ae_active_share: Series, run: Facts) -> Finding | None:
    """Dimensions of the code that hardly vary: under a hundredth of the variance of the one that varies most.

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
        "Take a smaller code, or a weaker penalty on it; where units are stuck, another activation.",
        _smaller(run, share),
    )


@rule("VAE205", objectives={"vae"}, unless=_CAUSES, opens=2, closes=2)
def holes(vae_reconstruction_distance: Series, quality_energy_distance: Series, run: Facts) -> Finding | None:
    """Samples lie far from the data, reconstructions near: the prior has mass where no code lies.

    Resampled Priors for Variational Autoencoders (Matthias Bauer, Andriy Mnih, 2019), section 2,
    https://arxiv.org/abs/1810.11428. An energy distance grows with the square of a small shift, so four times is twice as
    far.
    """
    quality, reconstructed = quality_energy_distance, vae_reconstruction_distance.level(2)
    step, sampled = quality.step, quality.level(2)
    if (
        _early(run, step)
        or len(quality) < 3
        or not remaining(quality) > 0.05
        or is_improving(quality)  # reconstructions come first, samples follow
        or not sampled > 3.5 * max(reconstructed, 2e-3)
    ):
        return None
    return Finding(
        "VAE205",
        "failure" if remaining(quality) > 0.15 else "warning",
        step,
        f"Holes: samples lie {sampled / max(reconstructed, 2e-3):.1f} times as far from real examples as reconstructions do.",
        {"samples": round(sampled, 4), "reconstructions": round(reconstructed, 4)},
        "Codes fill only a part of the prior that samples come from. Raise beta, or take a smaller code.",
        _heavier(run),
    )


def _early(run: Facts, step: int) -> bool:
    """Whether the code may still wake up: at the run's beginning, and while the KL weight grows."""
    return run.progress(step) < BEGUN or step < SOON or step < 1.2 * float(run.settings.get("model.warm_up", 0) or 0)


def _at_this_pace(spread: Series, run: Facts) -> float:
    """Where codes that still draw in will be at the end of the run, if every LOOKS looks take off the same share again."""
    now, before = spread.level(LOOKS), statistics.median(spread.recent(2 * LOOKS)[:LOOKS] or [math.nan])
    if len(spread) < 2 * LOOKS or not run.steps or not now < before:
        return now
    rounds = max(run.steps - spread.step, 0) / max(spread.step - spread.steps[-1 - LOOKS], 1)
    return float(now * (now / before) ** rounds)


def _lighter(run: Facts) -> dict[str, object] | None:
    beta = run.settings.get("model.beta", 0.0)
    if beta > 1:
        return {"model.beta": 1.0}
    return run.remedy(model__warm_up=int(0.25 * run.steps)) if run.steps else None


def _heavier(run: Facts) -> dict[str, object] | None:
    beta = run.settings.get("model.beta")
    return None if not beta else {"model.beta": 1.0 if beta < 1 else 2 * beta}


def _smaller(run: Facts, share: float) -> dict[str, object] | None:
    latent = run.settings.get("model.latent")
    return None if not latent or latent < 2 else {"model.latent": max(1, min(latent - 1, round(share * latent)))}
