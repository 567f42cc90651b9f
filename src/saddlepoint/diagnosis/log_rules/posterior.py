"""The KL term of a log: near 0 (VAE201), negative (VAE202), or growing without limit (VAE204)."""

from __future__ import annotations

import math

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.log_rules.stretches import FEWEST, blocks, finite, last_stretch, median, together, trend
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

SILENT, SMALL = 0.05, 0.01  # nats, and share of the reconstruction term, of a code that carries next to nothing
AVERAGED = 1.0  # a reconstruction term below this is a mean over pixels, or of very few numbers
ROUNDING = 1e-3  # nats, and share of the term: what rounding leaves of a KL of 0
# Share of the KL term that the loss has beyond the reconstruction term; nats of a KL term that is one.
PAID, NATS = 0.01, 1.0
MANY, GROWN, STEADY = 100.0, 1.8, 0.6  # nats; times the level at a third of the log; rank correlation with time


@rule("VAE201", traits={"vae", "log"}, without={"gan"})
def kl_vanishes_beside_an_average(vae_kl: Series, vae_reconstruction: Series, run: Facts) -> Finding | None:
    """The KL term stays near 0, beside a reconstruction term that is a mean over the numbers of an example.

    Such a mean multiplies the weight of the KL term by the numbers of an example, as a large beta does: beta-VAE (Irina Higgins et al.,
    2017), https://openreview.net/forum?id=Sy2fzU9gl
    """
    level = abs(median(finite(vae_reconstruction)[1]))
    found = _vanishing(vae_kl, min(SILENT, SMALL * level)) if level < AVERAGED else None
    if found is None:
        return None
    start, step, nats = found
    return Finding(
        "VAE201",
        "failure",
        step,
        f"{_collapse(start, step, nats)} The reconstruction term ({level:.2g}) looks like a mean over the numbers of an example, while the KL "
        "term is a sum: that gives the KL term far too much weight.",
        {"kl": nats, "reconstruction": level},
    )


@rule("VAE201", traits={"vae", "log"}, without={"gan"})
def kl_stays_near_zero(vae_kl: Series, run: Facts, vae_reconstruction: Series | None = None) -> Finding | None:
    """The KL term stays near 0: the decoder ignores the code.

    Generating Sentences from a Continuous Space (Samuel Bowman et al., 2016), section 3, https://arxiv.org/abs/1511.06349
    """
    level = math.inf if vae_reconstruction is None else abs(median(finite(vae_reconstruction)[1]))
    found = None if level < AVERAGED else _vanishing(vae_kl, SILENT)
    if found is None:
        return None
    start, step, nats = found
    return Finding("VAE201", "failure", step, _collapse(start, step, nats), {"kl": nats})


def _vanishing(vae_kl: Series, limit: float) -> tuple[int, int, float] | None:
    """Return the place and step since which the KL term is below a limit, and its level; None if it is not."""
    steps, nats = finite(vae_kl)
    start = last_stretch([(value,) for value in nats], lambda value: 0 <= value < limit)
    return None if start is None else (start, steps[start], median(nats[start:]))


def _collapse(start: int, step: int, nats: float) -> str:
    since = "from the start" if start < 2 else f"from step {step:,} on"
    return f"Posterior collapse {since}: the KL term is {nats:.1g}, so the decoder ignores the code."


@rule("VAE202", traits={"vae", "log"}, without={"gan"})
def kl_is_negative(vae_kl: Series, run: Facts) -> Finding | None:
    """A KL divergence is never negative (Gibbs' inequality).

    Auto-Encoding Variational Bayes (Diederik Kingma, Max Welling, 2013), appendix B, https://arxiv.org/abs/1312.6114
    """
    steps, nats = finite(vae_kl)
    largest = max(map(abs, nats), default=0.0)
    negative = [place for place, value in enumerate(nats) if value < -max(ROUNDING, ROUNDING * largest)]
    if not negative:
        return None
    always = len(negative) == len(nats)
    lowest = min(nats)
    return Finding(
        "VAE202",
        "failure",
        steps[negative[0]],
        f"The KL term is negative ({lowest:.3g}), and a KL divergence never is: "
        + ("its sign is wrong, or it is logged with a minus." if always else "it is computed wrongly."),
        {"kl": lowest, "rows": len(negative), "always": always},
    )


@rule("VAE204", traits={"vae", "log"}, without={"gan"})
def kl_has_no_weight(vae_loss: Series, vae_reconstruction: Series, vae_kl: Series, run: Facts) -> Finding | None:
    """The loss equals its reconstruction term although the KL term is not 0: it was left out, or its weight is next to 0.

    Auto-Encoding Variational Bayes (Diederik Kingma, Max Welling, 2013), equation 3, https://arxiv.org/abs/1312.6114
    """
    steps, rows = together(vae_loss, vae_reconstruction, vae_kl)
    start = last_stretch(rows, lambda loss, term, kl: kl > NATS and abs(loss - term) < PAID * kl)
    if start is None:
        return None
    nats = median([kl for *_, kl in rows[start:]])
    return Finding(
        "VAE204",
        "failure",
        steps[start],
        f"The loss equals its reconstruction term, although the KL term is {nats:,.4g}: it is left out of the loss, or has next to no weight, so "
        "that codes leave the prior, from which samples are drawn.",
        {"kl": nats, "window": [steps[start], steps[-1]]},
    )


@rule("VAE204", traits={"vae", "log"}, without={"gan"})
def kl_grows_without_limit(vae_kl: Series, run: Facts) -> Finding | None:
    """The KL term grows throughout the log, to hundreds of nats: nothing holds the codes near the prior.

    beta-VAE: Learning Basic Visual Concepts with a Constrained Variational Framework (Irina Higgins et al., 2017),
    https://openreview.net/forum?id=Sy2fzU9gl
    """
    steps, nats = finite(vae_kl)
    if len(nats) < FEWEST:
        return None
    levels = blocks(nats, 9)
    if not (levels[-1] > MANY and levels[-1] > GROWN * max(levels[len(levels) // 3], 0.0) and trend(nats) > STEADY):
        return None
    return Finding(
        "VAE204",
        "failure",
        steps[-1],
        f"The KL term grows without limit, to {levels[-1]:,.4g}: codes leave the prior, from which samples are drawn.",
        {"kl": levels[-1], "earlier": levels[len(levels) // 3]},
    )
