"""The trials of benchmarks/imputation.py: which cells are hidden, how each protocol scales and scores, and one trial's outcome.

Protocols (`PROTOCOLS`):
    forest      20 % of the features of the training rows, completely at random; labels are observed; mean absolute error a missing
                cell on the min-max scale, as script_imputation.py of ForestDiffusion
    miwae       50 % of breast cancer's standardised features, completely at random; mean squared error, as MIWAE's notebook
    scaled      20 % of the features, completely at random, min-max scale; root mean squared error
    uci         the same on files of the UCI repository, which are in $SADDLEPOINT_DATA/tables/uci (columns: features and target)
    mcar, mar, mnar   30 % of the features; mean absolute error of the best guess, and coverage of 90 % intervals of cells
    slope       van Buuren's simulation: y = x + e, n = 50, half of x missing completely at random; pooled slope
    slope-mar   the same with x missing more often where y is large
    holes       digits with holes, completed by trained models (inpainting.py)
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tables.outcomes import hashed_key

COMPLETE_DATA = ("iris", "wine", "breast cancer", "diabetes")
UCI = ("yacht", "housing", "energy", "concrete", "wine quality", "power")
DATA = {
    "forest": COMPLETE_DATA[:3],
    "miwae": ("breast cancer",),
    "scaled": COMPLETE_DATA,
    "uci": UCI,
    "mcar": COMPLETE_DATA[:3],
    "mar": COMPLETE_DATA[:3],
    "mnar": COMPLETE_DATA[:3],
    "slope": ("simulation",),
    "slope-mar": ("simulation",),
    "holes": ("digits",),
}
SEEDS = {
    "forest": 3,
    "miwae": 5,
    "scaled": 5,
    "uci": 5,
    "mcar": 20,
    "mar": 20,
    "mnar": 20,
    "slope": 20,
    "slope-mar": 20,
    "holes": 3,
}
PROTOCOLS = tuple(DATA)
RUNS, QUICK_RUNS = 50, 2  # simulated data sets of one seed: 20 seeds are 1,000
DRAWS, CELL_DRAWS, SLOPE_DRAWS = 5, 19, 20
CHAINS = 5  # fits of a drawing method, where more draws than that take turns


@dataclass(frozen=True)
class Trial:
    """One method on one data set with one seed.

    Attributes:
        protocol: one of `PROTOCOLS`.
        data: name of the data set.
        method: name of a method, or "auto".
        seed: of the hidden cells and the method.
        quick: least work, to see that it runs.
    """

    protocol: str
    data: str
    method: str
    seed: int
    quick: bool = False

    @property
    def key(self) -> str:
        """The key of its outcome."""
        return hashed_key(f"{self.protocol}-{self.data}-{self.method}-{self.seed}", asdict(self))


@dataclass(frozen=True)
class Outcome:
    """What a trial measured.

    Attributes:
        scores: by name.
        method: that was used, which tells what `auto` chose.
        seconds: of CPU time.
    """

    scores: dict[str, float]
    method: str
    seconds: float


@cache
def complete(name: str) -> tuple[Any, Any]:
    """Features (N, D) and labels (N,) of a data set in scikit-learn; of a file of the UCI repository, all its columns are features."""
    if name in UCI:
        file = f"{name.split()[0]}.txt.gz"
        x = np.loadtxt(Path(os.environ["SADDLEPOINT_DATA"]) / "tables" / "uci" / file, dtype=np.float64)
        return x[:, np.ptp(x, axis=0) > 0], np.zeros(len(x))
    from sklearn import datasets

    loader = {
        "iris": "load_iris",
        "wine": "load_wine",
        "breast cancer": "load_breast_cancer",
        "diabetes": "load_diabetes",
    }
    found = getattr(datasets, loader[name])()
    return found.data.astype(np.float64), found.target


def hide(mechanism: str, x: Any, share: float, rng: np.random.Generator) -> Any:
    """Hide cells (N, D), True where one is hidden; no row and no column loses all its cells.

    Args:
        mechanism: "mcar" completely at random; "mar" by a logistic function of columns that stay observed (a third of them);
            "mnar" by a logistic function of the hidden value itself.
        x: (N, D) complete.
        share: of the cells that can be hidden.
        rng: for all random decisions.
    """
    n, d = x.shape
    z = (x - x.mean(0)) / np.where(x.std(0) > 0, x.std(0), 1)
    logits, may = np.zeros((n, d)), np.ones(d, dtype=bool)
    if mechanism == "mar":
        seen = rng.choice(d, max(1, d // 3), replace=False)
        may[seen] = False
        logits = z[:, seen] @ rng.standard_normal((len(seen), d)) / np.sqrt(len(seen))
    elif mechanism == "mnar":
        logits = z * rng.choice([-1.0, 1.0], d)
    hidden = np.zeros((n, d), dtype=bool)
    uniform = rng.random((n, d))
    for column in np.flatnonzero(may):
        # The constant at which the expected share is the wanted one, by bisection.
        low, high = -30.0, 30.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if _sigmoid(2 * logits[:, column] + middle).mean() < share else (low, middle)
        hidden[:, column] = uniform[:, column] < _sigmoid(2 * logits[:, column] + low)
    hidden[hidden.all(1), 0] = False
    hidden[0, hidden.all(0)] = False
    return hidden


def run(trial: Trial) -> Outcome:
    """Hide, fill in and score."""
    import torch

    torch.set_num_threads(1)
    began = time.process_time()
    scores, method = _RUNNERS[trial.protocol](trial)
    return Outcome(scores, method, time.process_time() - began)


def fit(trial: Trial, hidden: Any, kinds: tuple[int, ...], aim: str, draws: int, chains: int) -> Any:
    """Fit the trial's method, only for columns with hidden cells."""
    from saddlepoint.applications.impute.fitting import fit_method

    quick = {"vae": {"steps": 20}, "gain": {"steps": 20}, "trees": {"trees": 5, "rounds": 2}}
    options = quick.get(trial.method) if trial.quick else None
    rng = np.random.default_rng(trial.seed)
    targets = np.zeros(len(kinds), dtype=bool)
    return fit_method(hidden, kinds, trial.method, aim, chains, rng, targets=targets, options=options), rng  # type: ignore[arg-type]


