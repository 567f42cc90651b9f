"""The kernel estimate of held-out log-likelihood, which older papers report. It misleads beyond a few dimensions, so it is
given only on request (`likelihood: annealed`).
"""

from __future__ import annotations

from collections.abc import Mapping

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.parzen import parzen_log_likelihood
from saddlepoint.evaluation.scorecard.metric_types import Measurement, ModelMetric, group_means, mean_estimate
from saddlepoint.evaluation.scorecard.subject import Subject

KERNELS = 2_000  # samples whose Gaussians are the estimate; as many held-out examples, half of them to fit its width


def kernel_estimate(subject: Subject) -> Mapping[str, Measurement]:
    """Log density of held-out examples under Gaussians around the samples of the first seed."""
    if subject.likelihood != "annealed":
        raise DataError(
            "it misleads beyond a few dimensions, so it is measured only on request (--likelihood annealed)."
        )
    samples, x = (part.flatten(1).double() for part in (subject.samples[:KERNELS], subject.examples[:KERNELS]))
    middle = len(x) // 2
    found = parzen_log_likelihood(samples, x[middle:], x[:middle])
    return {"parzen": Measurement(mean_estimate(found.values), tuple(found.notes), groups=group_means(found.values))}


METRICS = {
    "parzen": ModelMetric(
        title="Held-out log-likelihood (kernel estimate)",
        section="held-out examples",
        better="higher",
        measure=kernel_estimate,
        meaning="Log density of held-out examples under Gaussians on samples.",
        unit="nats",
        work=0.5,
    )
}
