"""Which player wins: GAN101 the discriminator, GAN102 it and the loss saturates, GAN104 it cannot teach."""

from __future__ import annotations

import math

from saddlepoint.diagnosis.engine import rule
from saddlepoint.diagnosis.facts import Facts
from saddlepoint.diagnosis.rules.objectives import CROSS_ENTROPY, GAMES, SATURATING, SINGLE
from saddlepoint.diagnosis.rules.quality import is_bad, is_improving, known, told
from saddlepoint.diagnosis.series import Series
from saddlepoint.diagnosis.usual_rates import BETAS
from saddlepoint.records import Finding

TICKS, LOOKS = 5, 3  # over which a level is taken: single batches scatter
SURE = 0.9  # gap of the scores: real examples at 0.95, generated ones at 0.05
ALWAYS = 0.95  # by rank: 2 AUC - 1, one pair in forty in the wrong order
VANISHED = 0.1  # nats, of 1.39 where it cannot tell
SATURATED = 0.05  # D(G(z)) there is what is left of the gradient beside that of -log D(G(z))
BLIND, ALIKE = 0.35, 0.05  # rank and gap of scores, within which a discriminator tells next to nothing
# Gap of mean logits, in nats, that teaches next to nothing, whatever the ranks: a logit of 0.1 is a probability of 0.525.
NEGLIGIBLE = 0.1
NO_RECALL = 0.05  # of what real examples reach
BUSY = 1e-4  # of its weights' length a step, from which on a discriminator is not slow: 1e-4 to 1e-2 is usual
STILL = 1e-5  # of its weights' length a step: a discriminator that does not move does not learn; as NUM304 has it


@rule("GAN101", objectives=CROSS_ENTROPY, opens=3, closes=5, unless={"NUM304"})
def discriminator_overpowers(
    d_real_score: Series,
    d_fake_score: Series,
    run: Facts,
    d_advantage: Series | None = None,
    quality_energy_distance: Series | None = None,
) -> Finding | None:
    """The discriminator tells nearly every example apart, for long, while samples stay bad and do not improve.

    A strong discriminator alone is no fault: it is the teacher. It becomes one where the generator no longer follows; so
    the finding needs both. Label smoothing by s and flipping of a share f hold a discriminator that tells all apart at
    D(x) = (1 - s)(1 - f) and D(G(z)) = f: these are its targets' means.

    Towards Principled Methods for Training Generative Adversarial Networks (Martin Arjovsky, Léon Bottou, 2017),
    theorems 2.1 to 2.4, https://arxiv.org/abs/1701.04862
    """
    step = d_real_score.step
    smoothing = float(run.settings.get("model.label_smoothing", 0.0) or 0.0)
    flipping = float(run.settings.get("model.label_flipping", 0.0) or 0.0)
    highest = (1 - smoothing) * (1 - flipping) - flipping
    gap = (d_real_score.level(TICKS) - d_fake_score.level(TICKS)) / max(highest, 0.1)
    rank = math.nan if d_advantage is None else d_advantage.level(LOOKS)
    quality = quality_energy_distance
    if not run.begun(step) or not gap > SURE or rank <= ALWAYS or not is_bad(quality) or is_improving(quality):
        return None
    return Finding(
        "GAN101",
        "failure" if known(quality) else "warning",
        step,
        f"The discriminator wins: it gives real examples {d_real_score.level(TICKS):.2f} and generated ones "
        f"{d_fake_score.level(TICKS):.2f}" + (", and samples do not improve." if known(quality) else "."),
        {
            "real_score": round(d_real_score.level(TICKS), 4),
            "fake_score": round(d_fake_score.level(TICKS), 4),
            **({} if math.isnan(rank) else {"advantage": round(rank, 4)}),
            **told(quality),
        },
        "It is so sure that its answer hardly changes with the sample, so the generator cannot learn from it. Slow the "
        "discriminator down (a lower learning rate, fewer steps), blur what it sees (instance noise), or punish steep "
        "slopes (a gradient penalty).",
        _slower(run, "discriminator")
        or run.remedy(model__discriminator_steps=1)
        or run.remedy(model__instance_noise=0.1),
    )


