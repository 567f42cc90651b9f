"""A discriminator that is too weak to teach the generator (GAN104)."""

from __future__ import annotations

import math

from saddlepoint.diagnosis.declaration import UNDECIDED, Undecided, rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.rules.quality import is_bad, is_improving, is_known, quality_evidence
from saddlepoint.diagnosis.series import Series
from saddlepoint.records import Finding

TICKS, PROBES = 5, 3  # over which a level is taken: single batches scatter
BLIND, ALIKE = 0.35, 0.05  # rank and gap of scores, below which a discriminator recognises next to nothing
# Gap of mean logits, in nats, that teaches next to nothing, whatever the ranks: a logit of 0.1 is a probability of 0.525.
NEGLIGIBLE = 0.1
NO_RECALL = 0.05  # of what real examples reach
BUSY = 1e-4  # relative update from which on a discriminator is not slow; 1e-4 to 1e-2 is usual
STILL = 1e-5  # relative update below which it does not learn; the same number as NUM304's


@rule("GAN104", traits={"gan"}, without={"balanced"}, opens=6, closes=5, unless={"NUM304", "NUM301"})
def discriminator_too_weak(
    d_advantage: Series,
    run: Facts,
    quality_energy_distance: Series,
    d_real_score: Series | None = None,
    d_fake_score: Series | None = None,
    d_update_ratio: Series | None = None,
    g_update_ratio: Series | None = None,
    d_real_logit: Series | None = None,
    d_fake_logit: Series | None = None,
    quality_recall: Series | None = None,
) -> Finding | Undecided | None:
    """The discriminator cannot recognise samples that clearly differ from the data, so the generator cannot learn from it.

    At the solution it cannot recognise samples either, so the finding needs samples that are bad by another measure and do
    not improve. While they improve nothing is decided: without a teacher the generator wanders, and its samples come nearer to the data
    by chance from one measurement to the next. Ranks are valid for any critic, except for one that keeps the errors of both kinds in
    a ratio; scores that are probabilities must be similar as well. Where logits are log-odds, ranks alone are not enough: logits that differ by 0.0004
    may be ranked without error and still teach nothing, since the gradient is that of the logit. A discriminator whose weights
    change as fast as usual and as fast as the generator's is not slow but misled: it has learnt to recognise samples that the
    generator no longer produces.

    Training Generative Adversarial Networks with Limited Data (Tero Karras et al., 2020), section 3.1, for what scores
    say; https://arxiv.org/abs/2006.06676. Which Training Methods for GANs do actually Converge? (Lars Mescheder, Andreas
    Geiger, Sebastian Nowozin, 2018), section 2, for players that mislead each other; https://arxiv.org/abs/1801.04406
    """
    step, rank, quality = d_advantage.step, d_advantage.level(PROBES), quality_energy_distance
    gap = 0.0
    if d_real_score is not None and d_fake_score is not None:
        gap = d_real_score.level(TICKS) - d_fake_score.level(TICKS)
    logit_gap = math.inf
    if d_real_logit is not None and d_fake_logit is not None and "log_odds" in run.traits:
        logit_gap = abs(d_real_logit.level(PROBES) - d_fake_logit.level(PROBES))
    ranked = rank > BLIND and not logit_gap < NEGLIGIBLE
    recognised = ranked or gap > ALIKE  # a negative gap is wrong, and teaches the generator to be so
    bad = is_bad(quality) or (
        quality_recall is not None and len(quality_recall) > 2 and quality_recall.level(2) < NO_RECALL
    )
    if not run.begun(step) or recognised or not is_known(quality) or not bad:
        return None
    if is_improving(quality):
        return UNDECIDED
    misled = False
    if d_update_ratio is not None and g_update_ratio is not None:
        own, other = d_update_ratio.level(TICKS), g_update_ratio.level(TICKS)
        misled = own > BUSY and own > 0.25 * other
    compared = "higher than" if rank < -BLIND else "like"
    return Finding(
        "GAN104",
        "failure",
        step,
        f"The discriminator is too weak to teach: it scores generated examples {compared} real ones, although they are "
        "plainly different" + (f"; its mean logits differ by only {logit_gap:.2g}." if rank > BLIND else "."),
        {
            "advantage": round(rank, 4),
            "gap": round(gap, 4),
            **({} if math.isinf(logit_gap) else {"logit_gap": logit_gap}),
            **quality_evidence(quality),
        },
        "It cannot teach a difference that it does not see. "
        + (
            "It is not slow: each player undoes what the other has learnt. "
            + run.advice("r1_penalty", "half_momentum", "slower")
            if misled
            else f"{run.advice('faster_d', 'clear_view')} More steps of the discriminator per generator step or a wider network "
            "help too; so does less dropout."
        ),
        run.remedy("clear_view", *([("r1_penalty", "half_momentum")] if misled else ["speed_d_to_g", "faster_d"])),
    )


@rule("GAN104", traits={"gan"}, opens=6, closes=5, unless={"NUM304", "NUM301"})
def discriminator_stands_still(
    d_update_ratio: Series, g_update_ratio: Series, run: Facts, quality_energy_distance: Series
) -> Finding | Undecided | None:
    """The discriminator's weights hardly change while the generator's do, so it never learns to recognise samples.

    On two time scales with a faster discriminator: GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
    Equilibrium (Martin Heusel et al., 2017), https://arxiv.org/abs/1706.08500
    """
    step, own, other = d_update_ratio.step, d_update_ratio.level(TICKS), g_update_ratio.level(TICKS)
    quality = quality_energy_distance
    moving = not own < STILL or not other > 10 * own
    if not run.begun(step) or moving or not is_known(quality) or not is_bad(quality):
        return None
    if is_improving(quality):
        return UNDECIDED
    return Finding(
        "GAN104",
        "failure",
        step,
        f"The discriminator hardly learns: one step changes its weights by {own:.1e} of their length, and the generator's "
        f"by {other:.1e}.",
        {"discriminator_update": own, "generator_update": other, **quality_evidence(quality)},
        f"{run.advice('faster_d')} Steps of 1e-4 to 1e-2 of the weights' length are usual.",
        run.remedy("speed_d_to_g", "faster_d"),
    )
