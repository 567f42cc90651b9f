"""Wrong bounds of a VAE: a wrong KL term (VAE202), clamped heads (VAE203)."""

from __future__ import annotations

from saddlepoint.diagnosis.declaration import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

ROUNDING = 1e-3  # nats: what single precision may leave of a KL of 0
AWAY = 0.35  # share by which a tick's mean KL may differ from that of the probed examples
SETTLED = 100  # steps, before which the averages of BatchNorm lag behind, so that heads differ in evaluation mode
TINY = 0.5  # nats, below which shares mean nothing
# In logs, a loss further below its reconstruction term, in KL terms, has another scale: one of them is a mean.
MOST_PAID = 3.0
TIED = 0.01  # share of a head's outputs that are the same number; of a free head's about none


@rule("VAE202", traits={"vae"}, without={"log"}, opens=1, closes=0)
def negative_kl(vae_kl: Series, run: Facts) -> Finding | None:
    """A KL divergence is never negative (Gibbs' inequality), so a negative one is computed wrongly.

    Auto-Encoding Variational Bayes (Diederik Kingma, Max Welling, 2013), appendix B, https://arxiv.org/abs/1312.6114
    """
    if not vae_kl.last < -ROUNDING:
        return None
    return _wrong_kl(
        vae_kl.step,
        f"The KL term is wrong: it is negative ({vae_kl.last:.3g} nats), and a KL divergence never is.",
        {"kl": vae_kl.last},
    )


@rule("VAE202", traits={"vae"}, opens=3, closes=3)
def not_the_kl_of_its_heads(vae_kl: Series, vae_head_kl: Series, run: Facts) -> Finding | None:
    """The KL term of the loss differs from the KL divergence of the heads' outputs.

    Usual reasons are a mean instead of a sum, a missing term, and a standard deviation used as a variance.
    0.5 sum(mean^2 + e^v - 1 - v): Auto-Encoding Variational Bayes (Diederik Kingma, Max Welling, 2013), appendix B,
    https://arxiv.org/abs/1312.6114
    """
    used, closed_form = vae_kl.level(2), vae_head_kl.level(2)
    if len(vae_head_kl) < 3 or max(abs(used), closed_form) < TINY:
        return None
    if vae_head_kl.step < SETTLED and not _is_without_batch_norm(run):
        return None
    if vae_head_kl.last > 1.3 * vae_head_kl.values[-2]:  # it grows: a tick's mean lags behind
        return None
    if not abs(used - closed_form) > AWAY * max(abs(used), closed_form):
        return None
    return _wrong_kl(
        vae_kl.step,
        f"The KL term is wrong: the loss uses {used:.3g} nats, and the outputs of the heads have a KL of {closed_form:.3g}.",
        {"kl": used, "kl_of_the_heads": closed_form},
    )


@rule("VAE202", traits={"vae"}, opens=3, closes=3)
def kl_is_subtracted(vae_loss: Series, vae_reconstruction: Series, vae_kl: Series, run: Facts) -> Finding | None:
    """The loss is below its own reconstruction term, so KL is rewarded instead of penalised.

    This does not hold for an importance-weighted bound, which may be above the mean log likelihood of its draws.

    Auto-Encoding Variational Bayes (Diederik Kingma, Max Welling, 2013), equation 3, https://arxiv.org/abs/1312.6114
    """
    paid, nats = vae_loss.level(3) - vae_reconstruction.level(3), abs(vae_kl.level(3))
    # Both are means over a tick, the loss over all steps, the term over some: they differ by their noise.
    if (
        run.settings.get("model.bound") == "iwae"
        or nats < TINY
        or ("log" in run.traits and -paid > MOST_PAID * nats)
        or not paid < -max(0.3 * nats, 0.02 * abs(vae_reconstruction.level(3)))
    ):
        return None
    return _wrong_kl(
        vae_loss.step,
        f"The KL term is subtracted instead of added: the loss is {-paid:.3g} nats below its reconstruction term.",
        {"loss": vae_loss.level(3), "reconstruction": vae_reconstruction.level(3), "kl": vae_kl.level(3)},
    )


def _is_without_batch_norm(run: Facts) -> bool:
    """Whether the encoder is known to have no BatchNorm: a perceptron by its settings."""
    settings = run.settings
    return settings.get("model.encoder.network") == "mlp" and not settings.get("model.encoder.batch_norm", True)


def _wrong_kl(step: int, title: str, evidence: dict[str, float]) -> Finding:
    return Finding(
        "VAE202",
        "failure",
        step,
        title,
        evidence,
        "KL(N(m, e^v) || N(0, 1)) is 0.5 (m^2 + e^v - 1 - v), summed over units and added to the loss. Check the sign, that "
        "it is a sum over units and not a mean, and that the head outputs the logarithm of the variance.",
        None,
    )


@rule("VAE203", traits={"vae"}, opens=2, closes=3)
def clamped_heads(
    vae_mean_ties: Series,
    vae_log_variance_ties: Series,
    run: Facts,
    vae_mean_low: Series,
    vae_log_variance_low: Series,
) -> Finding | None:
    """Many outputs of a head equal its smallest or largest output, because it ends with a ReLU or is clamped.

    Means have to be negative for half of the examples, and log-variances for all units that carry information:
    Auto-Encoding Variational Bayes (Diederik Kingma, Max Welling, 2013), appendix C.2, https://arxiv.org/abs/1312.6114
    """
    heads = {"mean": (vae_mean_ties, vae_mean_low), "log-variance": (vae_log_variance_ties, vae_log_variance_low)}
    tied = {name: ties.level(2) for name, (ties, _) in heads.items() if ties.level(2) > TIED}
    if not tied or len(vae_mean_ties) < 2:
        return None
    named = f"The {' and the '.join(tied)} head {'are' if len(tied) > 1 else 'is'} clamped"
    return Finding(
        "VAE203",
        "failure",
        vae_mean_ties.step,
        f"{named}: {max(tied.values()):.0%} of {'their' if len(tied) > 1 else 'its'} outputs are the same number.",
        {
            **{f"{name}_tied": round(share, 4) for name, share in tied.items()},
            "mean_low": vae_mean_low.last,
            "log_variance_low": vae_log_variance_low.last,
        },
        "Remove the activation (most likely a ReLU) from the heads: both must be able to output any number, negative ones "
        "too.",
        None,
    )
