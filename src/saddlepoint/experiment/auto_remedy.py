"""Decide which intervention a run needs: immediately when a failure opens, and later if a warning stays active."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from saddlepoint.diagnosis import Diagnosis
from saddlepoint.diagnosis.escalation import UNUSUAL_RATES
from saddlepoint.experiment.interventions import Intervention, read_interventions
from saddlepoint.experiment.live_diagnosis import resolved_settings
from saddlepoint.experiment.rollback import last_healthy_step
from saddlepoint.experiment.suggestion import settings_of, suggest_remedy
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, RunFolder, active_findings

LONG = 0.25  # share of the run for which a warning has to stay active before it is treated like a failure
SOON = 0.25  # share of the run within which a failure that follows an intervention is taken to have the same cause
# Warnings against which a run intervenes. Remedies of the others take a smaller code, end the run earlier, or weaken a KL term
# that may be intended: after a failure there is nothing to lose by that, after a warning there is.
PERSISTENT_WARNINGS = frozenset(
    {"GAN101", "GAN102", "GAN103", "GAN104", "GAN105", "GAN106", "VAE204", "NUM302", "NUM303", "NUM304"}
)


@dataclass(frozen=True)
class PlannedIntervention:
    """An intervention that has not been applied yet.

    Attributes:
        intervention: the change of settings.
        recipe: to continue with.
    """

    intervention: Intervention
    recipe: Recipe


class AutoRemedy:
    """Plans interventions for one session (`training.cure: auto`)."""

    def __init__(self, recipe: Recipe, folder: RunFolder, diagnosis: Diagnosis, classes: int | None = None) -> None:
        """Plan interventions for one run.

        Args:
            recipe: the run's.
            folder: the run's.
            diagnosis: whose active findings decide.
            classes: number of classes in the data, 0 without labels; None if it is unknown.
        """
        self._recipe, self._folder, self._diagnosis, self._classes = recipe, folder, diagnosis, classes
        self._considered: set[tuple[str, int]] = set()  # warnings by code and step, so that each is considered once

    def plan(self, opened: Sequence[Finding], step: int) -> PlannedIntervention | None:
        """Return the intervention to apply now.

        Args:
            opened: the findings that opened at this step.
            step: steps done.

        Returns:
            The intervention; None if nothing needs to change, or if no remedy is left.
        """
        if self._recipe.training.cure != "auto":
            return None
        targets = [finding for finding in opened if finding.severity == "failure"] or self._persistent_warnings(step)
        if targets:  # a failure that was known before the first step may be the cause
            targets = [*self._failures_before_training(), *targets]
        resolved = resolved_settings(self._diagnosis.facts.settings.get("training.precision"))
        plans = (plan_intervention(self._recipe, self._folder, finding, resolved, self._classes) for finding in targets)
        return next((plan for plan in plans if plan is not None), None)

    def _failures_before_training(self) -> list[Finding]:
        """The active failures of step 0 that have a remedy: mistakes in settings, data, or terms of the loss."""
        active = active_findings(self._folder.read_findings())
        return [finding for finding in active if finding.step == 0 and finding.remedy and finding.severity == "failure"]

    def _persistent_warnings(self, step: int) -> list[Finding]:
        shortest = LONG * self._recipe.training.steps
        active = self._diagnosis.found.items()
        warnings = [f for code, f in active if f.severity == "warning" and code in PERSISTENT_WARNINGS]
        long = [finding for finding in warnings if step - finding.step >= shortest]
        new = [finding for finding in long if (finding.code, finding.step) not in self._considered]
        self._considered |= {(finding.code, finding.step) for finding in new}
        return new


def plan_intervention(
    recipe: Recipe,
    folder: RunFolder,
    finding: Finding,
    resolved: Mapping[str, Any],
    classes: int | None = None,
) -> PlannedIntervention | None:
    """Plan an intervention against one finding.

    Args:
        recipe: the run's current recipe.
        folder: the run's.
        finding: the finding to remedy.
        resolved: the values that the run chose for settings that are "auto".
        classes: number of classes in the data, 0 without labels; None if it is unknown.

    Returns:
        The intervention; None if the run already had `training.cures` interventions, or if no remedy is left.
    """
    earlier = read_interventions(folder)
    if len(earlier) >= recipe.training.cures:
        return None
    same = [intervention for intervention in earlier if intervention.code == finding.code]
    reverted = _reverted(same, settings_of(recipe))
    archived = (RunFolder(folder.attempt(intervention.number)).recipe for intervention in earlier)
    failed = [recipe, *(Recipe.load(path) for path in archived if path.is_file())]
    tried = [intervention.rung for intervention in same]
    suggested = suggest_remedy(recipe.override(reverted), finding, tried, failed, resolved, classes)
    if suggested is None:
        return None
    current, changed = settings_of(recipe), settings_of(suggested.recipe)
    changes = {
        name: (current.get(name), changed[name])
        for name in (*reverted, *suggested.changes)
        if name in changed and current.get(name) != changed[name]
    }
    since = int(finding.evidence.get("window", [finding.step])[0])
    # A remedy that shortens the run has no effect after a return to a step beyond the new last step.
    before = min(since, suggested.recipe.training.steps + 1)
    # Start again where returning a little has not helped, and where all was trained at an unusable learning rate.
    soon = bool(earlier) and finding.severity == "failure" and since - earlier[-1].found < SOON * recipe.training.steps
    step = 0 if same or soon or suggested.number == UNUSUAL_RATES else last_healthy_step(folder, before)
    number = len(earlier) + 1
    intervention = Intervention(
        number, finding.code, finding.title, finding.step, since, step, suggested.number, changes
    )
    return PlannedIntervention(intervention, suggested.recipe)


def _reverted(same: Sequence[Intervention], current: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings to restore, since the earlier interventions against the same failure did not help.

    Corrected learning rates are kept, and so are settings that the user changed afterwards.
    """
    reverted: dict[str, Any] = {}
    for intervention in reversed(same):
        for name, (before, after) in intervention.changes.items():
            if intervention.rung != UNUSUAL_RATES and reverted.get(name, current.get(name)) == after:
                reverted[name] = before
    return reverted
