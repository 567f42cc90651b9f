"""Raw values: each number of an example is a feature, in the data's own units.

Columns with different units (a price and a volume) are standardised; otherwise the column with the largest numbers
would determine the distances. Of texts, the counts of symbols, pairs and triples are the features.
"""

from __future__ import annotations

from torch import Tensor

from saddlepoint.data.dataset import Dataset
from saddlepoint.data.event import Event
from saddlepoint.evaluation.features.extractor import Features, fingerprint
from saddlepoint.evaluation.metrics.comparable import comparable_rows, comparable_size

UNITS = 4.0

_WORDS = {
    "image": "pixels",
    "sound": "sound values",
    "volume": "voxels",
    "video": "pixels",
    "vector": "raw values",
    "series": "raw values",
    "text": "symbol counts",
}


def raw_features(dataset: Dataset, seed: int = 0) -> Features:
    """The features "pixels" (or "raw values"). They keep all information, but most pixel differences are not visible
    to people.

    Args:
        dataset: the data.
        seed: not used.
    """
    event = dataset.event
    if differ_in_units(event):
        units = event.scaling("standard")
        kept = event.standardised(dataset.x[:1]).shape[1]
        return Features(
            name="standardised values",
            fingerprint=fingerprint(
                "standardised", shape=event.shape, scale=units.scale, offset=units.offset, constants=event.constants
            ),
            dimension=kept,
            function=event.standardised,
            notes=("columns differ in their units, so each has the deviation 1",),
            shape=event.shape,
        )
    if event.kind == "text":
        return Features(
            name=_WORDS[event.kind],
            fingerprint=fingerprint("symbol counts", shape=event.shape, levels=event.levels),
            dimension=comparable_size(event),
            function=lambda x: comparable_rows(x, event),
            shape=event.shape,
        )
    return Features(
        name=_WORDS[event.kind],
        fingerprint=fingerprint("raw", shape=event.shape),
        dimension=event.size,
        function=_flatten,
        shape=event.shape,
    )


def differ_in_units(event: Event) -> bool:
    """Whether the standard deviations of columns differ by more than a factor of `UNITS`, or some columns are
    constant.
    """
    if not event.has_columns or len(event.std) < 2:
        return False
    varying = [std for std in event.std if std > 0]
    return bool(varying) and (len(varying) < len(event.std) or max(varying) > UNITS * min(varying))


def _flatten(x: Tensor) -> Tensor:
    return x.flatten(1).float()
