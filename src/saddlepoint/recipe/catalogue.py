"""The shipped recipes by family: the families in their order, and in each the recipes to begin with first."""

from __future__ import annotations

from saddlepoint.models.settings import FAMILIES
from saddlepoint.recipe.recipe import Recipe, shipped_names


def recipes_by_family() -> dict[str, list[Recipe]]:
    """Return the shipped recipes by the name of their family; families without any are left out."""
    found: dict[str, list[Recipe]] = {name: [] for name in FAMILIES}
    for name in shipped_names():
        recipe = Recipe.load(name)
        found[recipe.model.family].append(recipe)
    return {family: sorted(recipes, key=_place) for family, recipes in found.items() if recipes}


def _place(recipe: Recipe) -> tuple[int, str]:
    """The place of a recipe in its family: recommended ones in their order, then the others by name."""
    first = recipe.model.recommended
    return (first.index(recipe.name) if recipe.name in first else len(first), recipe.name)
