"""Pictures for a run's scorecard: figures/nearest.png and figures/farthest.png, with their captions."""

from __future__ import annotations

import contextlib
import json

from torch import Tensor

from saddlepoint.data.alphabet import drawable
from saddlepoint.data.dataset import Dataset
from saddlepoint.evaluation.scorecard.extremes import Extremes, Pairs
from saddlepoint.figures import style
from saddlepoint.figures.nearest_pairs import show_pairs
from saddlepoint.records import RunFolder, replaced

_AROUND = 2_000  # examples drawn behind points


def draw_pairs(found: Extremes, dataset: Dataset, folder: RunFolder) -> None:
    """Draw the samples nearest to and farthest from the training examples, each beside its nearest training example.

    Args:
        found: the pairs.
        dataset: the training examples.
        folder: the run's; captions of other pictures are kept.
    """
    unit = f"distances in {found.features}"
    near, far = (_range(pairs.distance) for pairs in (found.nearest, found.farthest))
    usual = "" if found.honest is None else f"; half of the held-out examples lie within {found.honest:.3g} of one"
    captions = {
        "nearest.png": f"Of {found.number:,} samples those nearest to a training example, no example twice: {near} from it"
        f"{usual} ({unit}). Look for copies: pairs that are equal in every detail, and much nearer than held-out examples.",
        "farthest.png": f"Of {found.number:,} samples those farthest from any example, training and held-out, each with the "
        f"one nearest to it: {far} from it ({unit}). Look for what the model gets wrong.",
    }
    _draw("nearest.png", found.nearest, dataset, folder, "Samples nearest to a training example")
    _draw("farthest.png", found.farthest, dataset, folder, "Samples farthest from any example")
    path = folder.figures / "captions.json"
    others = {}
    with contextlib.suppress(OSError, ValueError):  # if it is missing or damaged, the other captions are lost already
        others = dict(json.loads(path.read_text("utf-8")))
    with replaced(path) as file:
        json.dump({**others, **captions}, file, indent=2)


def _draw(name: str, pairs: Pairs, dataset: Dataset, folder: RunFolder, title: str) -> None:
    event = dataset.event
    picture = show_pairs(
        drawable(pairs.samples, event),
        drawable(pairs.examples, event),
        event.kind,
        low=event.low,
        high=event.high,
        data=dataset.x[:_AROUND].numpy() if event.kind == "vector" else None,
        rate=event.rate,
        title=title,
    )
    style.write_png(picture, folder.figures / name)


def _range(distance: Tensor) -> str:
    return f"{float(distance.min()):.3g} to {float(distance.max()):.3g}"
