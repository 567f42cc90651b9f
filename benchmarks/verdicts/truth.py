"""How like the data a set of samples is, decided without the verdict's code, features or sample size.

This definition was written before the verdict was asked about any sample set, and has not been changed since.

The truth sees five times the samples of the verdict (where there are as many) and real examples that the verdict never
sees. Its parts, each from 0 (unlike) to 1 (as fresh real examples are):

- `strong`: 2 (1 - a), at most 1, where a is the held-out accuracy of a strong classifier on raw values (gradient-boosted
  trees for vectors, a small convolutional network for images). It estimates 1 - the total variation distance.
- `simple`: the same of a simple classifier (sum of one-column thresholds; logistic regression on pixels). It orders the
  sample sets that every strong classifier recognises.
- `recall`: share of the real examples that have a sample within the distance of their `NEIGHBOURS`th nearest other real
  example, over what fresh real examples reach; in standardised values for vectors, in Gabor energies for images.
- `precision`: the same with the roles exchanged: share of samples inside such a neighbourhood of a real example.
- `near`: s / (s + d), d the sliced Wasserstein distance of standardised raw values beyond that of fresh real examples, s
  half of the distance between the data and their mean.
- `modes`, where modes or classes are known: the share of them that get at least a quarter of their fair share of samples,
  times (for mixtures) the share of samples within 3 standard deviations of a mode, over what real examples reach, times
  the ratio of the samples' to the data's standard deviation within a mode, or its inverse, whichever is below 1.
  Classes are those that a random forest on raw pixels recognises; photographs, which it cannot classify, have none.

`score` is the mean of the parts. A sample set `is_close` to the data where more than half of its mass cannot be told from
theirs (strong >= 0.5, an accuracy of at most 75 %), recall and precision are at least 0.75, no known mode is lost, and, for
mixtures, the share near modes is at least 0.75 and the standard deviation within modes between half and twice that of the
data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from verdicts.classifiers import boosted_stumps, boosted_trees, convolutional, held_out_accuracy, linear
from verdicts.image_features import gabor_energies
from verdicts.problems import Problem, load_problem

NEIGHBOURS = 5
DIRECTIONS = 100
LOST = 0.25  # of its fair share of samples, below which a mode is lost
HALF, MOST = 0.5, 0.75


@dataclass(frozen=True)
class Truth:
    """Parts by name, each in [0, 1]; modes_lost, near_modes and width where modes are known."""

    parts: Mapping[str, float]
    facts: Mapping[str, float]

    @property
    def score(self) -> float:
        return float(np.mean(list(self.parts.values())))

    @property
    def is_close(self) -> bool:
        near = self.facts.get("near_modes", 1.0) >= MOST and HALF <= self.facts.get("width", 1.0) <= 1 / HALF
        lost = self.facts.get("modes_lost", 0.0) > 0
        covers = self.parts["recall"] >= MOST and self.parts["precision"] >= MOST
        return self.parts["strong"] >= HALF and covers and near and not lost


def measure_truth(problem: Problem, samples: Tensor) -> Truth:
    """The truth about samples (S, *event) in the data's units."""
    real = problem.reference
    strong, simple = (convolutional, linear) if problem.is_image else (boosted_trees, boosted_stumps)
    parts = {
        name: min(1.0, 2 * (1 - held_out_accuracy(real, samples, fit)))
        for name, fit in (("strong", strong), ("simple", simple))
    }
    baseline = _baseline(problem.name)
    features, points = _reference_features(problem.name), _features(problem, samples)
    count = min(len(features), len(points))
    rows = np.random.default_rng(0).permutation(len(points))[:count]
    parts["recall"] = _share(_covered(features, points[rows]), baseline["recall"])
    parts["precision"] = _share(_inside(features, points), baseline["precision"])
    beyond = max(0.0, _sliced_wasserstein(problem, real, samples) - baseline["wasserstein"])
    parts["near"] = baseline["half_width"] / (baseline["half_width"] + beyond)
    facts = _modes(problem, samples)
    if facts:
        width = facts.get("width", 1.0)
        parts["modes"] = (1 - facts["modes_lost"]) * facts.get("near_modes", 1.0) * min(width, 1 / max(width, 1e-9))
    return Truth(parts, facts)


def _share(value: float, real: float) -> float:
    return min(1.0, value / real)


@cache
def _baseline(name: str) -> dict[str, float]:
    """What fresh real examples reach against the reference."""
    problem = load_problem(name)
    real, fresh = problem.reference, problem.source[: len(problem.reference)]
    features, points = _reference_features(name), _features(problem, fresh)
    mean = real.double().mean(0, keepdim=True).expand_as(real)
    return {
        "recall": _covered(features, points),
        "precision": _inside(features, points),
        "wasserstein": _sliced_wasserstein(problem, real, fresh),
        "half_width": 0.5 * _sliced_wasserstein(problem, real, mean),
    }


