"""Which changes of settings a recipe accepts, so that a remedy is offered only where training could go on with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from saddlepoint import models
from saddlepoint.errors import SettingError, TrustError
from saddlepoint.recipe import Recipe
from saddlepoint.recipe.trust import require_trust


class AcceptedChanges:
    """Whether a recipe is valid with changed settings: each by itself, and the parts of its model together.

    Args:
        recipe: without the changes.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._known: dict[str, bool] = {}  # rules are asked again at each tick

    def __call__(self, changes: Mapping[str, Any]) -> bool:
        key = json.dumps(changes, sort_keys=True, default=str)
        if key not in self._known:
            self._known[key] = changed_recipe(self._recipe, changes, "a remedy") is not None
        return self._known[key]


def changed_recipe(recipe: Recipe, changes: Mapping[str, Any], where: str) -> Recipe | None:
    """Return the recipe with these changes; None if they are not valid together with its other settings.

    Parts that the recipe names by import path and that the user does not trust are not imported; then only the values are checked.

    Args:
        recipe: without the changes.
        changes: new values by dotted name.
        where: what changes it, for messages.
    """
    try:
        changed = recipe.override(changes, where=where)
        if any(name.startswith("model.") for name in changes):
            require_trust(changed.model, where=where)
            models.check_settings(changed.model)
    except TrustError:
        return changed
    except SettingError:
        return None
    return changed
