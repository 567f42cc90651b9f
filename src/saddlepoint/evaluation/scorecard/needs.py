"""Which metrics apply: what a metric needs, and the sentence to say where the data or the features do not have it."""

from __future__ import annotations

from collections.abc import Callable

from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.scorecard.comparison import Context
from saddlepoint.evaluation.scorecard.metric import Metric, Need

Reason = Callable[[Dataset, Context], str]


def _classifier(dataset: Dataset, context: Context) -> str:
    if context.real.posterior is not None:
        return ""
    if dataset.y is None:
        return "the data have no labels, so there is no classifier of their classes."
    return "these features come with no class probabilities; the data's classifier (--features classifier) has them."


def _several(dataset: Dataset, context: Context) -> str:
    posterior = context.real.posterior
    single = posterior is not None and posterior.shape[1] < 2
    return "the data have one class only, so every sample is of that class." if single else ""


def _truth(dataset: Dataset, context: Context) -> str:
    return "" if dataset.truth is not None else "the true distribution of these data is not known."


def _modes(dataset: Dataset, context: Context) -> str:
    found = dataset.truth is not None and dataset.truth.modes is not None
    return "" if found else "the true distribution of these data has no modes to count."


def _held_out(dataset: Dataset, context: Context) -> str:
    if dataset.held_out is not None and len(dataset.held_out) > 1:
        return ""
    return "nothing is held out, so there are no honest distances to training examples to compare with."


def _plane(dataset: Dataset, context: Context) -> str:
    if dataset.event.size <= 2:
        return ""
    return f"a grid over {dataset.event.size} numbers an example would be empty; it is for one or two."


def _line(dataset: Dataset, context: Context) -> str:
    return "" if context.dimension == 1 else "the exact distance is for a single number; the sliced one stands for it."


NEEDS: dict[Need, Reason] = {
    "classifier": _classifier,
    "several classes": _several,
    "truth": _truth,
    "modes": _modes,
    "held-out": _held_out,
    "plane": _plane,
    "line": _line,
}


def lacking(metric: Metric, dataset: Dataset, context: Context) -> str:
    """Why the metric does not apply, a sentence; empty where it does."""
    return next((reason for need in metric.needs if (reason := NEEDS[need](dataset, context))), "")
