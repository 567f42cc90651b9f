"""The cost of a training step relative to that of another recipe, in CPU seconds, so that other processes count little."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Any

FEW, MANY, ROUNDS = 25, 150, 3


@dataclass(frozen=True)
class Cost:
    """CPU seconds of a step of a recipe over those of a step of the other one; the median of rounds that time both in turn."""

    ratio: float


def measure_cost(recipe: Any, other: Any, *, few: int = FEW, many: int = MANY, rounds: int = ROUNDS) -> Cost:
    """Time steps of two recipes in turn, without a run's folder, diagnosis and pictures.

    Args:
        recipe: a `Recipe`.
        other: the recipe to compare with.
        few: steps of the run whose time is subtracted, because it contains everything but the other run's further steps.
        many: steps of the other run.
        rounds: how often.
    """
    ratios = [_step(recipe, few, many) / _step(other, few, many) for _ in range(rounds)]
    return Cost(statistics.median(ratios))


def _step(recipe: Any, few: int, many: int) -> float:
    """CPU seconds of a step."""
    from tables.bare_runs import train_bare

    taken = []
    for steps in (few, many):
        began = time.process_time()
        train_bare(recipe.override({"training.steps": steps}))
        taken.append(time.process_time() - began)
    return max(taken[1] - taken[0], 1e-9) / (many - few)