@rule("GAN101", objectives=SINGLE, opens=5, closes=5)
def discriminator_loss_vanishes(d_loss: Series, run: Facts, d_real_score: Series | None = None) -> Finding | None:
    """Both cross-entropies together are near 0, where logs hold no scores: an answer of 0.95 to real and 0.05 to generated
    examples costs 0.1 nats.

    "D loss goes to 0: failure": How to Train a GAN? Tips and tricks to make GANs work (Chintala, Denton, Arjovsky, Mathieu,
    2016), point 10, https://github.com/soumith/ganhacks; for cross-entropy games of one example at a time.
    """
    loss = d_loss.level(TICKS)
    if d_real_score is not None or not run.begun(d_loss.step) or not 0 <= loss < VANISHED:
        return None
    return Finding(
        "GAN101",
        "warning",
        d_loss.step,
        f"The discriminator's loss has gone to {loss:.3g} nats: it tells nearly every example apart.",
        {"discriminator_loss": loss},
        "See whether samples still improve. Where they do not, slow the discriminator down (a lower learning rate, fewer "
        "steps), or blur what it sees (instance noise).",
        _slower(run, "discriminator"),
    )


@rule("GAN102", objectives=SATURATING, opens=3, closes=5, unless={"NUM304"})
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
    gradient = {} if g_sample_gradient is None else {"sample_gradient": g_sample_gradient.level(LOOKS)}
    return Finding(
        "GAN102",
        "failure" if known(quality) else "warning",
        step,
        f"The generator's gradient vanishes: the loss log(1 - D(G(z))) passes on {share:.1%} of what -log D(G(z)) would.",
        {"fake_score": score, "gradient_left": share, **gradient, **told(quality)},
        "Its loss is flat where samples are bad. Take the non-saturating loss, which has the same solution and is steep "
        "there, or slow the discriminator down.",
        run.remedy(model__objective="non-saturating"),
    )


@rule("GAN104", objectives=GAMES, opens=6, closes=5, unless={"NUM304", "NUM301"})
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
) -> Finding | None:
    """The discriminator cannot tell examples apart that are plainly different, so nobody teaches the generator.

    At the solution it cannot tell either; so the finding needs samples that are bad by another measure, and stay so. By
    rank, which holds for critics too; where scores are probabilities, they have to be alike as well. Ranks alone are not
    enough: logits that differ by 0.0004 may be ranked without a mistake, and still teach nothing, since the gradient is
    that of the logit. One that moves as fast as is usual, and as the generator, is not slow but misled: it learnt to tell
    samples that are gone.

    Training Generative Adversarial Networks with Limited Data (Tero Karras et al., 2020), section 3.1, for what scores
    say; https://arxiv.org/abs/2006.06676. Which Training Methods for GANs do actually Converge? (Lars Mescheder, Andreas
    Geiger, Sebastian Nowozin, 2018), section 2, for players that mislead each other; https://arxiv.org/abs/1801.04406
    """
    step, rank, quality = d_advantage.step, d_advantage.level(LOOKS), quality_energy_distance
    gap = 0.0
    if d_real_score is not None and d_fake_score is not None:
        gap = d_real_score.level(TICKS) - d_fake_score.level(TICKS)
    logit_gap = math.inf
    if d_real_logit is not None and d_fake_logit is not None and run.objectives & CROSS_ENTROPY:
        logit_gap = abs(d_real_logit.level(LOOKS) - d_fake_logit.level(LOOKS))
    ranked = rank > BLIND and not logit_gap < NEGLIGIBLE
    told_apart = ranked or gap > ALIKE  # below 0 it is wrong, and teaches the generator to be so
    bad = is_bad(quality) or (
        quality_recall is not None and len(quality_recall) > 2 and quality_recall.level(2) < NO_RECALL
    )
    if not run.begun(step) or told_apart or not known(quality) or not bad or is_improving(quality):
        return None
    misled = False
    if d_update_ratio is not None and g_update_ratio is not None:
        own, other = d_update_ratio.level(TICKS), g_update_ratio.level(TICKS)
        misled = own > BUSY and own > 0.25 * other
    return Finding(
        "GAN104",
        "failure",
        step,
        f"The discriminator tells next to nothing: generated examples score {'above' if rank < -BLIND else 'like'} real ones "
        "although they are plainly different" + (f"; its logits differ by {logit_gap:.2g}." if rank > BLIND else "."),
        {
            "advantage": round(rank, 4),
            "gap": round(gap, 4),
            **({} if math.isinf(logit_gap) else {"logit_gap": logit_gap}),
            **told(quality),
        },
        "What it cannot tell, it cannot teach. "
        + (
            "It is not slow: each player undoes what the other learnt. Punish its steep slopes (r1), and lower the momentum "
            "(betas 0.5 or 0) and the learning rates."
            if misled
            else "Give it a higher learning rate, more steps or a wider network, and take away what blurs its view (flipped "
            "labels, instance noise, much dropout, a view of a few numbers only)."
        ),
        run.remedy(model__label_flipping=0.0, model__instance_noise=0.0)
        or (_calmer(run) if misled else _faster(run, "discriminator")),
    )


