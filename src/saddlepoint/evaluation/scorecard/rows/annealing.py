"""How likely the decoder alone finds held-out examples, by annealed importance sampling, and how far below the truth that
may be. It takes a minute or more, so it is measured only on request (`likelihood: annealed`).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from saddlepoint.data.split import shuffled_order
from saddlepoint.evaluation.metrics.annealing import Annealing
from saddlepoint.evaluation.metrics.latent_models import LatentModel, fit_std, with_output_noise, with_own_likelihood
from saddlepoint.evaluation.metrics.likelihood import annealed_log_likelihood
from saddlepoint.evaluation.scorecard.metric_types import (
    Measurement,
    ModelMetric,
    estimate_of,
    group_means,
    mean_estimate,
)
from saddlepoint.evaluation.scorecard.rows import bernoulli
from saddlepoint.evaluation.scorecard.subject import Subject
from saddlepoint.models.capabilities import DecodesNormal, HasLikelihood, has, require

ANNEALED = 50  # held-out examples, and as many simulated ones for the gap
FITTED = 20  # training examples that the noise over a GAN's samples is fitted to
FIRST_STD, ROUNDS = 0.2, 5  # of that fit
LONG = Annealing(temperatures=200, chains=8, leapfrog=5)
SHORT = Annealing(temperatures=50, chains=8, leapfrog=5)
FITTING = 0.15  # share of the time that the fit takes


def annealed_likelihood(subject: Subject) -> Mapping[str, Measurement]:
    """The log-likelihood of held-out examples and the gap of examples that the model simulates."""
    generator, x = subject.generator(), subject.examples[:ANNEALED]
    latent, done = _latent_model(subject, generator)
    if has(subject.model, HasLikelihood) and subject.model.likelihood_std is None:
        x = bernoulli.black_and_white(subject, x)
    found, sandwich = annealed_log_likelihood(
        latent,
        x.to(generator.device),
        generator=generator,
        annealing=LONG,
        simulated=ANNEALED,
        progress=lambda share: subject.progress(done + (1 - done) * share),
    )
    gap = sandwich.gap
    values = found.values.detach().cpu().double()
    return {
        "ais": Measurement(
            mean_estimate(values), (f"{len(x)} held-out examples.", *found.notes), groups=group_means(values)
        ),
        "ais_gap": Measurement(
            estimate_of(gap), (f"From {ANNEALED} simulated examples; for real ones it is an assumption.",)
        ),
    }


def _latent_model(subject: Subject, generator: torch.Generator) -> tuple[LatentModel, float]:
    """The model as one of latent variables, and which share of the work this took."""
    model = require(subject.model, DecodesNormal)
    if has(model, HasLikelihood):
        return with_own_likelihood(model), 0.0
    train = subject.dataset.x[shuffled_order(len(subject.dataset), subject.seed)[:FITTED]]
    std = fit_std(
        lambda s: with_output_noise(model, s),
        train,
        FIRST_STD,
        generator=generator,
        annealing=SHORT,
        rounds=ROUNDS,
        progress=lambda share: subject.progress(FITTING * share),
    )
    return with_output_noise(model, std), FITTING


METRICS = {
    "ais": ModelMetric(
        title="Held-out log-likelihood by annealing (AIS)",
        section="held-out examples",
        better="higher",
        measure=annealed_likelihood,
        meaning="Log-likelihood of the decoder alone, by annealed importance sampling: a lower bound, tight within its gap.",
        unit="nats",
        needs=(DecodesNormal, "permission for minutes"),
        work=60.0,
    ),
    "ais_gap": ModelMetric(
        title="Gap of annealing (BDMC)",
        section="held-out examples",
        better="lower",
        measure=annealed_likelihood,
        meaning="How far annealing can be below the truth, from bounds on both sides of examples simulated by the model.",
        unit="nats",
        needs=(DecodesNormal, "permission for minutes"),
    ),
}
