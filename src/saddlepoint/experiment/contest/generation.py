"""Rows of a model that is trained on a frame in memory: as many as the frame has, with as many of each label."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd
import torch

from saddlepoint.data.tabular.narrowing import narrow_schema
from saddlepoint.data.tabular.source import from_frame
from saddlepoint.errors import DataError
from saddlepoint.experiment.in_memory import train_in_memory
from saddlepoint.experiment.rows import draw_rows
from saddlepoint.models.capabilities import SamplesClasses, has

if TYPE_CHECKING:
    from saddlepoint.data.tabular.schema import Schema
    from saddlepoint.recipe import Recipe

TRIED = 8  # samples that must be finite


def generate_rows(
    recipe: Recipe, frame: pd.DataFrame, schema: Schema, *, seed: int = 0, sets: int = 1, seconds: float = math.inf
) -> list[pd.DataFrame]:
    """Train a recipe on all rows of a frame, and draw sets of rows.

    Args:
        recipe: for tables.
        frame: the rows to train on.
        schema: of the table that the rows come from, with its target, whose labels the model takes if it is conditional. Of its ranges
            and categories, the model learns those of the frame.
        seed: is added to the recipe's seed of training, and draws the rows.
        sets: how many, each of as many rows as the frame has.
        seconds: the time that training may take.

    Raises:
        DataError: training would take longer or diverged, or there are too few rows.
        SettingError: the model does not suit the table.
    """
    own = {"held_out": 0.0, "limit": None, "schema": None, "target": schema.target, "source": "table"}
    dataset = from_frame(frame, recipe.data.model_copy(update=own), recipe.name, narrow_schema(schema, frame))
    assert dataset.table is not None
    model = train_in_memory(recipe, dataset, recipe.training.seed + seed, seconds)
    if not model.sample(TRIED, generator=torch.Generator(model.device).manual_seed(seed)).isfinite().all():
        raise DataError("training diverged")
    drawn = []
    for number in range(sets):
        order = torch.Generator().manual_seed(sets * seed + number)
        labels = None
        if has(model, SamplesClasses) and dataset.y is not None:
            labels = dataset.y[torch.randperm(len(dataset.y), generator=order)]
        parts = draw_rows(model, dataset.table, len(dataset), labels=labels, seed=sets * seed + number)
        drawn.append(pd.concat(list(parts), ignore_index=True))
    return drawn
