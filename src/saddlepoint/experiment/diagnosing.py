"""From a recipe to the rules that watch it: what they are told of a run beside its series."""

from __future__ import annotations

from saddlepoint.diagnosis import Diagnosis, Facts
from saddlepoint.recipe import Recipe


def watching(recipe: Recipe) -> Diagnosis:
    """A watch over a run of this recipe, at its first step."""
    settings = {entry.name: value for entry, value in recipe.settings()}
    return Diagnosis(objectives(recipe), facts=Facts(steps=recipe.training.steps, settings=settings))


def objectives(recipe: Recipe) -> set[str]:
    """The names by which rules know what this recipe trains: its family, and the objective where the family has several."""
    return {recipe.model.family, getattr(recipe.model, "objective", recipe.model.family)}