def _standardised(problem: Problem, x: Tensor) -> np.ndarray:
    """(N, D) float64: raw values in deviations of the reference, one deviation in all for images."""
    reference = problem.reference.double().flatten(1)
    std = reference.std() if problem.is_image else reference.std(0)
    return ((x.double().flatten(1) - reference.mean(0)) / std).numpy()


def _features(problem: Problem, x: Tensor) -> np.ndarray:
    """(N, D) where neighbours are looked up."""
    if not problem.is_image:
        return _standardised(problem, x)
    high = float(problem.dataset.event.high or 1.0)
    mean, std = _feature_scale(problem.name)
    return ((gabor_energies(x.float() / high) - mean) / std).double().numpy()


@cache
def _feature_scale(name: str) -> tuple[Tensor, Tensor]:
    problem = load_problem(name)
    energies = gabor_energies(problem.reference.float() / float(problem.dataset.event.high or 1.0))
    return energies.mean(0), energies.std(0).clamp_min(1e-6)


@cache
def _reference_features(name: str) -> np.ndarray:
    problem = load_problem(name)
    return _features(problem, problem.reference)


def _radii(points: np.ndarray) -> np.ndarray:
    """(N,) distance of every point to its `NEIGHBOURS`th nearest other point."""
    found, _ = NearestNeighbors(n_neighbors=NEIGHBOURS + 1).fit(points).kneighbors(points)
    return np.asarray(found[:, -1])


def _covered(real: np.ndarray, samples: np.ndarray) -> float:
    nearest, _ = NearestNeighbors(n_neighbors=1).fit(samples).kneighbors(real)
    return float((nearest[:, 0] <= _radii(real)).mean())


def _inside(real: np.ndarray, samples: np.ndarray) -> float:
    """Share of samples inside the neighbourhood of one of their ten nearest real examples."""
    distances, rows = NearestNeighbors(n_neighbors=10).fit(real).kneighbors(samples)
    return float((distances <= _radii(real)[rows]).any(1).mean())


def _sliced_wasserstein(problem: Problem, a: Tensor, b: Tensor) -> float:
    """Mean over random directions of the 1-D Wasserstein distance, in standard deviations.

    References:
        "Sliced and Radon Wasserstein barycenters of measures", N. Bonneel, J. Rabin, G. Peyré, H. Pfister, 2015,
        https://doi.org/10.1007/s10851-014-0506-3.
    """
    left, right = _standardised(problem, a), _standardised(problem, b)
    directions = np.random.default_rng(0).standard_normal((left.shape[1], DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    levels = (np.arange(500) + 0.5) / 500
    quantiles = [np.quantile(x @ directions, levels, axis=0) for x in (left, right)]
    return float(np.abs(quantiles[0] - quantiles[1]).mean())


def _modes(problem: Problem, samples: Tensor) -> dict[str, float]:
    """Modes lost (share), share of samples near a mode over that of real ones, and width; empty where none are known."""
    truth = problem.dataset.truth
    if truth is not None and truth.modes is not None and truth.mode_std is not None:
        centres, std = truth.modes.double(), float(truth.mode_std)
        sets = [_near_modes(x.double(), centres, std) for x in (problem.reference, samples)]
        (_, real_near, real_width), (counts, near, width) = sets
        # Stray samples belong to no mode: those within 3 deviations count, in shares of all samples.
        lost = float((counts < LOST * len(samples) / len(centres)).double().mean())
        return {"modes_lost": lost, "near_modes": min(1.0, near / real_near), "width": width / real_width}
    if problem.has_classes:
        recognised = _classifier(problem.name).predict(samples.flatten(1).numpy())
        classes = problem.reference_groups.unique()
        fair = [float((problem.reference_groups == c).double().mean()) for c in classes]
        got = [float((recognised == int(c)).mean()) for c in classes]
        return {"modes_lost": float(np.mean([g < LOST * f for g, f in zip(got, fair, strict=True)]))}
    return {}


def _near_modes(x: Tensor, centres: Tensor, std: float) -> tuple[Tensor, float, float]:
    """Samples within 3 deviations of each mode (K,), their share, and the median deviation within a mode.

    The deviation is of the samples within 6, so that modes that are too wide show.
    """
    distances, nearest = torch.cdist(x, centres).min(1)
    near = distances <= 3 * std
    counts = torch.bincount(nearest[near], minlength=len(centres))
    widths = []
    for mode in range(len(centres)):
        own = x[(nearest == mode) & (distances <= 6 * std)]
        if len(own) >= 10:
            widths.append(float((own - own.mean(0)).square().mean().sqrt()))
    return counts, float(near.double().mean()), float(np.median(widths)) if widths else 0.0


@cache
def _classifier(name: str) -> RandomForestClassifier:
    problem = load_problem(name)
    assert problem.dataset.y is not None
    model = RandomForestClassifier(100, random_state=0)
    return model.fit(problem.dataset.x.flatten(1).numpy(), problem.dataset.y.numpy())
