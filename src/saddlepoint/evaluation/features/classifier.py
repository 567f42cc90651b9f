"""Features of a classifier that is trained on the data's own labels.

Inception is trained on photographs; its features mean little for digits, sounds or tables. A small network trained on
the data's own labels gives features by its last hidden layer, and class probabilities. It ignores everything that does
not depend on the class, such as the background of an image. Its accuracy is measured on examples that it was not
trained on, and is reported with every score.

References:
    A note on the inception score (Shane Barratt, Rishi Sharma, 2018), on why the classifier should know the data's own
    classes, https://arxiv.org/abs/1801.01973
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.data.missing_labels import labelled_part
from saddlepoint.errors import DataError
from saddlepoint.evaluation.features.encoder import Encoder
from saddlepoint.evaluation.features.extractor import Features, check_finite, dataset_digest, fingerprint
from saddlepoint.evaluation.features.fitting import fit, steps_for
from saddlepoint.evaluation.features.layers import linear, natural_units
from saddlepoint.evaluation.features.weight_cache import Learned, load_or_learn
from saddlepoint.models.arrays import in_chunks

LEAST = 20  # labelled examples to learn from
_DIMENSION = 64
_BATCH = 64
_WIDTHS = (16, 32, 64)  # channels of the convolutions
# Floating-point operations. MNIST's test accuracy is 0.990 then; it is 0.993 with twice the channels and 5e12, which take three
# times as long.
_WORK = 1e12
_HELD_OUT = 0.1  # of the training part, where the data have no labelled held-out part
_VERSION = 2  # to be counted up when anything changes that decides the weights


def classifier_features(dataset: Dataset, seed: int = 0) -> Features:
    """The features "DATA classifier": 64 numbers for each example, and class probabilities.

    The network is trained once for each dataset and seed, and its weights are cached. Training takes about a minute
    of one core for MNIST.

    Args:
        dataset: the data, with labels.
        seed: of the initial weights and of the order of examples.

    Raises:
        DataError: no labels, fewer than two classes, fewer than 20 examples, NaN or infinite values.
    """
    lesson = _training_set(dataset)
    scaling = natural_units(dataset.event)
    settings = {
        "version": _VERSION,
        "data": dataset_digest(dataset),
        "examples": [len(lesson.x), len(lesson.test_x)],
        "classes": lesson.classes,
        "shape": dataset.event.shape,
        "kind_of_data": dataset.event.kind,
        "dimension": _DIMENSION,
        "scale": scaling.scale,
        "offset": scaling.offset,
        "seed": seed,
    }
    weights, measured = load_or_learn("classifier", settings, lambda: _train(lesson, dataset, seed))
    network = Classifier(dataset.event, lesson.classes, torch.Generator().manual_seed(seed))
    network.load_state_dict(weights)
    network.eval().requires_grad_(False)

    def hidden(x: Tensor) -> Tensor:
        rows: Tensor = network.encoder(scaling.to_model(x))
        return rows

    def posterior(x: Tensor) -> Tensor:
        return torch.softmax(network(scaling.to_model(x)), 1)

    return Features(
        name=f"{dataset.name} classifier",
        fingerprint=fingerprint("classifier", weights, **settings),
        dimension=_DIMENSION,
        function=hidden,
        posterior=posterior,
        notes=(
            f"classifier's test accuracy {measured['accuracy']:.3f} on {len(lesson.test_x):,} {lesson.tested_on}",
            *lesson.notes,
        ),
        shape=dataset.event.shape,
    )


def has_learnable_labels(dataset: Dataset) -> bool:
    """Whether a classifier can learn the labels: at least 20 of them, of at least two classes."""
    known = labelled_part(dataset)
    return known.y is not None and len(known) >= LEAST and len(torch.unique(known.y)) >= 2


class Classifier(nn.Module):
    """A classifier: (n, *event) in natural units -> (n, classes) logits; `encoder` gives the features."""

    def __init__(self, event: Event, classes: int, generator: torch.Generator) -> None:
        super().__init__()
        self.encoder = Encoder(event, _DIMENSION, generator, _WIDTHS)
        self.answer = linear(_DIMENSION, classes, generator)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.answer(self.encoder(x))
        return logits


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Examples to train and to test on.

    Attributes:
        x: training examples.
        y: their labels.
        test_x: test examples.
        test_y: their labels.
        tested_on: what the test examples are, in words.
        classes: number of classes.
        notes: remarks for readers of a score.
    """

    x: Tensor
    y: Tensor
    test_x: Tensor
    test_y: Tensor
    tested_on: str
    classes: int
    notes: tuple[str, ...]


def _training_set(dataset: Dataset) -> TrainingSet:
    """The examples to train and to test on.

    Raises:
        DataError: there is nothing to learn.
    """
    known = labelled_part(dataset)
    name, y = known.name, known.y
    if y is None:
        raise DataError(f"{name}: a classifier needs labels, and these data have none; use random or pca features.")
    if len(y) < LEAST:
        raise DataError(f"{name}: a classifier needs {LEAST} labelled examples or more to learn from, got {len(y)}.")
    if len(torch.unique(y)) < 2:
        raise DataError(
            f"{name}: all {len(y):,} training examples have the same label, so there is nothing to tell apart; use random "
            "or pca features."
        )
    names = dataset.event.class_names
    classes = len(names) if names is not None else int(y.max()) + 1
    if int(y.min()) < 0 or int(y.max()) >= classes:
        raise DataError(
            f"{name}: labels must be whole numbers from 0 to {classes - 1}, got {int(y.min())} to {int(y.max())}."
        )
    missing = classes - len(torch.unique(y))
    notes = (f"the classifier knows {classes - missing} of {classes} classes: the others have no training example",)
    held = None if dataset.held_out is None else labelled_part(dataset.held_out)
    if held is not None and held.y is not None and len(held):
        x, test_x, test_y, tested_on = known.x, held.x, held.y, "held-out examples"
    else:
        order = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))
        rest, taken = order.tensor_split([len(y) - max(1, round(_HELD_OUT * len(y)))])
        x, y, test_x, test_y = known.x[rest], y[rest], known.x[taken], y[taken]
        tested_on = "training examples it was not shown, as no labelled ones are held out"
    return TrainingSet(x, y, test_x, test_y, tested_on, classes, notes if missing else ())


def _train(lesson: TrainingSet, dataset: Dataset, seed: int) -> Learned:
    for part in (*torch.split(lesson.x, 1000), *torch.split(lesson.test_x, 1000)):
        check_finite(part, dataset.name)
    generator = torch.Generator().manual_seed(seed)
    network = Classifier(dataset.event, lesson.classes, generator)
    scaling = natural_units(dataset.event)

    def loss(index: Tensor) -> Tensor:
        return functional.cross_entropy(network(scaling.to_model(lesson.x[index])), lesson.y[index])

    fit(
        (network,),
        loss,
        examples=len(lesson.x),
        batch=_BATCH,
        steps=steps_for(network, scaling.to_model(lesson.x[:1]), len(lesson.x), _BATCH, work=_WORK),
        generator=generator,
        what=f"Training a classifier on {dataset.name}",
    )
    with torch.no_grad():
        answers = in_chunks(lambda x: network(scaling.to_model(x)).argmax(1), lesson.test_x)
    right = (answers == lesson.test_y).double().mean()
    return dict(network.state_dict()), {"accuracy": float(right)}
