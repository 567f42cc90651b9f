"""The quality of the untrained model, of the newest measurement, and of the best measured step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from saddlepoint.evaluation.monitors import quality
from saddlepoint.recipe import Recipe, shipped_names
from saddlepoint.report.words import better_step

SHORT = 0.5  # of the steps of a ready-made recipe, below which a run has hardly trained


class BestStep:
    """Compares every measurement with the best one so far.

    Attributes:
        best: {"step", "series", "value"} of the best step; None if no step was better than the untrained model so far.
        first: the quality series of the untrained model; None if it was not measured.
        last: the newest value of the quality series; None if it was not measured.
        precision: the newest precision; None if it was not measured.
    """

    def __init__(self) -> None:
        """Start before the first measurement."""
        self.best: dict[str, Any] | None = None
        self.first: float | None = None
        self.last: float | None = None
        self.precision: float | None = None
        self._best_shares: Tensor | None = None
        self._last_shares: Tensor | None = None
        self._untrained: dict[str, float] = {}

    def to_json(self) -> dict[str, Any]:
        """Return the state as JSON values, for a checkpoint."""
        return {
            "best": self.best,
            "best_shares": None if self._best_shares is None else self._best_shares.tolist(),
            "last_shares": None if self._last_shares is None else self._last_shares.tolist(),
            "first_quality": self.first,
            "last_quality": self.last,
            "last_precision": self.precision,
            "untrained": self._untrained,
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Restore the state from the result of `to_json`."""
        self.best, self.first, self.last = saved["best"], saved["first_quality"], saved["last_quality"]
        self._untrained, self.precision = saved["untrained"], saved.get("last_precision")
        best, last = (saved.get(name) for name in ("best_shares", "last_shares"))
        self._best_shares = None if best is None else torch.tensor(best, dtype=torch.float64)
        self._last_shares = None if last is None else torch.tensor(last, dtype=torch.float64)

    def update(self, step: int, values: dict[str, float], shares: Tensor | None, metric: tuple[str, int]) -> None:
        """Compare a measurement with the best one so far.

        Args:
            step: steps done; 0 is the untrained model.
            values: the measured series.
            shares: contributions of the samples to the quality series, for its standard error; None without samples.
            metric: the series by which the model is selected, and 1 if larger values are better, -1 if smaller ones are. If it
                was not measured, the quality series is used instead.
        """
        self.last, self.precision = values.get(quality.SERIES), values.get(quality.PRECISION)
        self._last_shares = shares
        if step == 0:
            self.first, self._untrained = self.last, values
        name, sign = metric if metric[0] in values else (quality.SERIES, -1)
        value = values.get(name, math.nan)
        comparable = self.best is None or self.best["series"] == name
        reference = self._untrained.get(name, math.nan) if self.best is None else self.best["value"]
        better = not math.isfinite(reference) or sign * value > sign * reference
        if step > 0 and math.isfinite(value) and comparable and better:
            self.best = {"step": step, "series": name, "value": value}
            self._best_shares = shares if name == quality.SERIES else None

    def mark_not_finite(self) -> None:
        """Record that the newest weights are not finite, so that nothing was measured."""
        self.last, self.precision, self._last_shares = math.nan, None, None

    def summary_entry(self) -> dict[str, Any] | None:
        """Return `best` for summary.json.

        If it was selected by the quality series and is not the last measurement, it also has "behind", the difference by which
        the last measurement is worse, and "behind_error", the standard error of this difference over draws of the noise, which
        both measurements share.
        """
        best, last = self._best_shares, self._last_shares
        if self.best is None or best is None or last is None or self.last is None or not math.isfinite(self.last):
            return self.best
        error = quality.standard_error(last - best)
        return {**self.best, "behind": self.last - self.best["value"], "behind_error": error}


def step_to_take(
    best: Mapping[str, Any] | None, last: int, distances: Mapping[str, float | None], recipe: Recipe
) -> int | None:
    """Return the best step if its checkpoint should be used instead of the last one; None if longer training may help more.

    Args:
        best: from `BestStep.summary_entry`.
        last: the last step.
        distances: the field "quality" of the summary.
        recipe: the run's.
    """
    step = better_step(best, last)
    return None if step is None or has_hardly_trained(best, last, distances, recipe) else step


def has_hardly_trained(
    best: Mapping[str, Any] | None, last: int, distances: Mapping[str, float | None], recipe: Recipe
) -> bool:
    """Return whether a run is so short that the differences between its checkpoints say little about what training can reach.

    Args:
        best: from `BestStep.summary_entry`.
        last: the last step.
        distances: the field "quality" of the summary.
        recipe: the run's.
    """
    if recipe.name in shipped_names() and last < SHORT * Recipe.load(recipe.name).training.steps:
        return True
    if best is not None and best["series"] == quality.SERIES:
        distances = {**distances, "last": best["value"]}
    way = quality.share_of_the_way(distances)
    return way is not None and way < quality.HALF_WAY
