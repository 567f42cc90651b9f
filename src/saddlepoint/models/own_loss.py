"""The user's own loss of a one-player game, given by import path or as an object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from saddlepoint.errors import RunError, SettingError
from saddlepoint.networks.own import import_object
from saddlepoint.networks.settings import OBJECT
from saddlepoint.objectives.phase import Loss

ROLE = "loss"  # of the user's own loss among the objects that a model is built with


def own_loss(objective: str, objects: Mapping[str, Any]) -> Loss | None:
    """Return the user's loss that replaces the family's loss.

    Args:
        objective: the setting `model.objective`.
        objects: the user's objects, by role.

    Returns:
        The loss; None if the user gave none.

    Raises:
        SettingError: there is no such loss, or it cannot be called.
    """
    given = objects.get(ROLE)
    if given is None and ":" not in objective:
        return None
    if given is None and objective.startswith(OBJECT):
        return missing_loss(objective)
    loss: Any = import_object(objective, "model.objective") if given is None else given
    if not callable(loss):
        raise SettingError(
            f"model.objective: a loss is a function of (nets, batch, noise) that returns one cost an example, (B,), and a "
            f"dictionary of observations; got {type(loss).__name__}."
        )
    found: Loss = loss
    return found


def missing_loss(objective: str) -> Callable[..., NoReturn]:
    """Return a placeholder for a loss that was given as an object: the model can be loaded and sampled, but not trained.

    Args:
        objective: the setting `model.objective`, which begins with `OBJECT`.
    """

    def refuse(*_: object) -> NoReturn:
        raise RunError(
            f"This model was trained with a loss that was given as an object ({objective.removeprefix(OBJECT)}), and no file "
            "holds that: give it again with loss=... (sp.resume, sp.train)."
        )

    return refuse
