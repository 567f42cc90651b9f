"""Raw values: every number of an example is a feature, in the data's own units.

Columns in units of their own (a price and a volume) are standardised: the distance between two examples would otherwise be
that of the column with the largest numbers alone.
"""

from __future__ import annotations

from torch import Tensor

from saddlepoint.data.dataset import Dataset, Event
from saddlepoint.evaluation.features.extractor import Features, fingerprint

UNITS = 4.0

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
    return Features(
        name=_WORDS[event.kind],
        fingerprint=fingerprint("raw", shape=event.shape),
        dimension=event.size,
        function=_flatten,
        shape=event.shape,
    )


def differ_in_units(event: Event) -> bool:
    """Whether the deviations of columns that vary differ by more than `UNITS` times, or some columns do not vary."""
    if not event.has_columns or len(event.std) < 2:
        return False
    varying = [std for std in event.std if std > 0]
    return bool(varying) and (len(varying) < len(event.std) or max(varying) > UNITS * min(varying))


def _flatten(x: Tensor) -> Tensor:
    return x.flatten(1).float()
