"""What a rule may know of a run beside its series: how long it is to be, what it minimises, how it is set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BEGUN, EARLIEST = 0.1, 200  # share of the run, steps


@dataclass(frozen=True)
class Facts:
    """objectives: the names that rules declare: the family ("gan") and the objective ("non-saturating").

    steps: the run's last step; None where that is not known (a log of somebody else's that still grows).
    settings: the recipe's, by dotted name (`{"model.latent": 3}`); empty where there is no recipe.
    """

    objectives: frozenset[str] = frozenset()
    steps: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def progress(self, step: int) -> float:
        """The share of the run that is done at `step`, in [0, 1]; 1 where its length is not known."""
        return min(step / self.steps, 1.0) if self.steps else 1.0

    def begun(self, step: int) -> bool:
        """Whether a player may be judged at `step`: after a tenth of the run, and in a run of ours no earlier than step 200.

        In fewer steps one player may well be ahead, and samples may lie anywhere.
        """
        return self.progress(step) >= BEGUN and (step >= EARLIEST or not self.settings)

    def remedy(self, **changes: Any) -> dict[str, Any] | None:
        """The changes ("model__packing" for `model.packing`) to settings that this run has and that differ from them;
        None where nothing is left to change. Without a recipe, all of them."""
        named = {name.replace("__", "."): value for name, value in changes.items()}
        if self.settings:
            named = {n: value for n, value in named.items() if n in self.settings and self.settings[n] != value}
        return named or None
