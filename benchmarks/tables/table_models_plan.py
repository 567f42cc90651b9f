"""The trials of benchmarks/table_models.py: a data set, a split and a model, under the protocol of ForestDiffusion's comparison.

80 % of the rows, stratified by class, are trained on, with split seeds 0 to 2. A model generates 5 sets of as many rows, with the classes of
the training rows. W is the exact 1-Wasserstein distance of a set to the test rows (min-max scaled, indicators halved); F1 is the mean over four
classifiers of the macro F1 on the test rows after training on a set. A random forest is fitted 5 times; the others do not depend on
the seed. scikit-learn's HistGradientBoosting stands for XGBoost.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np

from tables.outcomes import hashed_key

DATA = ("iris", "wine", "breast cancer")
SPLITS, SETS, FORESTS = 3, 5, 5
TEST = 0.2
ORACLE, AUTO = "training rows", "auto"
CONTEST_SECONDS = 1_200.0  # so that no recipe is left out where other programs slow the machine down


@dataclass(frozen=True)
class Trial:
    """One model on one split of one data set.

    Attributes:
        data: one of `DATA`.
        model: a recipe, "auto" for the winner of a contest on the training rows, or "training rows".
        seed: of the split, the training and the rows.
        quick: two steps and one set, to see that it runs.
    """

    data: str
    model: str
    seed: int
    quick: bool = False

    @property
    def key(self) -> str:
        """The key of its outcome."""
        decisive: list[Any] = [asdict(self)]
        if self.model not in (ORACLE, AUTO):
            decisive.append(_recipe(self.model).model_dump(mode="json", exclude={"description", "evaluation"}))
        return hashed_key(f"{self.data}-{self.model}-{self.seed}", *decisive)


@dataclass(frozen=True)
class Outcome:
    """What a trial measured.

    Attributes:
        wasserstein, macro_f1: of each set.
        recipe: that was trained, which tells what `auto` chose.
        contest: what the contest said; empty without one.
        seconds: of the whole trial.
    """

    wasserstein: tuple[float, ...]
    macro_f1: tuple[float, ...]
    recipe: str
    contest: str
    seconds: float


def run(trial: Trial) -> Outcome:
    """Train, generate and score."""
    from sklearn.model_selection import train_test_split

    from saddlepoint.data.tabular.infer import infer_schema
    from saddlepoint.experiment.contest.candidates import candidates
    from saddlepoint.experiment.contest.generation import generate_rows
    from saddlepoint.experiment.contest.holding import hold_contest

    began = time.perf_counter()
    frame = load(trial.data)
    train, test = train_test_split(frame, test_size=TEST, random_state=trial.seed, stratify=frame["target"])
    train, test = train.reset_index(drop=True), test.reset_index(drop=True)
    schema = infer_schema(train).model_copy(update={"target": "target"})
    sets, name, said = 1 if trial.quick else SETS, trial.model, ""
    if name == AUTO:
        recipes = [_recipe(one, quick=trial.quick) for one in candidates()]
        seconds = 10.0 if trial.quick else CONTEST_SECONDS
        contest = hold_contest(train, schema, recipes, seed=trial.seed, seconds=seconds)
        name, said = contest.winner, str(contest)
    if name == ORACLE:
        drawn = [train]
    else:
        drawn = generate_rows(_recipe(name, quick=trial.quick), train, schema, seed=trial.seed, sets=sets)
    scores = [score(rows, train, test, schema) for rows in drawn]
    spent = time.perf_counter() - began
    return Outcome(tuple(w for w, _ in scores), tuple(f1 for _, f1 in scores), name, said, spent)


def score(rows: Any, train: Any, test: Any, schema: Any) -> tuple[float, float]:
    """W and macro F1 of a set of rows."""
    from saddlepoint.evaluation.tables.classifiers import DOWNSTREAM
    from saddlepoint.evaluation.tables.downstream import downstream_scores
    from saddlepoint.evaluation.tables.transport import table_wasserstein

    by_model = []
    for name, factory in DOWNSTREAM.items():
        seeds = FORESTS if name == "forest" else 1
        found = downstream_scores(rows, test, schema, "target", models={name: factory}, seeds=seeds)
        by_model.append(np.mean([one.macro_f1 for one in found]))
    return table_wasserstein(rows, test, schema, train), float(np.mean(by_model))


def training_times(rows: int = 1_000) -> dict[str, float]:
    """CPU seconds in which each recipe is trained on rows of wine, drawn with replacement, and draws as many."""
    from saddlepoint.data.tabular.infer import infer_schema
    from saddlepoint.experiment.contest.candidates import candidates
    from saddlepoint.experiment.contest.generation import generate_rows

    frame = load("wine").sample(rows, replace=True, random_state=0, ignore_index=True)
    schema = infer_schema(frame).model_copy(update={"target": "target"})
    times = {}
    for name in candidates():
        began = time.process_time()
        generate_rows(_recipe(name), frame, schema)
        times[name] = time.process_time() - began
    return times


@cache
def load(name: str) -> Any:
    """A data set of scikit-learn as a frame with names of classes in the column target."""
    from sklearn import datasets

    loaded = {
        "iris": datasets.load_iris,
        "wine": datasets.load_wine,
        "breast cancer": datasets.load_breast_cancer,
    }[name](as_frame=True)
    return loaded.frame.assign(target=[str(loaded.target_names[label]) for label in loaded.frame["target"]])


@cache
def _recipe(name: str, *, quick: bool = False) -> Any:
    from saddlepoint.recipe import Recipe
    from saddlepoint.recipe.targets import with_labels_of_target

    changes: dict[str, Any] = {"data.target": "target"} | ({"training.steps": 2} if quick else {})
    return with_labels_of_target(Recipe.load(name).override(changes), changes)


def models(names: Sequence[str] | None = None) -> list[str]:
    """The rows of the table: the training rows, auto, and every recipe for tables."""
    from saddlepoint.experiment.contest.candidates import candidates

    return [name for name in (ORACLE, AUTO, *candidates()) if names is None or name in names]
