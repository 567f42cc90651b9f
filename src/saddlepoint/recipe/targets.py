"""A recipe for a table with a target: the model takes the labels that the target gives the rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saddlepoint.recipe.recipe import Recipe

TARGET, BALANCE = "data.target", "training.balance_classes"


def with_labels_of_target(recipe: Recipe, given: Mapping[str, Any]) -> Recipe:
    """Return the recipe with a conditional model where the user named a target and said nothing about how the model uses it.

    A model without labels would leave the target out of its rows. Families that learn a rare class better so also get batches with equal
    shares of the classes.

    Args:
        recipe: with the user's settings.
        given: the settings that the user gave, by dotted name.
    """
    said = any(name.startswith(("model.condition", "model.family")) for name in given)
    if given.get(TARGET) is None or recipe.data.target is None or said:
        return recipe
    changes = {f"model.{name}": value for name, value in recipe.model.label_changes.items()}
    if changes and recipe.model.balances_target and BALANCE not in given:
        changes[BALANCE] = True
    return recipe.override(changes) if changes else recipe
