"""What a rule may know about a run besides its series: its length, its objective, its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from saddlepoint.diagnosis.fitting_remedies import Accepts, accept_all, first_remedy, fitting_advice
from saddlepoint.diagnosis.remedies import Step
from saddlepoint.diagnosis.traits import traits_of
from saddlepoint.models.settings import FAMILIES

BEGUN, EARLIEST = 0.1, 200  # share of the run, steps


@dataclass(frozen=True)
class Facts:
    """The facts of a run in addition to its series.

    Attributes:
        objectives: the family and the objective by name: {"gan", "non-saturating"}.
        steps: the run's last step; None if it is unknown (the log of another program that is still running).
        settings: of the recipe, by dotted name ({"model.latent": 3}); empty if there is no recipe.
        accepts: whether the recipe is valid with these changes of settings; remedies with others are not offered.
    """

    objectives: frozenset[str] = frozenset()
    steps: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    accepts: Accepts = field(default=accept_all, compare=False, repr=False)

    @cached_property
    def traits(self) -> frozenset[str]:
        """The properties of the objectives (see `saddlepoint.diagnosis.traits`)."""
        return traits_of(self.objectives)

    @cached_property
    def roles(self) -> Mapping[str, str]:
        """The roles of the players by the name that begins their series: {"d": "discriminator"}.

        Players that have no settings of their own are left out.
        """
        families = [FAMILIES[name].settings for name in sorted(self.traits & FAMILIES.keys())]
        return {player: role for family in families for player, role in zip(family.players, family.roles, strict=False)}

    def progress(self, step: int) -> float:
        """Return the share of the run that is done at `step`, in [0, 1]; 1 if its length is unknown."""
        return min(step / self.steps, 1.0) if self.steps else 1.0

    def begun(self, step: int) -> bool:
        """Whether a player may be judged at `step`: after a tenth of the run, and with a recipe not before step 200.

        Earlier, one player may well be ahead of the other, and samples may be anywhere.
        """
        return self.progress(step) >= BEGUN and (step >= EARLIEST or not self.settings)

    def remedy(self, *names: Step | str, **given: Any) -> dict[str, Any] | None:
        """Return the changes of the first of these remedies that changes one of the run's settings.

        Args:
            names: of remedies in `saddlepoint.diagnosis.remedies`; a tuple applies several together.
            given: values that a remedy takes from the measurement, such as `best_step`.

        Returns:
            New values by dotted name; None where no remedy changes anything, and without a recipe.
        """
        return first_remedy(names, self.settings, given, self.accepts)

    def advice(self, *names: str) -> str:
        """Return one sentence that offers the remedies among these that the run accepts, in order.

        Args:
            names: of remedies in `saddlepoint.diagnosis.remedies`.
        """
        return fitting_advice(names, self.settings, self.accepts)
