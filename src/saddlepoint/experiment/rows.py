"""Rows of a table that a model draws, in parts, so that a million rows need little memory.

Rows hold the constraints of the schema: they are moved where they can be, and drawn again otherwise. Conditions on the label are
given to the model; rows that do not meet the other conditions are drawn again, or drawn given the conditions where few rows meet them and
the model can complete rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.data.tabular.codec import TableCodec
from saddlepoint.data.tabular.conditions import Conditions
from saddlepoint.data.tabular.constraints import Constraints
from saddlepoint.errors import SettingError
from saddlepoint.experiment.conditional_rows import can_complete, draw_given
from saddlepoint.models.capabilities import GenerativeModel, SamplesClasses, has
from saddlepoint.models.class_samples import sample_with_labels

if TYPE_CHECKING:
    import pandas as pd

PART = 1 << 15  # rows that are drawn together
RARE = 0.01  # share of rows that meet the conditions below which rows are drawn given them, where the model can
MOST_DRAWS = 2_000_000  # rows drawn without one that meets the conditions and constraints, after which drawing gives up


def draw_rows(
    model: GenerativeModel,
    codec: TableCodec,
    n: int,
    *,
    labels: Tensor | None = None,
    conditions: Conditions | None = None,
    seed: int = 0,
) -> Iterator[pd.DataFrame]:
    """Draw rows from a model of the vectors of a table.

    Args:
        model: a trained model.
        codec: of the table that it was trained on.
        n: how many rows.
        labels: (n,) int64, classes of a conditional model; None draws them.
        conditions: that all rows meet; they must allow the labels.
        seed: of the noise. The same seed gives the same rows.

    Yields:
        Frames of together n rows.

    Raises:
        SettingError: the model cannot draw the label that a condition asks for, or conditions and constraints are met too rarely.
    """
    generator = torch.Generator(getattr(model, "device", "cpu")).manual_seed(seed)
    rng = np.random.default_rng(seed)
    constraints = Constraints(codec.schema.constraints, codec.schema)
    allowed = _allowed_labels(model, codec, conditions)
    shares = allowed
    if shares is None and codec.target is not None and has(model, SamplesClasses):
        shares = np.asarray(model.event.shares, np.float64)
        shares /= shares.sum()
    if labels is not None and allowed is not None and not allowed[labels.cpu().numpy()].all():
        raise SettingError("sample: --labels asks for classes that --condition excludes; leave one of them out.")
    finished = since = 0
    are_rare = False
    while finished < n:
        count = min(n - finished, PART) if conditions is None else PART
        given = None
        if labels is not None:
            given = labels[torch.arange(finished, finished + count) % len(labels)]
        elif allowed is not None:
            given = torch.from_numpy(rng.choice(len(allowed), count, p=allowed))
        chosen = None
        if are_rare and conditions is not None:
            chosen = draw_given(model, codec, conditions, generator, rng, shares)
        samples, drawn = chosen if chosen is not None else sample_with_labels(model, count, given, generator)
        vectors = samples.cpu().numpy()
        frame = codec.decode(vectors, rng, finished, None if drawn is None else drawn.cpu().numpy())
        kept = np.isfinite(vectors).all(axis=1)
        frame, met = constraints.enforce(frame)
        kept &= met
        if conditions is not None:
            kept &= conditions.holds(frame)
            # Labels that were asked for one by one are kept in their order.
            are_rare = are_rare or (kept.mean() < RARE and labels is None and can_complete(model, codec))
        frame = frame[kept].head(n - finished).reset_index(drop=True)
        since = 0 if len(frame) else since + count
        if since >= MOST_DRAWS:
            raise SettingError(
                f"sample: none of {since:,} rows meets the conditions and constraints ({finished:,} of {n:,} rows were found before); "
                "loosen them, or give conditions on the column that is data.target."
            )
        if len(frame):
            yield _numbered(frame, codec, finished)
            finished += len(frame)


def _allowed_labels(
    model: GenerativeModel, codec: TableCodec, conditions: Conditions | None
) -> npt.NDArray[np.float64] | None:
    """Probabilities of the labels among those that the conditions on the target allow; None without such conditions."""
    target = codec.target
    if conditions is None or target is None or target not in conditions.columns:
        return None
    if not has(model, SamplesClasses):
        raise SettingError(
            f"sample: --condition: the model was trained without the label {target.name}; train a conditional model, or leave "
            "data.target out."
        )
    codes = np.arange(len(codec.label_names))
    missing = codes == len(target.categories)
    shares = np.array(model.event.shares) * conditions.allows(target, np.where(missing, 0, codes), missing)
    if not shares.sum():
        raise SettingError(f"sample: --condition: no row that was trained on has such a {target.name}.")
    return np.asarray(shares / shares.sum(), np.float64)


def _numbered(frame: pd.DataFrame, codec: TableCodec, first: int) -> pd.DataFrame:
    """The frame with identifiers that continue those of the rows before."""
    for column in codec.schema.columns:
        if column.kind == "identifier":
            frame[column.name] = codec.identifiers(column, first, len(frame))
    return frame
