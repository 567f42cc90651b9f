"""Choose the recipe that generates rows by the contest that `auto-table` holds, instead of by the size of the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from saddlepoint.applications.augment.examples import Examples, Rows
from saddlepoint.errors import SettingError
from saddlepoint.experiment.contest.candidates import AUTO_TABLE, candidates
from saddlepoint.experiment.contest.holding import hold_contest
from saddlepoint.experiment.contest.outcome import Contest
from saddlepoint.experiment.contest.start import MINUTES
from saddlepoint.experiment.contest.trials import contest_request
from saddlepoint.progress.protocol import Report
from saddlepoint.recipe import Recipe
from saddlepoint.recipe.targets import TARGET, with_labels_of_target
from saddlepoint.records.finished_parts import finished_parts

Choice = Callable[[Report | None], tuple[Recipe, Contest]]
"""Holds the contest; returns the winner with the settings that it took part with, and the contest."""


@contextmanager
def choice_by_contest(
    examples: Examples, model: str | Path, steps: int | None, seed: int, keep: Path | None
) -> Iterator[Choice | None]:
    """What chooses the recipe where `model` is "auto-table"; None for other models.

    Args:
        examples: the rows that the contest splits.
        model: as `augment` takes it.
        steps: of training, for every candidate; None for the recipes' own.
        seed: of the contest.
        keep: folder of finished trials, which stays until the block has ended without an interruption: if what follows the contest is
            interrupted, the next call decides by the same trials.

    Raises:
        SettingError: the examples are no table.
    """
    if str(model) != AUTO_TABLE:
        yield None
        return
    if not isinstance(examples, Rows):
        raise SettingError("augment: auto-table chooses among models of tables, and these are images; leave it out.")
    rows = examples
    changes: dict[str, object] = {TARGET: rows.target}
    if steps is not None:
        changes["training.steps"] = steps
    recipes = [
        with_labels_of_target(Recipe.load(name).override(changes, where="augment"), changes) for name in candidates()
    ]
    seconds = 60 * MINUTES

    def request() -> str:
        return contest_request(rows.frame, rows.schema, recipes, seed, seconds)

    with finished_parts(keep, "augment", request) as kept:

        def choose(report: Report | None) -> tuple[Recipe, Contest]:
            held = hold_contest(rows.frame, rows.schema, recipes, seed=seed, seconds=seconds, keep=kept, report=report)
            return next(recipe for recipe in recipes if recipe.name == held.winner), held

        yield choose
