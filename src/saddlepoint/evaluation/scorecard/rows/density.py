"""How likely the model finds held-out examples, by its own `log_prob`."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.metrics.likelihood import model_log_likelihood
from saddlepoint.evaluation.scorecard.metric_types import Measurement, ModelMetric, group_means, mean_estimate
from saddlepoint.evaluation.scorecard.subject import Subject
from saddlepoint.models.capabilities import DescribesDensity, HasDensity, has, require

CHUNK = 1_000  # examples whose density is computed at once


def log_likelihood(subject: Subject) -> Mapping[str, Measurement]:
    """Mean log density of the held-out examples, beside the data's own density and a Gaussian's."""
    model, x = require(subject.model, HasDensity), subject.examples
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(subject.seed)  # a bound may be estimated from draws of the global generator
        parts = [model_log_likelihood(model, part) for part in torch.split(x, CHUNK)]
        values = torch.cat([part.values.detach().cpu().double() for part in parts])
    best, gaussian = _true_density(subject.dataset, x), _gaussian_density(subject.dataset, x)
    found = Measurement(
        mean_estimate(values),
        notes=(model.log_prob_note,) if has(model, DescribesDensity) else (),
        detail=parts[0].kind,
        groups=group_means(values),
        baseline=None if best is None else mean_estimate(best),
        worst_case=None if gaussian is None else mean_estimate(gaussian),
    )
    return {"likelihood": found}


def _true_density(dataset: Dataset, x: Tensor) -> Tensor | None:
    """(N,) log density of x (N, *event) under the distribution the data were drawn from, where it is known."""
    return None if dataset.truth is None else dataset.truth.log_prob(x.flatten(1).float())


def _gaussian_density(dataset: Dataset, x: Tensor) -> Tensor | None:
    """(N,) log density of x (N, *event) under independent Gaussians with the training data's mean and deviation.

    Constant channels and columns, which have no density, are left out, as in `log_prob` of the models here.

    None for data with a scale of their own: a density over bytes or pictures and a model's probability of them differ. None
    also where nothing varies.
    """
    event = dataset.event
    # A number that never varies although its channel does, such as a pixel, gets the channel's deviation.
    of_channel = event.along_channels(event.std, torch.zeros(1, dtype=torch.float64)).expand(1, *event.shape)
    train, x, least = (event.without_constants(part).flatten(1).double() for part in (dataset.x, x, of_channel))
    if event.bounded or not train.shape[1]:
        return None
    deviation = train.std(0)
    deviation = torch.where(deviation > 0, deviation, least[0])
    standard = (x - train.mean(0)) / deviation
    return -(standard.square() / 2 + deviation.log() + math.log(2 * math.pi) / 2).sum(1)


METRICS = {
    "likelihood": ModelMetric(
        title="Held-out log-likelihood",
        section="held-out examples",
        better="higher",
        measure=log_likelihood,
        meaning="How likely the model finds held-out examples.",
        unit="nats",
        needs=(HasDensity,),
        work=1.0,
    )
}
