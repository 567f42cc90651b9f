"""Vectors of rows that meet rare conditions, from a model that can complete a part of a vector given the rest.

Drawing rows until enough of them meet a condition takes long where few do. A model that completes draws one column with a condition
after the other: several candidates for each row given the columns before, of which one that meets the conditions is kept. Rows are
resampled in proportion to how many of their candidates did, so that they follow the model's distribution given the conditions as the
number of candidates grows. The other columns are drawn given these. Of a model of classes, each row begins with a class, and keeps it.

References:
    Novel approach to nonlinear/non-Gaussian Bayesian state estimation (Neil Gordon, David Salmond, Adrian Smith, 1993),
    https://doi.org/10.1049/ip-f-2.1993.0015.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.data.tabular.codec import TableCodec
from saddlepoint.data.tabular.conditions import Conditions
from saddlepoint.models.capabilities import (
    Completes,
    CompletesByClass,
    CompletesIteratively,
    GenerativeModel,
    PredictsInOrder,
    SamplesClasses,
    has,
    require,
)

ROWS, CANDIDATES = 2_048, 128  # drawn together; candidates of each row
TRIES = 8  # rounds of candidates, until one of any row meets the conditions


def can_complete(model: GenerativeModel, codec: TableCodec) -> bool:
    """Whether `draw_given` works for a model: it completes real numbers exactly, and given the label if rows have one.

    A model that predicts numbers in order does not: what it fills in ignores the known numbers that come later.
    """
    needed = Completes if codec.target is None or not has(model, SamplesClasses) else CompletesByClass
    exact = not has(model, PredictsInOrder) and not has(model, CompletesIteratively)
    return codec.encoding != "levels" and has(model, needed) and exact


def draw_given(
    model: GenerativeModel,
    codec: TableCodec,
    conditions: Conditions,
    generator: torch.Generator,
    rng: np.random.Generator,
    shares: npt.NDArray[np.float64] | None = None,
) -> tuple[Tensor, Tensor | None] | None:
    """Draw vectors whose columns meet the conditions.

    Args:
        model: for which `can_complete` holds.
        codec: of the table.
        conditions: on columns of the vectors; those on the target are met by `shares`.
        generator: draws the model's noise.
        rng: chooses labels, candidates and rows.
        shares: (K,) probabilities of the labels of a model of classes before the other conditions are considered; None draws no labels.

    Returns:
        (ROWS, width) float32, and labels (ROWS,) int64 or None; None where no candidate met the conditions.
    """
    blocks = {block.column: slice(block.start, block.stop) for block in codec.blocks}
    labels = None if shares is None else torch.from_numpy(rng.choice(len(shares), ROWS, p=shares))
    x = torch.zeros(ROWS, codec.width)
    known = torch.zeros(ROWS, codec.width, dtype=torch.bool)
    for column in conditions.columns:
        if column == codec.target:
            continue
        block = blocks[column.name]
        for _ in range(TRIES):
            tiled = None if labels is None else labels.repeat_interleave(CANDIDATES, 0)
            drawn = _complete(
                model, x.repeat_interleave(CANDIDATES, 0), known.repeat_interleave(CANDIDATES, 0), tiled, generator
            )
            values, missing = codec.decode_column(column.name, drawn.numpy(), rng)
            allowed = conditions.allows(column, values, missing).reshape(ROWS, CANDIDATES)
            if allowed.any():
                break
        else:
            return None
        rows = _resample(allowed.mean(axis=1), rng)
        # One of the allowed candidates of each row, all with the same probability.
        chosen = (allowed[rows] * rng.random((ROWS, CANDIDATES))).argmax(axis=1)
        kept = torch.from_numpy(rows)
        x, labels = x[kept], None if labels is None else labels[kept]
        x[:, block] = drawn[torch.from_numpy(rows * CANDIDATES + chosen), block]
        known[:, block] = True
    return _complete(model, x, known, labels, generator), labels


def _complete(
    model: GenerativeModel, x: Tensor, known: Tensor, labels: Tensor | None, generator: torch.Generator
) -> Tensor:
    """The rest of vectors x (N, D), given their labels (N,) if there are any."""
    if labels is None:
        return require(model, Completes).complete(x, known, generator=generator).cpu()
    return require(model, CompletesByClass).complete_by_class(x, known, labels, generator=generator).cpu()


def _resample(weights: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Positions (N,) drawn with weights (N,) by one random offset, in a random order: rows of weight 0 are never drawn."""
    steps = np.cumsum(weights) / weights.sum()
    places = (rng.random() + np.arange(len(weights))) / len(weights)
    return rng.permutation(np.minimum(np.searchsorted(steps, places, side="right"), len(weights) - 1))
