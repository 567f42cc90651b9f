"""Set up the diagnosis of a run from its recipe: its objective, and the settings that rules use."""

from __future__ import annotations

from typing import Any

from saddlepoint.diagnosis import Diagnosis, Facts
from saddlepoint.diagnosis.rules import RULES
from saddlepoint.experiment.accepted_changes import AcceptedChanges
from saddlepoint.recipe import Recipe


def start_diagnosis(recipe: Recipe, precision: str | None = None, classes: int | None = None) -> Diagnosis:
    """Set up the diagnosis of a run at its first step.

    Args:
        recipe: the run's recipe.
        precision: the precision of the run, if the setting is "auto".
        classes: number of classes in the data, 0 without labels; None if it is unknown.

    Returns:
        A diagnosis without any records yet.
    """
    if recipe.model.own_loop:
        return Diagnosis(recipe.model.objective_names, RULES, _facts_of_own_loop(recipe))
    settings = {entry.name: value for entry, value in recipe.settings()} | resolved_settings(precision)
    facts = Facts(steps=recipe.training.steps, settings=settings, accepts=AcceptedChanges(recipe, classes))
    return Diagnosis(recipe.model.objective_names, RULES, facts)


def _facts_of_own_loop(recipe: Recipe) -> Facts:
    """The facts of a run whose training loop is the user's own.

    The recipe's other settings are defaults that nothing was trained with: no rule may judge or change them.
    """
    steps = None if recipe.model.is_open_ended else recipe.training.steps
    return Facts(steps=steps, settings={"model.family": recipe.model.family}, accepts=lambda changes: False)


def resolved_settings(precision: str | None) -> dict[str, Any]:
    """Return the values that a run chose for settings that may be "auto", by dotted name."""
    return {} if precision is None else {"training.precision": precision}
