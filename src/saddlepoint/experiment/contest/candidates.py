"""The recipes that take part in a contest, and the name by which the contest is asked for (torch-free)."""

from __future__ import annotations

from typing import Any

from saddlepoint.recipe import Recipe
from saddlepoint.recipe.recipe import shipped_names

AUTO_TABLE = "auto-table"
AUTO = (AUTO_TABLE, "auto")  # instead of a recipe's name
SOURCE, ENDING = "table", "-table"
# From simple and quick to complex and slow: where no difference is shown, the first is taken.
ORDER = (
    "gaussian-table",
    "mixture-table",
    "trees-table",
    "made-table",
    "vae-table",
    "flow-table",
    "diffusion-table",
    "gan-table",
)


def candidates() -> tuple[str, ...]:
    """The names of the ready-made recipes for tables, the simplest first."""
    names = [name for name in shipped_names() if name.endswith(ENDING) and Recipe.load(name).data.source == SOURCE]
    return tuple(sorted(names, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name)))


def is_contest(recipe: Any) -> bool:
    """Whether a recipe's name asks for a contest instead."""
    return isinstance(recipe, str) and recipe in AUTO
