"""The laboratory of C19: accuracy of generative and discriminative classifiers against the number of training examples.

In each seed a third of a data set is held out for testing, and training sets of growing sizes are taken from the rest, each within the
next. All classifiers get the same sets. The first examples of a set have every class in turn, so that small sets have all classes.

The likelihood of a flow grows without limit at single examples. Gaussian noise on the examples prevents this: the flow then learns a
kernel density estimate, whose width is the deviation of the noise and has to fall as the number of examples grows.

References:
    Noise Regularization for Conditional Density Estimation (Jonas Rothfuss, Fabio Ferreira, Simon Boehm, Simon Walther, Maxim Ulrich,
        Tamim Asfour, Andreas Krause, 2019), https://arxiv.org/abs/1907.08982
    Multivariate Density Estimation: Theory, Practice, and Visualization (David W. Scott, 1992), https://doi.org/10.1002/9780470316849
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from saddlepoint import models
from saddlepoint.data.arrays import from_array
from saddlepoint.data.batches import Batches
from saddlepoint.data.settings import DataSettings
from saddlepoint.models.capabilities import HasPosterior, require
from saddlepoint.models.classical.settings import ClassicalSettings
from saddlepoint.models.flow.settings import FlowSettings
from saddlepoint.models.settings import FamilySettings
from saddlepoint.studies.claims.trial import SettingsTrial, TensorOutcome
from saddlepoint.training.devices import Devices
from saddlepoint.training.loop import play
from saddlepoint.training.settings import OptimiserSettings, TrainingSettings
from saddlepoint.training.state import TrainingState
from saddlepoint.training.threads import using_threads

Numbers = NDArray[np.float64]
Labels = NDArray[np.int64]

DATASETS = ("iris", "wine", "breast_cancer", "digits")
TESTED = 1 / 3  # share of the examples
TREES = 40
LEAVES = (1, 3)  # least examples in a leaf, of which the out-of-bag error chooses
EM_STEPS = 10
RIDGE = 0.1  # added to variances, in units of the variance of a column over all classes
FLOW_STEPS, FLOW_BATCH, FLOW_RATE = 200, 64, 5e-3
FLOW_LAYERS = 4
# The generative models, fitted by this package: settings and training steps. The noise of the flow is that of `scott_width`.
GENERATIVE: dict[str, tuple[FamilySettings, int]] = {
    "naive Bayes": (ClassicalSettings(distribution="naive-bayes", reg_covar=RIDGE, scaling="standard"), 1),
    "mixture": (
        ClassicalSettings(
            distribution="mixture",
            conditional=True,
            components=2,
            covariance="diagonal",
            reg_covar=RIDGE,
            scaling="standard",
        ),
        EM_STEPS,
    ),
}
if importlib.util.find_spec("zuko") is not None:  # which flows need
    GENERATIVE["flow"] = (
        FlowSettings(conditional=True, transforms=FLOW_LAYERS, hidden=(32,), flow="realnvp"),
        FLOW_STEPS,
    )
DISCRIMINATIVE = ("logistic regression", "random forest")
MODELS = (*GENERATIVE, *DISCRIMINATIVE)


@dataclass(frozen=True)
class ClassifierCurves(SettingsTrial):
    """Learning curves on one data set; see `saddlepoint.studies.claims.trial.Trial`.

    Attributes:
        dataset: one of `DATASETS`.
        a_class: sizes of training sets, in examples of each class; larger ones than there are examples are left out, and the set of
            all examples is added.
        most: largest number of seeds.
        models: names of the classifiers; those of `MODELS`, unless the package that flows need is missing.
    """

    dataset: str
    a_class: tuple[int, ...]
    most: int
    models: tuple[str, ...] = MODELS

    @property
    def weight(self) -> float:
        """Training time relative to other trials."""
        return 0.3 * (len(self.a_class) + 1) * self.most * (4.0 if self.dataset == "digits" else 1.0)

    def train(self, seeds: int, *, threads: int, report: Callable[[float], None]) -> CurvesOutcome:
        """Measure from seeds 0, 1, ...; see `Trial.train`."""
        seeds = min(seeds, self.most)
        x, y = load(self.dataset)
        sizes = self._sizes(y)
        accuracy = torch.zeros(len(self.models), len(sizes), seeds, dtype=torch.float64)
        with using_threads(threads):
            for seed in range(seeds):
                train, test = split(y, seed)
                for column, size in enumerate(sizes):
                    some = train[:size]
                    for row, name in enumerate(self.models):
                        found = predict(name, x[some], y[some], x[test], seed)
                        accuracy[row, column, seed] = float((found == y[test]).mean())
                report((seed + 1) / seeds)
        return CurvesOutcome(self, torch.tensor(sizes), accuracy)

    def _sizes(self, y: Labels) -> list[int]:
        """Sizes of the training sets, of which none is close to that of all examples."""
        whole, classes = len(split(y, 0)[0]), len(np.unique(y))
        return [classes * n for n in self.a_class if classes * n < 0.75 * whole] + [whole]

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> CurvesOutcome:
        """Restore the outcome from its `parts()`."""
        return CurvesOutcome(self, **tensors)


@dataclass(frozen=True, eq=False)
class CurvesOutcome(TensorOutcome):
    """The results of S seeds.

    Attributes:
        setup: the trial.
        sizes: (L,) int64, numbers of training examples.
        accuracy: (models, L, S) float64, share of test examples that are classified correctly, by `setup.models`.
    """

    setup: ClassifierCurves
    sizes: Tensor
    accuracy: Tensor

    @property
    def seeds(self) -> int:
        """Number of seeds."""
        return self.accuracy.shape[2]

    def of(self, name: str) -> Tensor:
        """(L, S) accuracy of a model."""
        return self.accuracy[self.setup.models.index(name)]


def load(name: str) -> tuple[Numbers, Labels]:
    """Load a data set that comes with scikit-learn: examples (N, D) and labels (N,)."""
    from sklearn import datasets

    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return x.astype(np.float64), y.astype(np.int64)


def split(y: Labels, seed: int) -> tuple[Labels, Labels]:
    """Return the positions of training examples, all classes in turn as long as there are any, and of test examples."""
    order = np.random.default_rng(seed).permutation(len(y))
    tested = round(TESTED * len(y))
    test, train = order[:tested], order[tested:]
    rank = np.zeros(len(train), dtype=np.int64)
    for label in np.unique(y):
        rows = np.flatnonzero(y[train] == label)
        rank[rows] = np.arange(len(rows))
    return train[np.argsort(rank, kind="stable")], test


def predict(name: str, x: Numbers, y: Labels, tested: Numbers, seed: int) -> Labels:
    """Train a model on examples x (N, D) with labels y (N,) and classify others.

    Columns are standardised by the training examples.

    Args:
        name: one of `MODELS`.
        x: (N, D).
        y: (N,), from 0 to the number of classes - 1; all of them occur.
        tested: (M, D).
        seed: of the model.

    Returns:
        (M,) labels.
    """
    spread = x.std(0)
    spread[spread == 0] = 1.0
    centre = x.mean(0)
    x, tested = (x - centre) / spread, (tested - centre) / spread
    if name in GENERATIVE:
        settings, steps = GENERATIVE[name]
        return _generative(settings, steps, x, y, tested, seed)
    return _discriminative(name, x, y, tested, seed)


def scott_width(examples: float, numbers: int) -> float:
    """Scott's width of a Gaussian kernel, n^(-1 / (D + 4)), in standard deviations of a column.

    Args:
        examples: n, of each class.
        numbers: D, columns.
    """
    return float(examples ** (-1 / (numbers + 4)))


def _generative(settings: FamilySettings, steps: int, x: Numbers, y: Labels, tested: Numbers, seed: int) -> Labels:
    if isinstance(settings, FlowSettings):
        settings = settings.model_copy(update={"noise_std": scott_width(len(x) / len(np.unique(y)), x.shape[1])})
    dataset = from_array(x.astype(np.float32), y, DataSettings(held_out=0.0), kind="vector")
    training = TrainingSettings(
        steps=steps,
        tick=steps,
        batch_size=FLOW_BATCH if settings.family == "flow" else len(x),
        seed=seed,
        device="cpu",
        precision="fp32",
        optimiser=OptimiserSettings(learning_rate=FLOW_RATE, schedule="cosine"),
    )
    model = models.build(settings, dataset.event, seed=seed)
    state = TrainingState.start(model, training, Devices.choose("cpu", "fp32", model))
    batches = Batches(dataset, min(training.batch_size, len(dataset)), seed, "cpu", model.scaling, labels=True)
    model.pass_steps = batches.per_epoch
    for _ in play(model, batches, training, state):
        pass
    probabilities = require(model, HasPosterior).posterior(torch.from_numpy(tested.astype(np.float32)))
    found: Labels = probabilities.argmax(1).numpy()
    return found


def _discriminative(name: str, x: Numbers, y: Labels, tested: Numbers, seed: int) -> Labels:
    """Logistic regression with scikit-learn's penalty, or a random forest whose leaves are chosen by the out-of-bag error."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    found: Labels
    if name == "logistic regression":
        found = LogisticRegression(max_iter=2_000).fit(x, y).predict(tested)
        return found
    votes = {}
    for leaf in LEAVES:
        forest = RandomForestClassifier(TREES, min_samples_leaf=leaf, bootstrap=True, random_state=seed)
        forest.fit(x, y)
        votes[_out_of_bag_errors(forest, x, y), leaf] = forest
    found = votes[min(votes)].predict(tested)
    return found


def _out_of_bag_errors(forest: Any, x: Numbers, y: Labels) -> float:
    """The share of votes for a wrong class, of trees that did not see the example; 0 votes count as nothing.

    scikit-learn's own score warns where an example was seen by all trees, which happens in small sets.
    """
    wrong = total = 0
    for tree, seen in zip(forest.estimators_, forest.estimators_samples_, strict=True):
        unseen = np.ones(len(x), dtype=bool)
        unseen[seen] = False
        if unseen.any():
            wrong += int((tree.predict(x[unseen]) != y[unseen]).sum())
            total += int(unseen.sum())
    return wrong / max(total, 1)
