"""Raw values: every number of an example is a feature, in the data's own units."""

from __future__ import annotations

from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.features.extractor import Features, fingerprint

_WORDS = {
    "image": "pixels",
    "sound": "sound values",
    "volume": "voxels",
    "vector": "raw values",
    "series": "raw values",
}


def raw_features(dataset: Dataset, seed: int = 0) -> Features:
    """ "pixels" (or "raw values"): nothing is lost, but most of what differs between images means nothing to the eye.

    seed: not used; taken so that all makers of features are called alike.
    """
    event = dataset.event
    return Features(
        name=_WORDS[event.kind],
        fingerprint=fingerprint("raw", shape=event.shape),
        dimension=event.size,
        function=_flattened,
        shape=event.shape,
    )


def _flattened(x: Tensor) -> Tensor:
    return x.flatten(1).float()
