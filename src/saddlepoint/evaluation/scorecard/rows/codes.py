"""What the codes of a model with a posterior hold: dimensions in use, information, and how far all codes are from the prior."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from saddlepoint.evaluation.metrics.latent import ACTIVE, ElboSurgery, elbo_surgery, unit_report
from saddlepoint.evaluation.scorecard.metric_types import NONNEGATIVE, Measurement, ModelMetric
from saddlepoint.evaluation.scorecard.score import Estimate
from saddlepoint.evaluation.scorecard.subject import Subject
from saddlepoint.evaluation.statistics.resampling import bootstrap
from saddlepoint.models.capabilities import HasLatentPosterior, HasLearntPrior, has, require

ENCODED = 2_000  # held-out examples; every pair of them is compared
RESAMPLED = 1_000  # examples whose posterior means are resampled for the interval of active units
REPEATS = 200  # resamples


def code_scores(subject: Subject) -> Mapping[str, Measurement]:
    """All four scores of the posteriors of held-out examples; for a learnt prior only the first."""
    model = require(subject.model, HasLatentPosterior)
    x, generator = subject.examples[:ENCODED], torch.Generator().manual_seed(subject.seed)
    mean, log_variance = (part.detach().cpu().double() for part in model.heads(x))
    learnt = has(subject.model, HasLearntPrior)
    found = unit_report(mean, log_variance)
    parts = None if learnt else elbo_surgery(mean, log_variance, generator=generator)
    active = bootstrap(
        lambda part: (part.var(0, correction=0) > ACTIVE).sum(), mean[:RESAMPLED], generator=generator, repeats=REPEATS
    )
    number = float(found.active.sum())
    scores = {
        "active_units": Measurement(
            Estimate(number, min(active.low, number), max(active.high, number)),
            unit=f"of {len(found.active)}",
            bounds=(0.0, float(len(found.active))),
        )
    }
    return scores if parts is None else {**scores, **_against_the_prior(parts, found.kl, len(x))}


def _against_the_prior(parts: ElboSurgery, kl: Tensor, examples: int) -> Mapping[str, Measurement]:
    """The three scores that compare codes with the standard normal prior."""
    ordered = kl.sort(descending=True).values
    silent = int((ordered < ACTIVE).sum())
    (below, above), (gap_below, gap_above) = parts.information, parts.gap
    saturated = (f"Near log N = {parts.limit:.3g}, all that {examples:,} examples can show: it may be more.",)
    return {
        "code_kl": Measurement(
            Estimate(parts.kl.value, max(0.0, parts.kl.low), parts.kl.high),
            (
                f"By unit: {ordered[0]:.3g} at most, {ordered.median():.3g} in the middle, {ordered[-1]:.3g} at least; "
                f"{silent} of {len(ordered)} below {ACTIVE}.",
            ),
        ),
        "code_information": Measurement(
            Estimate(below.value, min(max(0.0, below.low), below.value), above.high),
            (
                f"A lower bound; an upper one is {above.value:.3g}, and the interval holds both.",
                *(saturated if parts.saturated else ()),
            ),
        ),
        "prior_gap": Measurement(
            Estimate(gap_above.value, min(max(0.0, gap_below.low), gap_above.value), gap_above.high),
            (f"An upper bound; a lower one is {gap_below.value:.3g}, and the interval holds both.",),
        ),
    }


METRICS = {
    "active_units": ModelMetric(
        title="Active units of the code",
        section="codes",
        better="none",
        measure=code_scores,
        meaning=f"Units whose posterior mean varies between examples by more than {ACTIVE}, as a variance.",
        needs=(HasLatentPosterior,),
        work=1.0,
    ),
    "code_kl": ModelMetric(
        title="KL of the code to the prior",
        section="codes",
        better="none",
        measure=code_scores,
        meaning="How much the code of an example costs; it is the information in the code and the gap to the prior.",
        unit="nats",
        bounds=NONNEGATIVE,
        needs=(HasLatentPosterior, "standard normal prior"),
    ),
    "code_information": ModelMetric(
        title="Information in the code",
        section="codes",
        better="none",
        measure=code_scores,
        meaning="Mutual information of an example and its code.",
        unit="nats",
        needs=(HasLatentPosterior, "standard normal prior"),
    ),
    "prior_gap": ModelMetric(
        title="Gap of all codes to the prior",
        section="codes",
        better="lower",
        measure=code_scores,
        meaning="KL divergence of the codes of all examples from the prior, which samples are drawn from.",
        unit="nats",
        needs=(HasLatentPosterior, "standard normal prior"),
    ),
}
