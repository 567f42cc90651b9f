"""Whether samples of a conditional model are of the class that was asked for, as a classifier of real data says."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.missing_labels import labelled_part
from saddlepoint.data.split import shuffled_order
from saddlepoint.errors import DataError
from saddlepoint.evaluation.features import build_features
from saddlepoint.evaluation.features.extractor import Features
from saddlepoint.evaluation.scorecard.metric_types import SHARE, Measurement, ModelMetric, estimate_of, group_means
from saddlepoint.evaluation.scorecard.subject import Subject
from saddlepoint.evaluation.statistics.intervals import wilson_interval
from saddlepoint.models.arrays import in_chunks
from saddlepoint.models.capabilities import GenerativeModel, SamplesClasses, require

SAMPLED = 2_000  # samples that are classified
FEWEST = 10  # samples of a class that is named in a note


def class_accuracies(subject: Subject) -> Mapping[str, Measurement]:
    """The share of samples that the data's classifier assigns to the class that was asked for.

    The classes asked for have the shares of the held-out examples, on which the classifier's own accuracy is the real-data
    baseline. The worst case is a model that ignores its labels.

    Args:
        subject: a conditional model and its data.

    Raises:
        DataError: there are no labelled held-out examples, or no classifier can be trained.
    """
    require(subject.model, SamplesClasses)
    real = _held_out(subject.dataset)
    assert real.y is not None, "held-out examples have labels here"
    features = build_features("classifier", subject.dataset, subject.seed)
    order = shuffled_order(len(real), subject.seed)[:SAMPLED]
    x, y = real.x[order], real.y[order]
    labels = y.repeat(-(-SAMPLED // len(y)))[:SAMPLED]
    samples = _samples(subject, subject.model, labels)
    answers = _classify(features, samples)
    right, known = (answers == labels).double(), (_classify(features, x) == y).double()
    classes = int(max(labels.max(), answers.max())) + 1
    chance = _shares(answers, classes) @ _shares(labels, classes)
    expected = wilson_interval(float(chance) * len(labels), len(labels))
    return {
        "class_accuracy": Measurement(
            estimate_of(wilson_interval(float(right.sum()), len(right))),
            notes=(
                f"{features.name}; {features.notes[0]}." if features.notes else features.name,
                _lowest(subject, right, labels),
            ),
            groups=group_means(right),
            baseline=estimate_of(wilson_interval(float(known.sum()), len(known))),
            worst_case=estimate_of(expected),
        )
    }


def _held_out(dataset: Dataset) -> Dataset:
    held_out = None if dataset.held_out is None else labelled_part(dataset.held_out)
    if held_out is None or len(held_out) < 2 or held_out.y is None:
        raise DataError("it needs labelled held-out examples, on which the classifier's own accuracy is measured.")
    return held_out


def _samples(subject: Subject, model: GenerativeModel, labels: Tensor) -> Tensor:
    device = getattr(model, "device", torch.device("cpu"))
    return model.sample(len(labels), labels=labels.to(device), generator=subject.generator()).cpu()


def _classify(features: Features, x: Tensor) -> Tensor:
    """The likeliest class (N,) of each example."""
    return in_chunks(lambda part: features.probabilities(part).argmax(1), x)


def _shares(labels: Tensor, classes: int) -> Tensor:
    return torch.bincount(labels, minlength=classes).double() / len(labels)


def _lowest(subject: Subject, right: Tensor, labels: Tensor) -> str:
    """A sentence on the class whose samples are recognised least; empty where no class has enough samples."""
    counts = torch.bincount(labels)
    shares = torch.bincount(labels, weights=right) / counts.clamp_min(1)
    shares[counts < FEWEST] = torch.inf
    lowest = int(shares.argmin())
    if not torch.isfinite(shares[lowest]):
        return ""
    names = subject.dataset.event.class_names or ()
    name = names[lowest] if lowest < len(names) else f"{lowest}"
    return f'Lowest for class "{name}": {float(shares[lowest]):.0%} of {int(counts[lowest])} samples.'


METRICS = {
    "class_accuracy": ModelMetric(
        title="Class accuracy of samples",
        section="quality and diversity",
        better="higher",
        measure=class_accuracies,
        meaning="How many samples a classifier of the real data assigns to the class that was asked for.",
        unit="share",
        bounds=SHARE,
        needs=(SamplesClasses,),
        notes=("It says nothing about diversity: one good sample of each class is enough.",),
        work=3.0,
    ),
}
