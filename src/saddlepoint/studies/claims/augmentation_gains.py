"""The laboratory of C18: classifiers trained on real, repeated, classically augmented and generated examples, on the same splits.

What `saddlepoint augment` measures, on data sets that come with scikit-learn: within each split the generator and its filter are fitted to the
training examples alone, and every classifier is tested on the same real examples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from saddlepoint.studies.claims.trial import SettingsTrial
from saddlepoint.training.threads import using_threads

if TYPE_CHECKING:
    from saddlepoint.applications.augment.examples import Examples

DATASETS = ("wine", "breast_cancer", "digits")
FIRST = 18  # seed of all splits; other seeds were used while the programs were written
SPLITS = 20
COSTS = {"wine": 3.0, "breast_cancer": 4.0, "digits": 25.0}  # seconds of a split and size on one core
ALL = 0  # stands for all training examples in `sizes`


@dataclass(frozen=True)
class AugmentationGains(SettingsTrial):
    """The comparison on one data set; see `saddlepoint.studies.claims.trial.Trial`.

    Attributes:
        dataset: one of `DATASETS`.
        sizes: numbers of real training examples, of which `ALL` stands for all.
        most: largest number of splits.
    """

    dataset: str
    sizes: tuple[int, ...]
    most: int

    @property
    def weight(self) -> float:
        """Training time relative to other trials."""
        return COSTS[self.dataset] * len(self.sizes) * self.most

    def train(self, seeds: int, *, threads: int, report: Callable[[float], None]) -> GainsOutcome:
        """Measure on splits 0, 1, ...; see `Trial.train`."""
        from saddlepoint.applications.augment.generators import choose_recipe
        from saddlepoint.applications.augment.measuring import Plan, measure_split
        from saddlepoint.applications.augment.settings import alternatives_for
        from saddlepoint.applications.augment.splits import Scenario

        splits = min(seeds, self.most)
        examples = load(self.dataset)
        names = alternatives_for(examples.kind)
        per_class = len(examples) // len(examples.names)  # doubles the training set
        scenarios = tuple(Scenario(size or None) for size in self.sizes)
        plan = Plan(choose_recipe(examples), per_class, splits, scenarios, FIRST)
        scores = torch.zeros(len(names), len(self.sizes), splits, dtype=torch.float64)
        real = torch.zeros(len(self.sizes), dtype=torch.int64)
        with using_threads(threads):
            for split in range(splits):
                for row, scenario in enumerate(scenarios):
                    outcome = measure_split(examples, plan, split, scenario)
                    real[row] = outcome.n
                    scores[:, row, split] = torch.tensor([outcome.scores[name]["macro_f1"] for name in names])
                    report((split + (row + 1) / len(scenarios)) / splits)
        return GainsOutcome(self, names, real, scores)

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> GainsOutcome:
        """Restore the outcome from its `parts()`."""
        return GainsOutcome(self, tuple(facts["names"]), tensors["real"], tensors["scores"])


@dataclass(frozen=True, eq=False)
class GainsOutcome:
    """The results of S splits.

    Attributes:
        setup: the trial.
        names: of the A alternatives.
        real: (L,) int64, real training examples by size.
        scores: (A, L, S) float64, macro F1 on real test examples.
    """

    setup: AugmentationGains
    names: tuple[str, ...]
    real: Tensor
    scores: Tensor

    @property
    def seeds(self) -> int:
        """Number of splits."""
        return self.scores.shape[2]

    def of(self, name: str) -> Tensor:
        """(L, S) scores of an alternative."""
        return self.scores[self.names.index(name)]

    def parts(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return tensors and other values for `restore`."""
        return {"real": self.real, "scores": self.scores}, {"names": list(self.names)}


def load(name: str) -> Examples:
    """The examples of a data set: rows of a table, or images.

    Args:
        name: one of `DATASETS`.
    """
    from saddlepoint.applications.augment.sources import read_examples

    if name == "digits":
        return read_examples(name)
    from sklearn import datasets

    loaded: Any = getattr(datasets, f"load_{name}")(as_frame=True)
    frame = loaded.frame.assign(target=[str(loaded.target_names[code]) for code in loaded.frame["target"]])
    return read_examples(frame, target="target")
