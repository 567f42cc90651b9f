"""Features of examples: raw values, principal components, networks trained on the data, pretrained networks, or user
functions.

`build_features(name, dataset)` builds the features of a name in `FEATURES`, of an import path, or of a function;
`default_features(dataset)` chooses by the data. Only pretrained features need a download.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from saddlepoint.data.dataset import Dataset
from saddlepoint.errors import SettingError, suggestion
from saddlepoint.evaluation.features.classifier import classifier_features, has_learnable_labels
from saddlepoint.evaluation.features.contrastive import LEAST, self_supervised_features
from saddlepoint.evaluation.features.extractor import Features
from saddlepoint.evaluation.features.own import import_function, own_features
from saddlepoint.evaluation.features.pca import pca_features
from saddlepoint.evaluation.features.pretrained import clip_features, dino_features, inception_features
from saddlepoint.evaluation.features.random_convolutions import random_features
from saddlepoint.evaluation.features.raw import raw_features

__all__ = ["FEATURES", "Features", "build_features", "default_features"]

# Names in settings and on the command line: a function of a Dataset and a seed that returns the Features.
FEATURES: dict[str, Callable[[Dataset, int], Features]] = {
    "raw": raw_features,
    "pca": pca_features,
    "classifier": classifier_features,
    "random": random_features,
    "self-supervised": self_supervised_features,
    "inception": inception_features,
    "clip": clip_features,
    "dino": dino_features,
}

_FEW = 16  # numbers an example up to which raw values are used


def build_features(name: str | Callable[[Any], Any] | Features, dataset: Dataset, seed: int = 0) -> Features:
    """The features of a name, fitted to the training part of `dataset` where they are fitted.

    Args:
        name: one of `FEATURES`, an import path `package.module:function`, a function or module of the user's (see
            `own_features`), or features that were built before.
        dataset: the data.
        seed: of what is drawn or trained.

    Raises:
        SettingError: there is no such name or path.
        DataError: these features cannot be made of this data.
        MissingExtraError: they need a package that is not installed.
    """
    if isinstance(name, Features):
        return name
    if not isinstance(name, str):
        return own_features(name, dataset)
    if ":" in name:
        return own_features(import_function(name), dataset)
    if name not in FEATURES:
        raise SettingError(
            f'features "{name}": there are {", ".join(FEATURES)}, or give package.module:function.'
            f"{suggestion(name, FEATURES)}"
        )
    return FEATURES[name](dataset, seed)


def default_features(dataset: Dataset, seed: int = 0) -> Features:
    """The default features of a dataset; none of them needs a download.

    Counts of symbols for texts, and raw values for vectors of at most 16 numbers; otherwise those of a classifier if there are enough labels to train
    one; otherwise self-supervised ones for 64 images or more; otherwise principal components for vectors and random
    convolutions for other data.

    Args:
        dataset: the data.
        seed: of the networks and filters.
    """
    event = dataset.event
    if event.kind == "text" or (event.has_columns and event.size <= _FEW):
        return raw_features(dataset, seed)
    if has_learnable_labels(dataset):
        return classifier_features(dataset, seed)
    if event.kind == "image" and len(dataset) >= LEAST:
        return self_supervised_features(dataset, seed)
    return pca_features(dataset, seed) if event.has_columns else random_features(dataset, seed)
