"""Which metrics apply: what a metric needs, and the sentence to show where data, features or model do not have it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.scorecard.comparison import Context
from saddlepoint.evaluation.scorecard.metric_types import Metric, Need
from saddlepoint.evaluation.settings import LikelihoodEffort
from saddlepoint.models.capabilities import HasLearntPrior, has, lacks


@dataclass(frozen=True)
class Available:
    """What there is to measure with.

    Attributes:
        dataset: the data.
        model: what is measured.
        likelihood: whether estimates that take minutes are wanted.
        context: real and training examples in one kind of features; None for metrics of the model alone.
    """

    dataset: Dataset
    model: object
    likelihood: LikelihoodEffort = "bounds"
    context: Context | None = None

    @property
    def points(self) -> Context:
        """The context, for a need that only metrics of samples have."""
        assert self.context is not None
        return self.context


def _classifier(available: Available) -> str:
    if available.points.real.posterior is not None:
        return ""
    if available.dataset.y is None:
        return "the data have no labels, so there is no classifier of their classes."
    return "these features come with no class probabilities; the data's classifier (--features classifier) has them."


def _several_classes(available: Available) -> str:
    posterior = available.points.real.posterior
    single = posterior is not None and posterior.shape[1] < 2
    return "the data have one class only, so every sample is of that class." if single else ""


def _truth(available: Available) -> str:
    return "" if available.dataset.truth is not None else "the true distribution of these data is not known."


def _modes(available: Available) -> str:
    truth = available.dataset.truth
    known = truth is not None and truth.modes is not None
    return "" if known else "the true distribution of these data has no modes to count."


def _held_out(available: Available) -> str:
    held_out = available.dataset.held_out
    if held_out is not None and len(held_out) > 1:
        return ""
    return (
        "nothing is held out, so there are no distances of unseen real examples to training examples to compare with."
    )


def _plane(available: Available) -> str:
    size = available.dataset.event.size
    return "" if size <= 2 else f"a grid over {size} numbers an example would be empty; it is for one or two."


def _line(available: Available) -> str:
    if available.points.dimension == 1:
        return ""
    return "the exact distance is for a single number an example; read the sliced one instead."


def _permission_for_minutes(available: Available) -> str:
    if available.likelihood == "annealed":
        return ""
    return (
        'it takes minutes, so it is measured only on request: --likelihood annealed (in Python, likelihood="annealed").'
    )


def _normal_prior(available: Available) -> str:
    if not has(available.model, HasLearntPrior):
        return ""
    return "the prior of this model's codes is learnt, and the score compares codes with a standard normal one."


NEEDS: dict[str, Callable[[Available], str]] = {
    "classifier": _classifier,
    "several classes": _several_classes,
    "truth": _truth,
    "modes": _modes,
    "held-out": _held_out,
    "plane": _plane,
    "line": _line,
    "permission for minutes": _permission_for_minutes,
    "standard normal prior": _normal_prior,
}


def missing(metric: Metric, available: Available) -> str:
    """Why the metric does not apply, a sentence; empty where it does."""
    return next((reason for need in metric.needs if (reason := _missing(need, available))), "")


def _missing(need: Need, available: Available) -> str:
    return lacks(available.model, need) or "" if isinstance(need, type) else NEEDS[need](available)
