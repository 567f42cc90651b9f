"""Scores of a model that come from held-out examples rather than from samples: likelihood and reconstruction."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.split import shuffled_order
from saddlepoint.errors import SaddlepointError
from saddlepoint.evaluation.metrics.likelihood import of_model
from saddlepoint.evaluation.scorecard.scorecard import Better, Bounds, Score, Skipped
from saddlepoint.evaluation.statistics.intervals import of_mean
from saddlepoint.models.base import in_chunks
from saddlepoint.models.capabilities import DescribesDensity, Encodes, GenerativeModel, HasDensity, has, lacks
from saddlepoint.progress import Tally

GROUPS = 50  # disjoint parts of the held-out examples whose means are kept for comparisons


@dataclass(frozen=True)
class ExampleMetric:
    """One number an example. values: (model, x (N, *event)) -> (N,), and a name for what they are, put into the title.
    lacks: why it does not apply, a sentence, or empty. told: a note on this model's number, or empty. floor, ceiling: the same numbers of the best and a bad answer."""

    title: str
    better: Better
    unit: str
    meaning: str
    lacks: Callable[[Any], str]
    values: Callable[[Any, Tensor], tuple[Tensor, str]]
    floor: Callable[[Dataset, Tensor], Tensor | None]
    ceiling: Callable[[Dataset, Tensor], Tensor | None]
    notes: tuple[str, ...] = ()
    told: Callable[[Any], str] = lambda model: ""


def _density(model: HasDensity, x: Tensor) -> tuple[Tensor, str]:
    parts = [of_model(model, part) for part in torch.split(x, 1_000)]
    return torch.cat([part.values.detach().cpu().double() for part in parts]), parts[0].kind


def _truth(dataset: Dataset, x: Tensor) -> Tensor | None:
    return None if dataset.truth is None else dataset.truth.log_prob(x.flatten(1).float())


def _gaussian(dataset: Dataset, x: Tensor) -> Tensor | None:
    """Log density of x under independent Gaussians with the training data's mean and deviation, for data without a scale
    of their own."""
    if dataset.event.bounded:
        return None  # a density over bytes or pictures and a model's probability of them are not the same thing
    train = dataset.x.flatten(1).double()
    deviation = train.std(0).clamp_min(1e-6)
    standard = (x.flatten(1).double() - train.mean(0)) / deviation
    return -(standard.square() / 2 + deviation.log() + math.log(2 * math.pi) / 2).sum(1)


def _reconstruction(model: Encodes, x: Tensor) -> tuple[Tensor, str]:
    again = in_chunks(lambda part: model.decode(model.encode(part)).detach().cpu().float(), x)
    return (again.flatten(1) - x.flatten(1).float()).double().square().mean(1), ""


def _mean(dataset: Dataset, x: Tensor) -> Tensor:
    """What answering the training data's mean to every example gets."""
    some = shuffled_order(len(dataset), 0)[:10_000]  # the examples of a folder come class by class
    mean = dataset.x[some].flatten(1).float().mean(0)
    return (x.flatten(1).float() - mean).double().square().mean(1)


EXAMPLE_METRICS: dict[str, ExampleMetric] = {
    "likelihood": ExampleMetric(
        "Held-out log-likelihood",
        "higher",
        "nats",
        "How likely the model finds held-out examples.",
        lambda model: lacks(model, HasDensity) or "",
        _density,
        _truth,
        _gaussian,
        told=lambda model: model.log_prob_note if has(model, DescribesDensity) else "",
    ),
    "reconstruction": ExampleMetric(
        "Held-out reconstruction error",
        "lower",
        "squared data units",
        "Mean square of the difference between held-out examples and what comes back from their codes.",
        lambda model: lacks(model, Encodes) or "",
        _reconstruction,
        lambda dataset, x: None,
        _mean,
        ("The ceiling is the error of answering the data's mean every time.",),
    ),
}


def of_examples(
    model: GenerativeModel, dataset: Dataset, x: Tensor, seed: int, tally: Tally
) -> tuple[list[Score], list[Skipped]]:
    """Scores of x (N, *event), which the model was not trained on where anything is held out."""
    scores: list[Score] = []
    skipped: list[Skipped] = []
    for key, metric in EXAMPLE_METRICS.items():
        tally.start(metric.title)
        reason = metric.lacks(model)
        if not reason:
            try:
                with torch.no_grad(), torch.random.fork_rng():
                    torch.manual_seed(seed)  # a bound may be estimated from draws of the global generator
                    values, kind = metric.values(model, x)
                scores.append(_score(key, metric, kind, values, dataset, x, metric.told(model)))
            except (SaddlepointError, ValueError) as error:
                reason = str(error)
        if reason:
            skipped.append(Skipped(key, metric.title, reason))
        tally.advance(1.0)
    return scores, skipped


def _score(key: str, metric: ExampleMetric, kind: str, values: Tensor, dataset: Dataset, x: Tensor, told: str) -> Score:
    interval = of_mean(values)
    groups = min(GROUPS, len(values))
    means = [float(part.mean()) for part in torch.tensor_split(values, groups)]
    floor, ceiling = metric.floor(dataset, x), metric.ceiling(dataset, x)
    return Score(
        metric=key,
        title=f"{metric.title} ({kind})" if kind else metric.title,
        value=interval.value,
        low=interval.low,
        high=interval.high,
        better=metric.better,
        unit=metric.unit,
        floor=None if floor is None else _bounds(floor),
        ceiling=None if ceiling is None else _bounds(ceiling),
        repeats=(interval.value,),
        resamples=tuple(means),
        pairing="groups",
        notes=tuple(filter(None, (told, *metric.notes))),
        meaning=metric.meaning,
    )


def _bounds(values: Tensor) -> Bounds:
    found = of_mean(values)
    return Bounds(found.value, found.low, found.high)
