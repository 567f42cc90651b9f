"""Suggest changes of settings for a finding: its next remedy that is valid together with the rest of the recipe."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from saddlepoint.diagnosis.escalation import next_remedy
from saddlepoint.experiment.accepted_changes import changed_recipe
from saddlepoint.experiment.interventions import changes_in_words
from saddlepoint.recipe import Recipe
from saddlepoint.recipe.earlier_names import current_changes
from saddlepoint.records import Finding, options


@dataclass(frozen=True)
class Suggestion:
    """Changes of settings that remedy one finding.

    Attributes:
        code: of the finding.
        number: of the remedy in the code's escalation list (see `saddlepoint.diagnosis.escalation`).
        changes: settings by dotted name, (before, after).
        recipe: the recipe with these changes.
    """

    code: str
    number: int
    changes: Mapping[str, tuple[Any, Any]]
    recipe: Recipe

    def __str__(self) -> str:
        return changes_in_words(self.changes)

    def __repr__(self) -> str:
        return f"Suggestion({self.code}: {self})"

    @property
    def flags(self) -> str:
        """The changes as options of the command line."""
        return options({name: after for name, (_, after) in self.changes.items()})


def suggest_remedy(
    recipe: Recipe,
    finding: Finding,
    tried: Collection[int] = (),
    failed: Collection[Recipe] = (),
    resolved: Mapping[str, Any] = MappingProxyType({}),
    classes: int | None = None,
) -> Suggestion | None:
    """Return the next remedy of a finding that is valid together with the other settings.

    Args:
        recipe: of the run.
        finding: the finding to remedy.
        tried: indexes of the remedies that were already tried for the finding's code.
        failed: recipes that must not be tried again.
        resolved: the values that the run chose for settings that are "auto"; setting such a value is not a remedy.
        classes: number of classes in the data, 0 without labels; None if it is unknown.

    Returns:
        The suggestion; None if no remedy is left.
    """
    current = settings_of(recipe)
    if finding.remedy:  # a run of an earlier version may have recorded it
        content = recipe.model_dump(mode="json")
        finding = replace(finding, remedy=current_changes(finding.remedy, content, f"the remedy of {finding.code}"))
    accepted: list[Recipe] = []  # the search ends with the first

    def accepts(changes: Mapping[str, Any]) -> bool:
        changed = changed_recipe(recipe, changes, f"the remedy of {finding.code}", classes)
        if changed is None or changed in failed:
            return False
        accepted.append(changed)
        return True

    following = next_remedy(finding, {**current, **resolved}, tried, accepts)
    if following is None:
        return None
    number, changes = following
    pairs = {name: (current[name], after) for name, after in changes.items()}
    return Suggestion(finding.code, number, pairs, accepted[0])


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """Return all settings of a recipe by dotted name."""
    return {entry.name: value for entry, value in recipe.settings()}
