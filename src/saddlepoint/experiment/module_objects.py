"""Networks and losses that are given as Python objects: a recipe cannot contain them, so it contains the names of their classes.

`network: object:package.Class` in recipe.yaml means a network that was given as an object. It must be given again to load,
resume or repeat the run. `objective: object:package.Class` means a loss, which is needed for training only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from saddlepoint.errors import RunError, SettingError, shortened
from saddlepoint.models.own_loss import ROLE
from saddlepoint.networks.settings import OBJECT, NetworkChoice
from saddlepoint.recipe import Recipe

if TYPE_CHECKING:
    from torch import nn


def with_loss(modules: Mapping[str, nn.Module] | None, loss: object) -> Mapping[str, Any] | None:
    """Return the objects by role, with the user's own loss added.

    Args:
        modules: networks by role.
        loss: the loss; None adds nothing.

    Raises:
        SettingError: the loss is a name, which belongs in the settings of the model.
    """
    if isinstance(loss, str):
        raise SettingError(
            f"loss takes your own loss as an object, not a name; name a loss in the settings of the model: "
            f'model={{"objective": {shortened(json.dumps(loss))}}}.'
        )
    return modules if loss is None else {**(modules or {}), ROLE: loss}


def named(recipe: Recipe, modules: Mapping[str, nn.Module] | None) -> Recipe:
    """Return the recipe with the class names of all networks that are given as objects. The model checks the roles."""
    roles = [role for role in modules or {} if isinstance(getattr(recipe.model, role, None), NetworkChoice)]
    classes = {role: type((modules or {})[role]) for role in roles}
    changes = {f"model.{role}.network": f"{OBJECT}{c.__module__}.{c.__qualname__}" for role, c in classes.items()}
    if modules and ROLE in modules:
        loss: Any = modules[ROLE]
        kind = loss if hasattr(loss, "__qualname__") else type(loss)
        changes["model.objective"] = f"{OBJECT}{kind.__module__}.{kind.__qualname__}"
    return recipe.override(changes) if changes else recipe


def require(recipe: Recipe, modules: Mapping[str, nn.Module] | None, where: str) -> None:
    """Check that all objects that the recipe needs are given.

    Args:
        recipe: the run's.
        modules: the objects by role.
        where: the name of the run in the error message.

    Raises:
        RunError: an object is missing, or the training loop was the user's own.
    """
    require_our_loop(recipe, where)
    missing = {
        role: settings.network.removeprefix(OBJECT)
        for role, settings in recipe.model
        if isinstance(settings, NetworkChoice) and settings.network.startswith(OBJECT) and role not in (modules or {})
    }
    if missing:
        classes = " and ".join(f"{role} ({name})" for role, name in missing.items())
        example = ", ".join(f'"{role}": ...' for role in missing)
        flags = " ".join(f"--network {role}=PACKAGE.MODULE:NAME" for role in missing)
        raise RunError(
            f"{where} was trained with networks that were given as objects, and no file holds those: {classes}. "
            f"In Python, give them again: modules={{{example}}}. To sample, evaluate, resume or report on the command line, "
            f"name functions without arguments that make them: {flags}. To train again there, name classes: "
            "--model.ROLE.network PACKAGE.MODULE:CLASS."
        )


def require_our_loop(recipe: Recipe, where: str) -> None:
    """Check that the run was not trained by the user's own loop.

    Args:
        recipe: the run's.
        where: the name of the run in the error message.

    Raises:
        RunError: it was; nothing in the folder can be trained on, loaded or sampled.
    """
    if recipe.model.own_loop:
        raise RunError(
            f"{where} was trained by a loop of your own, which sp.watch recorded, and no file holds its networks. In your script, "
            "watch.model samples, and sp.evaluate(watch.model, data) measures; to train again, run your script."
        )


def require_loss(recipe: Recipe, modules: Mapping[str, Any] | None, where: str) -> None:
    """Check that the loss is given if the recipe needs a loss object for training.

    Args:
        recipe: the run's.
        modules: the objects by role.
        where: the name of the run in the error message.

    Raises:
        RunError: the loss is missing, or the training loop was the user's own.
    """
    require_our_loop(recipe, where)
    objective = getattr(recipe.model, "objective", "")
    if objective.startswith(OBJECT) and ROLE not in (modules or {}):
        raise RunError(
            f"{where} was trained with a loss that was given as an object ({objective.removeprefix(OBJECT)}), and no file holds "
            "that. In Python, give it again: loss=... To train on the command line, name it by import path: "
            "--model.objective PACKAGE.MODULE:NAME."
        )
