"""The trials of benchmarks/augmentation.py: data sets, scenarios, one split of one scenario, and its outcome.

In every scenario without imbalance the generated examples double the training set; with imbalance they fill every class up to the largest.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from saddlepoint.applications.augment.examples import Examples
from saddlepoint.applications.augment.generators import choose_recipe
from saddlepoint.applications.augment.measuring import Outcome, Plan, measure_split
from saddlepoint.applications.augment.sources import read_examples
from saddlepoint.applications.augment.splits import Scenario
from tables.outcomes import hashed_key

SPLITS = 20
SEED = 1  # of all splits; those of seed 0 were seen while the programs were written
VERSION = 1  # of outcomes: to be counted up when the measurement changes
DATA: dict[str, tuple[Scenario, ...]] = {
    "wine": (Scenario(), Scenario(30), Scenario(None, 10)),
    "breast cancer": (Scenario(), Scenario(40), Scenario(None, 10)),
    "titanic": (Scenario(), Scenario(100), Scenario(None, 10)),
    "default": (Scenario(4_000), Scenario(500), Scenario(4_000, 10)),
    "digits": (Scenario(), Scenario(100), Scenario(None, 10)),
    "mnist": (Scenario(5_000), Scenario(1_000), Scenario(100), Scenario(1_000, 10)),
}
TARGETS = {"titanic": "survived", "default": "default"}  # tables in $SADDLEPOINT_DATA


@dataclass(frozen=True)
class Trial:
    """One split of a data set in one scenario.

    Attributes:
        data: name of the data set.
        scenario: which training examples.
        split: its number.
        model: recipe of the generator; "auto" chooses.
        quick: least work, to see that it runs.
    """

    data: str
    scenario: Scenario
    split: int
    model: str = "auto"
    quick: bool = False

    @property
    def key(self) -> str:
        """The key of its outcome."""
        name = f"{self.data}-{self.scenario.n or 'all'}-{self.scenario.imbalance}-{self.split}"
        return hashed_key(name, VERSION, asdict(self))


def trials(data: list[str], splits: int, model: str, *, quick: bool) -> list[Trial]:
    """All trials: a split of every data set and scenario, then the next split."""
    return [
        Trial(name, scenario, split, model, quick)
        for split in range(1 if quick else splits)
        for name in data
        for scenario in DATA[name][: 1 if quick else None]
    ]


def run(trial: Trial) -> Outcome:
    """Measure all alternatives on the split."""
    import torch

    torch.set_num_threads(1)
    examples = load(trial.data)
    recipe = choose_recipe(examples, trial.model, 2 if trial.quick else None)
    per_class = max(1, len(examples) // len(examples.names))  # as many as there are: the training set is doubled
    scenario = Scenario(60) if trial.quick else trial.scenario
    return measure_split(examples, Plan(recipe, per_class, SPLITS, (scenario,), SEED), trial.split, scenario)


@cache
def load(name: str) -> Examples:
    """The examples of a data set; raises KeyError for a table without $SADDLEPOINT_DATA."""
    if name in ("digits", "mnist"):
        return read_examples(name)
    if name in TARGETS:
        return read_examples(Path(os.environ["SADDLEPOINT_DATA"]) / "tables" / f"{name}.csv", target=TARGETS[name])
    from sklearn import datasets

    loaded: Any = getattr(datasets, f"load_{name.replace(' ', '_')}")(as_frame=True)
    frame = loaded.frame.assign(target=[str(loaded.target_names[code]) for code in loaded.frame["target"]])
    return read_examples(frame, target="target")
