"""The evidence lower bound that a variational autoencoder is trained by, on held-out examples."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from saddlepoint.evaluation.metrics.latent_models import with_own_likelihood
from saddlepoint.evaluation.metrics.likelihood import variational_bounds
from saddlepoint.evaluation.scorecard.metric_types import Measurement, ModelMetric, group_means, mean_estimate
from saddlepoint.evaluation.scorecard.rows import bernoulli
from saddlepoint.evaluation.scorecard.subject import Subject
from saddlepoint.models.capabilities import HasLatentPosterior, HasLikelihood, require

DRAWS = 16  # codes an example
TIGHTER = (
    "A lower bound. To bound the decoder's own likelihood from both sides, use --likelihood annealed "
    '(in Python, likelihood="annealed"), which takes minutes.'
)


def evidence_lower_bound(subject: Subject) -> Mapping[str, Measurement]:
    """The bound of up to 1,000 held-out examples."""
    model = require(subject.model, HasLikelihood)
    posterior = require(subject.model, HasLatentPosterior)
    x, notes = subject.examples[: bernoulli.EXAMPLES], list[str]()
    if model.likelihood_std is None:
        if model.binarises:
            x = bernoulli.black_and_white(subject, x)
            notes.append("Of held-out examples drawn black or white, as in training.")
        elif not bernoulli.is_black_and_white(subject.model, x):
            notes.append(f"Of greys: {bernoulli.GREYS[:1].upper()}{bernoulli.GREYS[1:]}")
    latent = with_own_likelihood(model)
    with torch.no_grad():
        mean, log_variance = posterior.heads(x)
        # `latent.prepare` refuses greys; the bound that training used takes them.
        found = variational_bounds(
            latent.log_likelihood,
            model.scaling.event.without_constants(model.model_units(x)),
            mean,
            log_variance,
            samples=DRAWS,
            generator=subject.generator(),
        )
    if subject.likelihood != "annealed":
        notes.append(TIGHTER)
    values = found.elbo.cpu() + latent.shift
    return {"elbo": Measurement(mean_estimate(values), tuple(notes), groups=group_means(values))}


METRICS = {
    "elbo": ModelMetric(
        title="Held-out evidence lower bound (ELBO)",
        section="held-out examples",
        better="higher",
        measure=evidence_lower_bound,
        meaning="Mean log likelihood of examples given their codes, less the KL of the codes to the prior.",
        unit="nats",
        needs=(HasLikelihood, HasLatentPosterior),
        work=0.5,
    )
}