def _drawing(method: str) -> bool:
    from saddlepoint.applications.impute.settings import METHODS

    return method in METHODS and METHODS[method].draws


def _forest(trial: Trial) -> tuple[dict[str, float], str]:
    import torch
    from sklearn.model_selection import train_test_split

    x, y = complete(trial.data)
    x, _, y, _ = train_test_split(x, y, test_size=0.2, random_state=trial.seed, stratify=y)
    torch.manual_seed(trial.seed)
    hidden = (torch.rand(x.shape, dtype=torch.float64) < 0.2).numpy()
    kept = ~hidden.all(1)
    x, y, hidden = x[kept], y[kept], hidden[kept]
    table = np.c_[np.where(hidden, np.nan, x), y]
    kinds = (*[0] * x.shape[1], int(y.max()) + 1)
    span = np.ptp(x, axis=0)
    scale = np.where(span > 0, span, 1)
    found, rng = fit(trial, table, kinds, "prediction", 1, 1)
    guess = found.method.guess(table, rng)[:, :-1]
    scores = {"guess": float((np.abs(guess - x) / scale)[hidden].mean())}
    if _drawing(found.name):
        drawn = found.method.complete(table, rng, DRAWS)[:, :, :-1]
        scores["draw"] = float((np.abs(drawn - x) / scale)[:, hidden].mean())
    return scores, found.name


def _miwae(trial: Trial) -> tuple[dict[str, float], str]:
    x, _ = complete(trial.data)
    x = (x - x.mean(0)) / x.std(0)
    hidden = np.random.default_rng(1_000 + trial.seed).random(x.shape) < 0.5
    return _guess_error(trial, x, hidden, np.square)


