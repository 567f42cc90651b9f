"""The batches that a model trains on: with labels where it takes them, and of both kinds where labels are missing."""

from __future__ import annotations

import torch

from saddlepoint.data.batches import Batches
from saddlepoint.data.dataset import Dataset
from saddlepoint.data.missing_labels import complete_labels, has_missing_labels
from saddlepoint.data.mixed_batches import MixedBatches
from saddlepoint.errors import SettingError
from saddlepoint.models.base import Model


def training_batches(
    model: Model, dataset: Dataset, size: int, seed: int, device: torch.device, *, balanced: bool
) -> Batches | MixedBatches:
    """Return the batches of a model.

    Args:
        model: that is trained.
        dataset: training examples.
        size: examples in a batch.
        seed: of the order.
        device: of the batches.
        balanced: whether all classes have equal shares.

    Raises:
        SettingError: labels are missing, and the model needs all of them, or classes are to be balanced.
        DataError: the data do not fill one batch, or have no label.
    """
    missing = has_missing_labels(dataset)
    share = model.labelled_share(complete=complete_labels(dataset) is not None)
    if share is None and missing and model.classes is not None:
        raise SettingError(
            f"{dataset.name}: labels are missing, and this {model.family} needs all of them: take a model that learns without, such as a vae "
            "with model.semi_supervised true or a gan with model.condition.discriminator classes, or fill them in (saddlepoint label)."
        )
    if balanced and (missing or share is not None):
        raise SettingError(
            "training.balance_classes: the classes of examples without labels are not known, so they cannot be balanced; leave it out."
        )
    if share is None:
        return Batches(dataset, size, seed, device, model.scaling, labels=model.classes is not None, balanced=balanced)
    return MixedBatches(dataset, size, seed, device, model.scaling, share)
