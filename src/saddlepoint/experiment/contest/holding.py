"""Hold a contest: train the candidates on splits of the rows, drop those that are far behind, and compare the others in pairs.

What a candidate is scored by depends on seeds alone. The time budget decides which candidates are too slow to take part, and how many
splits there are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from saddlepoint.data.tabular.schema import Schema
from saddlepoint.errors import DataError
from saddlepoint.evaluation.statistics.intervals import Interval, split_interval
from saddlepoint.experiment.contest.generation import generate_rows
from saddlepoint.experiment.contest.outcome import Contest, Entry
from saddlepoint.experiment.contest.scoring import Score, score_rows
from saddlepoint.experiment.contest.splits import SHARE, Split, split_rows
from saddlepoint.experiment.contest.trials import Trials
from saddlepoint.recipe import Recipe
from saddlepoint.records.finished_parts import Keep

if TYPE_CHECKING:
    import pandas as pd

    from saddlepoint.progress.protocol import Report

LEAST_ROWS = 30  # below, a contest says nothing
SPLITS = 5
FIRST = 0.6  # share of the time that the first split may take
STAY = (
    (0.3, 4),
    (0.2, 3),
)  # after the first and second split: loss above the least, and how many candidates stay at most
Losses = Mapping[str, list[float]]


def hold_contest(
    frame: pd.DataFrame,
    schema: Schema,
    recipes: Sequence[Recipe],
    *,
    seed: int = 0,
    seconds: float = 300.0,
    keep: Keep | None = None,
    report: Report | None = None,
) -> Contest:
    """Find the recipe whose rows are closest to real ones.

    Args:
        frame: the training rows. No others are used.
        schema: of the table, with its target.
        recipes: the candidates, the simplest first.
        seed: of the splits, the training and the rows.
        seconds: the time budget, for all splits.
        keep: where finished trials are kept, so that an interrupted contest does not repeat them; None keeps none.
        report: receives the progress.

    Raises:
        DataError: no candidate could be tried.
    """
    trials = Trials(keep)
    by_name = {recipe.name: recipe for recipe in recipes}
    if len(frame) < LEAST_ROWS:
        first = recipes[0].name
        return Contest(first, first, None, None, (), 0, len(frame), {}, {}, 0.0, seconds)
    scores: dict[str, list[Score]] = {name: [] for name in by_name}
    losses: dict[str, list[float]] = {name: [] for name in by_name}
    spent = dict.fromkeys(by_name, 0.0)
    failed: dict[str, str] = {}
    real: list[Score] = []
    active = list(by_name)
    for number in range(SPLITS):
        left = seconds - trials.elapsed
        # A split that an earlier call began had the time.
        begun = trials.is_kept(active[0], number)
        if number and not begun and left < sum(spent[name] / number for name in active):
            break
        split = split_rows(frame, schema, number, seed)
        real.append(score_rows(split.trained, split, schema))
        ends = trials.elapsed + FIRST * left
        contenders = tuple(active)
        for place, name in enumerate(contenders):
            if report is not None:
                done = (number + place / len(contenders)) / SPLITS
                report(f"contest, split {number + 1} of at most {SPLITS}: {name}", done)
            # Who took part in the first split has the time for the others: the quick ones leave more to those that follow.
            allowed = math.inf if number else max((ends - trials.elapsed) / (len(contenders) - place), 0.0)
            trial = trials.run(name, number, partial(_score, by_name[name], split, schema, allowed))
            if trial.score is None:
                failed[name] = trial.failure
                active.remove(name)
                continue
            scores[name].append(trial.score)
            spent[name] += trial.seconds
            losses[name].append(trial.score.loss(real[-1]))
        if not active:
            raise DataError(
                f"auto-table: no recipe could be tried: {'; '.join(f'{name}: {why}' for name, why in failed.items())}."
            )
        if number < len(STAY):
            active = _closest(active, losses, *STAY[number])
    winner, rival, behind = _decide(active, losses)
    best = _by_loss(active, losses)[0]
    ranked = [*_by_loss(active, losses), *_by_loss([n for n in by_name if n not in active and losses[n]], losses)]
    entries = tuple(
        Entry(
            name,
            float(np.mean(losses[name])),
            float(np.mean([score.wasserstein for score in scores[name]])),
            _mean_f1(scores[name]),
            len(losses[name]),
            spent[name] / len(losses[name]),
        )
        for name in ranked
    )
    of_real = {"wasserstein": float(np.mean([score.wasserstein for score in real])), "macro_f1": _mean_f1(real)}
    return Contest(
        winner, best, rival, behind, entries, len(real), len(frame), of_real, failed, trials.elapsed, seconds
    )


def _score(recipe: Recipe, split: Split, schema: Schema, allowed: float) -> Score:
    """Train a candidate on a split within the seconds that are allowed, and score its rows."""
    (rows,) = generate_rows(recipe, split.trained, schema, seed=split.number, seconds=allowed)
    return score_rows(rows, split, schema)


def _by_loss(names: Sequence[str], losses: Losses) -> list[str]:
    return sorted(names, key=lambda name: float(np.mean(losses[name])))


def _closest(names: Sequence[str], losses: Losses, above: float, most: int) -> list[str]:
    """The candidates that stay, in their order: at most `most`, with losses at most `above` the least; but two at least, to compare."""
    ranked = _by_loss(names, losses)
    least = np.mean(losses[ranked[0]])
    return [
        name
        for name in names
        if name in ranked[:2] or (name in ranked[:most] and np.mean(losses[name]) <= least + above)
    ]


def _decide(names: Sequence[str], losses: Losses) -> tuple[str, str | None, Interval | None]:
    """The winner, its rival, and by how much the rival is behind the best one.

    The simplest candidate that is not shown to be worse than the best one wins; the names are in the order of simplicity.
    """
    ranked = _by_loss(names, losses)
    best = ranked[0]
    if len(ranked) == 1:
        return best, None, None
    if len(losses[best]) < 2:
        return names[0], ranked[1] if names[0] == best else names[0], None
    for name in names[: names.index(best)]:
        behind = _difference(losses[name], losses[best])
        if behind.low <= 0:
            return name, name, behind
    return best, ranked[1], _difference(losses[ranked[1]], losses[best])


def _difference(worse: Sequence[float], better: Sequence[float]) -> Interval:
    """The mean difference of losses on the same splits, with an interval for splits that share rows."""
    paired = torch.tensor(worse, dtype=torch.float64) - torch.tensor(better, dtype=torch.float64)
    return split_interval(paired, SHARE / (1 - SHARE))


def _mean_f1(scores: Sequence[Score]) -> float | None:
    values = [score.macro_f1 for score in scores if score.macro_f1 is not None]
    return float(np.mean(values)) if values else None