def _scaled(trial: Trial) -> tuple[dict[str, float], str]:
    x, _ = complete(trial.data)
    x = (x - x.min(0)) / np.ptp(x, axis=0)
    hidden = hide("mcar", x, 0.2, np.random.default_rng(1_000 + trial.seed))
    scores, name = _guess_error(trial, x, hidden, np.square)
    return {"guess": float(np.sqrt(scores["guess"]))}, name


def _holes(trial: Trial) -> tuple[dict[str, float], str]:
    from tables.inpainting import inpaint

    return inpaint(trial.method, trial.seed, trial.quick), trial.method


def _mechanism(trial: Trial) -> tuple[dict[str, float], str]:
    x, _ = complete(trial.data)
    x = (x - x.min(0)) / np.ptp(x, axis=0)
    hidden = hide(trial.protocol, x, 0.3, np.random.default_rng(1_000 + trial.seed))
    table = np.where(hidden, np.nan, x)
    chains = CHAINS if _drawing(trial.method) else 1
    found, rng = fit(trial, table, (0,) * x.shape[1], "prediction", 1, chains)
    guess = found.method.guess(table, rng)
    scores = {"guess": float(np.abs(guess - x)[hidden].mean())}
    if _drawing(found.name):
        drawn = np.sort(found.method.complete(table, rng, CELL_DRAWS)[:, hidden], 0)
        scores["coverage"] = float(((drawn[0] <= x[hidden]) & (x[hidden] <= drawn[-1])).mean())
        scores["width"] = float((drawn[-1] - drawn[0]).mean())
    return scores, found.name


def _guess_error(trial: Trial, x: Any, hidden: Any, loss: Callable[[Any], Any]) -> tuple[dict[str, float], str]:
    table = np.where(hidden, np.nan, x)
    found, rng = fit(trial, table, (0,) * x.shape[1], "prediction", 1, 1)
    return {"guess": float(loss(found.method.guess(table, rng) - x)[hidden].mean())}, found.name


def _slope(trial: Trial) -> tuple[dict[str, float], str]:
    """Estimate, coverage and width over simulated data sets, and the error of the filled cells."""
    from scipy import stats

    from saddlepoint.applications.impute.pooling import pool

    rng = np.random.default_rng([7, trial.seed])
    name, n = trial.method, 50
    estimates, covered, widths, errors = [], [], [], []
    for run_number in range(QUICK_RUNS if trial.quick else RUNS):
        x = rng.standard_normal(n)
        y = x + rng.standard_normal(n)
        chance = 0.5 if trial.protocol == "slope" else _sigmoid(1.5 * y)
        hidden = rng.random(n) < chance
        table = np.stack([np.where(hidden, np.nan, x), y], 1)
        draws = SLOPE_DRAWS if _drawing(name) else 2
        one = Trial(trial.protocol, trial.data, name, 1_000 * trial.seed + run_number, trial.quick)
        found, own = fit(one, table, (0, 0), "prediction", 1, draws if _drawing(name) else 1)
        drawn = found.method.complete(table, own, draws)
        fits = [stats.linregress(filled[:, 0], filled[:, 1]) for filled in drawn]
        slopes, variances = [fit.slope for fit in fits], [fit.stderr**2 for fit in fits]
        (pooled,) = pool(slopes, variances, complete_degrees=n - 2)
        estimates.append(pooled.estimate)
        covered.append(pooled.low <= 1 <= pooled.high)
        widths.append(pooled.high - pooled.low)
        errors.append(float(np.sqrt(((drawn[0, hidden, 0] - x[hidden]) ** 2).mean())))
    return {
        "estimate": float(np.mean(estimates)),
        "coverage": float(np.mean(covered)),
        "width": float(np.mean(widths)),
        "rmse": float(np.mean(errors)),
    }, name


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


_RUNNERS: dict[str, Callable[[Trial], tuple[dict[str, float], str]]] = {
    "forest": _forest,
    "miwae": _miwae,
    "scaled": _scaled,
    "uci": _scaled,
    "mcar": _mechanism,
    "mar": _mechanism,
    "mnar": _mechanism,
    "slope": _slope,
    "slope-mar": _slope,
    "holes": _holes,
}
