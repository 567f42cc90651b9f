"""How many bits a code made by the model would spend on a number of a held-out example."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from saddlepoint.data.alphabet import holds_bytes
from saddlepoint.data.event import Event
from saddlepoint.errors import DataError, SettingError
from saddlepoint.evaluation.metrics.bits import bits_per_dimension, dequantised_log_likelihood
from saddlepoint.evaluation.scorecard.metric_types import Measurement, ModelMetric, group_means, mean_estimate
from saddlepoint.evaluation.scorecard.rows import bernoulli
from saddlepoint.evaluation.scorecard.subject import Subject
from saddlepoint.models.capabilities import DescribesDensity, HasDensity, has, require


def bits(subject: Subject) -> Mapping[str, Measurement]:
    """Bits per dimension of up to 1,000 held-out examples: bytes under a density, or black and white."""
    model = require(subject.model, HasDensity)
    values, note = _bits(model, subject)
    at_most = "" if model.log_prob_kind == "exact" else "From a lower bound on the likelihood: so many bits at most."
    return {"bits": Measurement(mean_estimate(values), (note, at_most), groups=group_means(values))}


def _bits(model: HasDensity, subject: Subject) -> tuple[Tensor, str]:
    """(N,) bits per dimension, and a note on what they are of."""
    event, x = subject.dataset.event, subject.examples[: bernoulli.EXAMPLES]
    of = model.log_prob_of if has(model, DescribesDensity) else None
    if of == "values" or of == "black and white":
        greys_allowed = of == "values" or bernoulli.draws_black_and_white(model)
        if not greys_allowed and not bernoulli.is_black_and_white(model, x):
            raise DataError(bernoulli.GREYS)
        log_probability = model.log_prob(x).detach().cpu().double()
        values = bits_per_dimension(log_probability, event, of="probability")
        return values, _of_values(event) if of == "values" else "Of black and white."
    if event.dtype != "uint8":
        raise SettingError(
            "these data are real numbers, whose density changes with their units; there are no bits without a bin width."
        )
    if of is None:
        raise DataError(
            "whether this model's log_prob of bytes is a density or a probability is not known; "
            "saddlepoint.evaluation.metrics.bits.bits_per_dimension takes either."
        )
    found = dequantised_log_likelihood(model, x, generator=subject.generator())
    values = bits_per_dimension(found.values.detach().cpu(), event, of="density")
    return values, "Each byte spread evenly over its unit."


def _of_values(event: Event) -> str:
    """What the numbers of a text or of rounded data are; empty for bytes."""
    if event.alphabet is None:
        return "" if event.dtype == "uint8" else "Of numbers that the model rounds to its levels."
    return f"Of a text: bits a {'byte' if holds_bytes(event.alphabet) else 'character'}."


METRICS = {
    "bits": ModelMetric(
        title="Held-out bits per dimension",
        section="held-out examples",
        better="lower",
        measure=bits,
        meaning="What a code made by this model would spend on each number of a held-out example.",
        unit="bits per dimension",
        needs=(HasDensity,),
        work=0.5,
    )
}