@rule("GAN104", objectives=GAMES, opens=6, closes=5, unless={"NUM304", "NUM301"})
def discriminator_stands_still(
    d_update_ratio: Series, g_update_ratio: Series, run: Facts, quality_energy_distance: Series
) -> Finding | None:
    """The discriminator's weights hardly move while the generator's do: it never learns to tell anything.

    Two time scales, the discriminator's the faster: GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
    Equilibrium (Martin Heusel et al., 2017), https://arxiv.org/abs/1706.08500
    """
    step, own, other = d_update_ratio.step, d_update_ratio.level(TICKS), g_update_ratio.level(TICKS)
    quality = quality_energy_distance
    moving = not own < STILL or not other > 10 * own
    if not run.begun(step) or moving or not known(quality) or not is_bad(quality) or is_improving(quality):
        return None
    return Finding(
        "GAN104",
        "failure",
        step,
        f"The discriminator hardly learns: a step moves its weights by {own:.1e} of their length, the generator's by "
        f"{other:.1e}.",
        {"discriminator_update": own, "generator_update": other, **told(quality)},
        "Give the discriminator a higher learning rate; 1e-4 to 1e-2 of the weights' length a step is usual.",
        _faster(run, "discriminator"),
    )


def _calmer(run: Facts) -> dict[str, object] | None:
    changes: dict[str, object] = {"model.r1": 1.0} if run.settings.get("model.r1", 1.0) < 1 else {}
    betas = {name: run.settings.get(name) for name in BETAS}
    return changes | {name: [0.5, pair[1]] for name, pair in betas.items() if pair and pair[0] > 0.5} or None


def _slower(run: Facts, player: str) -> dict[str, float] | None:
    return _rate(run, player, 0.25)


def _faster(run: Facts, player: str) -> dict[str, float] | None:
    return _rate(run, player, 4.0)


def _rate(run: Facts, player: str, factor: float) -> dict[str, float] | None:
    """The player's learning rate times `factor`; away from the other's, no nearer than they lie already."""
    name = f"training.{player}.learning_rate"
    present = run.settings.get(name) or run.settings.get("training.optimiser.learning_rate")
    other = "generator" if player == "discriminator" else "discriminator"
    theirs = run.settings.get(f"training.{other}.learning_rate") or run.settings.get("training.optimiser.learning_rate")
    if not present or not theirs:
        return None
    # A rate far from the other player's is more likely a slip than a choice: go back to theirs first.
    apart = present / theirs
    wanted = theirs if (apart > 4 and factor < 1) or (apart < 0.25 and factor > 1) else present * factor
    return {name: float(f"{wanted:.2g}")}
