"""How many examples a batch of a run has."""

from __future__ import annotations

from saddlepoint.data.dataset import Dataset
from saddlepoint.recipe import Recipe


def examples_in_batch(recipe: Recipe, dataset: Dataset) -> int:
    """Return the number of examples in a batch.

    Recipes for tables are made for tables of any size, so that a table with fewer rows than `training.batch_size` is one batch. For
    other data a larger batch than the training set is a mistake, which `Batches` reports.

    Args:
        recipe: all settings.
        dataset: the training examples.
    """
    asked = recipe.model.batch_size(recipe.training.batch_size, len(dataset))
    return asked if dataset.table is None else min(asked, len(dataset))
