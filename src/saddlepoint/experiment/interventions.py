"""Interventions: changes of settings that `training.cure: auto` made during a run.

cures.jsonl has one line for each intervention. attempts/N/ has the recipe, records, findings and best checkpoint from before
intervention N. recipe.yaml has the settings with which the run continues.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from saddlepoint.recipe import Recipe
from saddlepoint.recipe.earlier_names import current_pairs, has_earlier_names
from saddlepoint.records import RunFolder, change
from saddlepoint.records.schema import number_to_json
from saddlepoint.records.summary import known_cure


@dataclass(frozen=True)
class Intervention:
    """A change of a run's settings in response to a finding, after a return to an earlier step.

    Attributes:
        number: 1, 2, ...
        code: of the finding.
        title: of the finding.
        found: the step at which the finding opened.
        since: the first step for which the finding held.
        returned_to: the step that the run returned to; 0 means that it started again.
        rung: number of the remedy in the code's escalation list (see `saddlepoint.diagnosis.escalation`), under the name that it
            has in cures.jsonl.
        changes: settings by dotted name, (before, after).
    """

    number: int
    code: str
    title: str
    found: int
    since: int
    returned_to: int
    rung: int
    changes: Mapping[str, tuple[Any, Any]]

    def __str__(self) -> str:
        where = f"returned to step {self.returned_to:,}" if self.returned_to else "started again from the first step"
        return (
            f"Intervention {self.number} against {self.code} at step {self.found:,}: {where} with "
            f"{changes_in_words(self.changes)}."
        )

    def settings(self) -> dict[str, Any]:
        """Return the changes as overrides of a recipe."""
        return {name: after for name, (_, after) in self.changes.items()}

    def to_json(self) -> dict[str, Any]:
        """Return one line of cures.jsonl."""
        line: dict[str, Any] = number_to_json(asdict(self))
        return line

    @classmethod
    def from_json(cls, line: Mapping[str, Any], recipe: Mapping[str, Any]) -> Intervention:
        """Return the intervention from the result of `to_json`. Settings get their current names.

        Args:
            line: of cures.jsonl, checked by `RunFolder.read_cures`.
            recipe: the nested settings of the run before the intervention, which determine the current name of an earlier one.
        """
        changes = {name: (before, after) for name, (before, after) in line["changes"].items()}
        return cls(**{**known_cure(line), "changes": current_pairs(changes, recipe, "cures.jsonl")})


def read_interventions(folder: RunFolder) -> list[Intervention]:
    """Return the interventions of a run so far, in order."""
    return [Intervention.from_json(line, _recipe_before(line, folder)) for line in folder.read_cures()]


def _recipe_before(line: Mapping[str, Any], folder: RunFolder) -> Mapping[str, Any]:
    """The nested settings of the run before an intervention; read only if the line has names of earlier versions."""
    if not has_earlier_names(line["changes"]):
        return {}
    archived = RunFolder(folder.attempt(line["number"])).recipe
    path = archived if archived.is_file() else folder.recipe
    return Recipe.load(path).model_dump(mode="json") if path.is_file() else {}


def changes_in_words(changes: Mapping[str, tuple[Any, Any]]) -> str:
    """Return changed settings as one phrase.

    Args:
        changes: settings by dotted name, (before, after).
    """
    return ", ".join(f"{name} {change(name, before, after)}" for name, (before, after) in changes.items())
