"""Vectors of rows that meet rare conditions, from a model that can complete a part of a vector given the rest.

Drawing rows until enough of them meet a condition takes long where few do. A model that completes draws one column with a condition
after the other: several candidates for each row given the columns before, of which one that meets the conditions is kept. Rows are
resampled in proportion to how many of their candidates did, so that they follow the model's distribution given the conditions as the
number of candidates grows. The other columns are drawn given these.

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
from saddlepoint.models.capabilities import Completes, CompletesIteratively, GenerativeModel, has

ROWS, CANDIDATES = 2_048, 128  # drawn together; candidates of each row
TRIES = 8  # rounds of candidates, until one of any row meets the conditions


def can_complete(model: GenerativeModel, codec: TableCodec) -> bool:
    """Whether `draw_given` works for a model: it completes real numbers at once, and no label is drawn beside them."""
    completes = has(model, Completes) and not has(model, CompletesIteratively)
    return codec.target is None and codec.encoding != "levels" and completes


def draw_given(
    model: Completes,
    codec: TableCodec,
    conditions: Conditions,
    generator: torch.Generator,
    rng: np.random.Generator,
) -> Tensor | None:
    """Draw vectors whose columns meet the conditions.

    Args:
        model: completes vectors.
        codec: of the table.
        conditions: on columns of the vectors.
        generator: draws the model's noise.
        rng: chooses candidates and rows.

    Returns:
        (ROWS, width) float32; None where no candidate met the conditions.
    """
    blocks = {block.column: slice(block.start, block.stop) for block in codec.blocks}
    x = torch.zeros(ROWS, codec.width)
    known = torch.zeros(ROWS, codec.width, dtype=torch.bool)
    for column in conditions.columns:
        block = blocks[column.name]
        for _ in range(TRIES):
            tiled = x.repeat_interleave(CANDIDATES, 0)
            drawn = model.complete(tiled, known.repeat_interleave(CANDIDATES, 0), generator=generator).cpu()
            values, missing = codec.decode_column(column.name, drawn.numpy(), rng)
            allowed = conditions.allows(column, values, missing).reshape(ROWS, CANDIDATES)
            if allowed.any():
                break
        else:
            return None
        rows = _resample(allowed.mean(axis=1), rng)
        # One of the allowed candidates of each row, all with the same probability.
        chosen = (allowed[rows] * rng.random((ROWS, CANDIDATES))).argmax(axis=1)
        x = x[torch.from_numpy(rows)]
        x[:, block] = drawn[torch.from_numpy(rows * CANDIDATES + chosen), block]
        known[:, block] = True
    return model.complete(x, known, generator=generator).cpu()


def _resample(weights: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Positions (N,) drawn with weights (N,) by one random offset, in a random order: rows of weight 0 are never drawn."""
    steps = np.cumsum(weights) / weights.sum()
    places = (rng.random() + np.arange(len(weights))) / len(weights)
    return rng.permutation(np.minimum(np.searchsorted(steps, places, side="right"), len(weights) - 1))
