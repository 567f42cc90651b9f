"""The classifiers by which training sets are compared: those of `evaluation.tables.downstream` for rows, a small network for images.

The network is trained with the same number of steps on all training sets of a scenario, so that a larger set does not mean longer training.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from saddlepoint.applications.augment.alternatives.situation import TrainingSet
from saddlepoint.applications.augment.examples import Examples, Images, Rows
from saddlepoint.evaluation.features.encoder import Encoder
from saddlepoint.evaluation.features.fitting import fit
from saddlepoint.evaluation.features.layers import linear, natural_units
from saddlepoint.evaluation.tables.downstream import downstream_scores, macro_f1
from saddlepoint.models.arrays import in_chunks

METRIC = "macro_f1"
METRICS = (METRIC, "accuracy", "auc")
BATCH = 64
EPOCHS, LEAST_STEPS, MOST_STEPS = 20, 150, 500
WIDTHS, DIMENSION = (8, 16, 32), 64  # channels of the convolutions, and the numbers that they end in


def score(training: TrainingSet, test: Examples, seed: int, largest: int) -> Mapping[str, float]:
    """Train on a training set and test on real examples.

    Args:
        training: with the classes of `test`.
        test: real examples.
        seed: of the classifier of images; those of rows have the same seed in all splits.
        largest: size of the largest training set of the scenario, which decides the number of steps.

    Returns:
        The mean over classifiers of macro F1, accuracy and, of rows, the area under the ROC curve.
    """
    if isinstance(test, Rows):
        return _score_rows(training, test)
    assert isinstance(test, Images)
    return _score_images(training, test, seed, largest)


def _score_rows(training: TrainingSet, test: Rows) -> dict[str, float]:
    rows = training.examples
    assert isinstance(rows, Rows)
    scores = downstream_scores(rows.frame, test.frame, test.schema, test.target, sample_weight=training.weights)
    found = {name: float(np.mean([getattr(one, name) for one in scores])) for name in ("macro_f1", "accuracy")}
    areas = [one.auc for one in scores]
    known = [area for area in areas if area is not None]
    return found | {"auc": float(np.mean(known))} if len(known) == len(areas) else found


def _score_images(training: TrainingSet, test: Images, seed: int, largest: int) -> dict[str, float]:
    images = training.examples
    assert isinstance(images, Images)
    generator = torch.Generator().manual_seed(seed)
    encoder = Encoder(test.event, DIMENSION, generator, WIDTHS)
    network = nn.Sequential(encoder, linear(DIMENSION, len(test.names), generator))
    units = natural_units(test.event)
    weights = None if training.weights is None else torch.from_numpy(training.weights).float()

    def loss(index: Tensor) -> Tensor:
        losses = functional.cross_entropy(network(units.to_model(images.x[index])), images.y[index], reduction="none")
        return losses.mean() if weights is None else (losses * weights[index]).mean()

    steps = min(MOST_STEPS, max(LEAST_STEPS, EPOCHS * largest // BATCH))
    fit(
        (network,),
        loss,
        examples=len(images),
        batch=BATCH,
        steps=steps,
        generator=generator,
        what="Training a classifier",
    )
    with torch.no_grad():
        found = in_chunks(lambda x: network(units.to_model(x)).argmax(1), test.x).numpy()
    return {"macro_f1": macro_f1(test.labels, found), "accuracy": float((found == test.labels).mean())}
