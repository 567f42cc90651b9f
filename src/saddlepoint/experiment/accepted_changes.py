"""Which changes of settings a recipe accepts, so that a remedy is offered only where training could go on with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from saddlepoint import models
from saddlepoint.errors import SettingError
from saddlepoint.recipe import Recipe
from saddlepoint.recipe.trust import without_untrusted_parts

MOST_KNOWN = 256  # changes; some contain a value that was measured at one tick


class AcceptedChanges:
    """Whether a recipe is valid with changed settings: each by itself, and the parts of its model together.

    Args:
        recipe: without the changes.
        classes: number of classes in the data, 0 without labels; None if it is unknown.
    """

    def __init__(self, recipe: Recipe, classes: int | None = None) -> None:
        self._recipe, self._classes = recipe, classes
        self._known: dict[str, bool] = {}  # rules are evaluated again at each tick

    def __call__(self, changes: Mapping[str, Any]) -> bool:
        key = json.dumps(changes, sort_keys=True, default=str)
        if key not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[key] = changed_recipe(self._recipe, changes, "a remedy", self._classes) is not None
        return self._known[key]


def changed_recipe(recipe: Recipe, changes: Mapping[str, Any], where: str, classes: int | None = None) -> Recipe | None:
    """Return the recipe with these changes; None if they are not valid together with its other settings.

    Losses and other parts that the recipe names by import path are imported if they are trusted. A part that is not trusted is
    left out, and the others are checked among themselves. Networks are not imported. Changes with which a part fails are not valid.

    Args:
        recipe: without the changes.
        changes: new values by dotted name.
        where: what changes it, for messages.
        classes: number of classes in the data, 0 without labels; None if it is unknown.
    """
    try:
        changed = recipe.override(changes, where=where)
        if any(name.startswith("model.") for name in changes):
            checked = without_untrusted_parts(changed.model)
            # A condition that is left out may use labels, so that those that are left do not say whether the game has them.
            has_all_conditions = getattr(checked, "condition", None) == getattr(changed.model, "condition", None)
            models.check_settings(checked, classes if has_all_conditions else None)
    except SettingError:
        return None
    return changed
