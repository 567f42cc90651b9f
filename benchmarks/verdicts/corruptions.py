"""Sample sets that are wrong in one known way, made from real examples that neither training nor the verdict has seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from verdicts.problems import TIMES, Problem

Rng = np.random.Generator


def corrupt(problem: Problem, kind: str, strength: float, seed: int) -> Tensor:
    """(N, *event) samples in the data's units and type, N = `TIMES` x `problem.samples` where there are as many.

    Args:
        problem: The data set.
        kind: Key in `STRENGTHS`.
        strength: What it means is said at each function below; 0 would be real data.
        seed: Chooses the examples and everything drawn at random.
    """
    rng = np.random.default_rng([seed, *kind.encode()])
    order = torch.from_numpy(rng.permutation(len(problem.source)))
    x, groups = problem.source[order], problem.source_groups[order]
    if kind in ("dropped", "thinned"):
        kept = _KEEP[kind](groups, strength, rng)
        x, groups = x[kept], groups[kept]
    x, groups = x[: TIMES * problem.samples], groups[: TIMES * problem.samples]
    values = x.double().numpy()
    if kind in _CHANGE:
        values = _CHANGE[kind](problem, values, groups, strength, rng)
    return _as_data(problem, values)


def _as_data(problem: Problem, values: np.ndarray) -> Tensor:
    """float64 values -> the data's type, rounded and clipped to its range."""
    event = problem.dataset.event
    tensor = torch.from_numpy(values)
    if event.low is not None and event.high is not None:
        tensor = tensor.clamp(event.low, event.high)
    return tensor.round().to(torch.uint8) if event.dtype == "uint8" else tensor.float()


def _dropped(groups: Tensor, strength: float, rng: Rng) -> Tensor:
    """strength: share of the modes, classes or clusters that are left out, at least one and never all."""
    names = groups.unique()
    count = min(max(1, round(strength * len(names))), len(names) - 1)
    gone = torch.from_numpy(rng.permutation(names.numpy())[:count])
    return ~torch.isin(groups, gone)


def _thinned(groups: Tensor, strength: float, rng: Rng) -> Tensor:
    """strength: share of the examples that half of the groups lose."""
    names = groups.unique()
    thin = torch.from_numpy(rng.permutation(names.numpy())[: len(names) // 2])
    return ~(torch.isin(groups, thin) & torch.from_numpy(rng.random(len(groups)) < strength))


def _blurred(problem: Problem, x: np.ndarray, groups: Tensor, strength: float, rng: Rng) -> np.ndarray:
    """strength: standard deviation of the blur in pixels."""
    return np.asarray(gaussian_filter(x, (0, 0, strength, strength), mode="nearest"))


def _narrow(problem: Problem, x: np.ndarray, groups: Tensor, strength: float, rng: Rng) -> np.ndarray:
    """strength: 1 - the factor by which an example's difference from the mean of its group is multiplied."""
    result = x.copy()
    for name in groups.unique():
        own = (groups == name).numpy()
        centre = problem.reference[problem.reference_groups == name].double().mean(0).numpy()
        result[own] = centre + (1 - strength) * (x[own] - centre)
    return result


def _noisy(problem: Problem, x: np.ndarray, groups: Tensor, strength: float, rng: Rng) -> np.ndarray:
    """strength: standard deviation of added noise, in standard deviations of a mode or, without modes, of the data."""
    truth = problem.dataset.truth
    known = truth is not None and truth.modes is not None
    scale = truth.mode_std if truth is not None and known else np.asarray(problem.dataset.event.std)
    return np.asarray(x + strength * scale * rng.standard_normal(x.shape))


def _mixed(problem: Problem, x: np.ndarray, groups: Tensor, strength: float, rng: Rng) -> np.ndarray:
    """strength: share of samples replaced by points drawn uniformly in a box of twice the data's range, or noise images."""
    result = x.copy()
    gone = rng.random(len(x)) < strength
    low, high = problem.reference.double().amin(0).numpy(), problem.reference.double().amax(0).numpy()
    margin = 0 if problem.is_image else 0.5 * (high - low)
    result[gone] = rng.uniform(low - margin, high + margin, (int(gone.sum()), *x.shape[1:]))
    return result


_KEEP: dict[str, Callable[[Tensor, float, Rng], Tensor]] = {"dropped": _dropped, "thinned": _thinned}
_CHANGE: dict[str, Callable[[Problem, np.ndarray, Tensor, float, Rng], np.ndarray]] = {
    "blurred": _blurred,
    "narrow": _narrow,
    "noisy": _noisy,
    "mixed": _mixed,
}

STRENGTHS: dict[str, tuple[float, ...]] = {
    "real": (0.0,),
    "dropped": (0.1, 0.3, 0.6, 0.9),
    "thinned": (0.2, 0.5, 0.9),
    "blurred": (0.4, 0.7, 1.2, 2.5),
    "narrow": (0.05, 0.2, 0.5, 0.8),
    "noisy": (0.05, 0.2, 0.6, 2.0),
    "mixed": (0.02, 0.1, 0.4, 0.9),
}


def kinds_of(problem: Problem) -> list[str]:
    """The corruptions that mean something for these data."""
    kinds = [kind for kind in STRENGTHS if kind != "blurred" or problem.is_image]
    return [kind for kind in kinds if kind != "dropped" or len(problem.source_groups.unique()) > 2]
