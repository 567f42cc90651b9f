"""How much of an example is lost on the way through its code."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.split import shuffled_order
from saddlepoint.evaluation.scorecard.metric_types import Measurement, ModelMetric, group_means, mean_estimate
from saddlepoint.evaluation.scorecard.subject import Subject
from saddlepoint.models.arrays import in_chunks
from saddlepoint.models.capabilities import Encodes, require

AVERAGED = 10_000  # training examples behind the mean


def reconstruction_error(subject: Subject) -> Mapping[str, Measurement]:
    """Mean squared error of the held-out examples, beside that of the training data's mean."""
    model, x = require(subject.model, Encodes), subject.examples
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(subject.seed)  # a model may draw from the global generator
        decoded = in_chunks(lambda part: model.decode(model.encode(part)).detach().cpu().float(), x)
        errors = (decoded.flatten(1) - x.flatten(1).float()).double().square().mean(1)
    found = Measurement(
        mean_estimate(errors),
        groups=group_means(errors),
        worst_case=mean_estimate(errors_of_mean(subject.dataset, x)),
    )
    return {"reconstruction": found}


def errors_of_mean(dataset: Dataset, x: Tensor) -> Tensor:
    """(N,) squared errors of the training data's mean, as the answer to every example of x (N, *event)."""
    some = shuffled_order(len(dataset), 0)[:AVERAGED]  # the examples of a folder come class by class
    mean = dataset.x[some].flatten(1).float().mean(0)
    return (x.flatten(1).float() - mean).double().square().mean(1)


METRICS = {
    "reconstruction": ModelMetric(
        title="Held-out reconstruction error",
        section="held-out examples",
        better="lower",
        measure=reconstruction_error,
        meaning="Mean square of the difference between held-out examples and what comes back from their codes.",
        unit="squared data units",
        needs=(Encodes,),
        notes=("The worst case is the error of always answering with the data's mean.",),
        work=1.0,
    )
}
