"""When a run is cured while it trains: at once where a failure opens, and after a while where a warning stays."""

from __future__ import annotations

from collections.abc import Sequence

from saddlepoint.diagnosis import Diagnosis
from saddlepoint.experiment.cure import Cure, prescribe
from saddlepoint.experiment.live_diagnosis import resolved_settings
from saddlepoint.recipe import Recipe
from saddlepoint.records import Finding, RunFolder, standing

LONG = 0.25  # of the run, from which on a warning that stands is treated as a failure is
# Of these alone. What is done against others takes a smaller code, ends the run earlier, or eases a KL term that may be meant
# so: after a failure there is nothing to lose by that, after a warning there is.
STAYING = frozenset(
    {"GAN101", "GAN102", "GAN103", "GAN104", "GAN105", "GAN106", "VAE204", "NUM302", "NUM303", "NUM304"}
)


class Treatment:
    """Of one sitting of a run, whose rules are asked by `diagnosis`."""

    def __init__(self, recipe: Recipe, folder: RunFolder, diagnosis: Diagnosis) -> None:
        self._recipe, self._folder, self._diagnosis = recipe, folder, diagnosis
        self._passed: set[tuple[str, int]] = set()  # warnings against which there was nothing to try, by code and step

    def of(self, opened: Sequence[Finding], step: int) -> tuple[Cure, Recipe] | None:
        """What to do at `step`, with the recipe to go on by; None for nothing. opened: the findings that have just opened."""
        if self._recipe.training.cure != "auto":
            return None
        ill = [finding for finding in opened if finding.severity == "failure"] or self._staying(step)
        if ill:  # what was known to be wrong before the first step may be its cause
            ill = [*self._before(), *ill]
        precision = self._diagnosis.facts.settings.get("training.precision")
        found = (prescribe(self._recipe, self._folder, finding, resolved_settings(precision)) for finding in ill)
        return next((cured for cured in found if cured is not None), None)

    def _before(self) -> list[Finding]:
        """What was found before the first step and still stands, with a remedy: settings, data, terms of the loss."""
        stands = standing(self._folder.read_findings())
        return [finding for finding in stands if finding.step == 0 and finding.remedy and finding.severity == "failure"]

    def _staying(self, step: int) -> list[Finding]:
        least = LONG * self._recipe.training.steps
        standing = [f for code, f in self._diagnosis.found.items() if f.severity == "warning" and code in STAYING]
        long = [finding for finding in standing if step - finding.step >= least]
        fresh = [finding for finding in long if (finding.code, finding.step) not in self._passed]
        self._passed |= {(finding.code, finding.step) for finding in fresh}
        return fresh
