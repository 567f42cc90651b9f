"""Calibrated probabilities: a temperature that is fitted to predictions of held-out labels, and how good the result is.

Probabilities p are replaced by softmax(log p / T). A temperature changes no decision, and has one number to fit, which a few labels
suffice for. Calibrated means: among examples whose class has probability q, a share q is right.

References:
    On Calibration of Modern Neural Networks (Chuan Guo, Geoff Pleiss, Yu Sun, Kilian Weinberger, 2017), https://arxiv.org/abs/1706.04599
    A Note on Platt's Probabilistic Outputs for Support Vector Machines (Hsuan-Tien Lin, Chih-Jen Lin, Ruby Weng, 2007), for targets
        below 1, https://doi.org/10.1007/s10994-007-5018-6
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from saddlepoint.applications.label.examples import Floats, Labels
from saddlepoint.evaluation.statistics.intervals import Interval, wilson_interval

LEAST_PROBABILITY = 1e-12
LOWEST, HIGHEST = 1 / 20, 20.0  # temperatures
BINS = 10
RESAMPLES = 200


def fit_temperature(probabilities: Floats, labels: Labels) -> float:
    """The temperature with the least cross-entropy.

    With n labels, the target of a label's probability is 1 - 1 / (n + 2) instead of 1, so that n right predictions do not claim to be
    certain. The rest is a target for all other classes together: a target for each of them would be far above what most of them have,
    and so give temperatures that are too high, the more classes the more.

    Args:
        probabilities: (n, K) of examples whose labels were held out.
        labels: (n,) theirs.
    """
    from scipy.optimize import minimize_scalar

    n = len(labels)
    doubt = 1 / (n + 2)
    logs = _logs(probabilities)

    def cost(log_temperature: float) -> float:
        own = _log_softmax(logs / math.exp(log_temperature))[np.arange(n), labels]
        others = np.log(np.clip(-np.expm1(own), LEAST_PROBABILITY, None))
        return float(-((1 - doubt) * own + doubt * others).sum() / n)

    found = minimize_scalar(cost, bounds=(math.log(LOWEST), math.log(HIGHEST)), method="bounded")
    return float(math.exp(found.x))


def apply_temperature(probabilities: Floats, temperature: float) -> Floats:
    """(N, K) probabilities at a temperature; the most probable class is unchanged."""
    adjusted: Floats = np.exp(_log_softmax(_logs(probabilities) / temperature))
    return adjusted


def cross_fitted(probabilities: Floats, labels: Labels, folds: Labels) -> Floats:
    """Calibrate the predictions of each fold by the temperature of the other folds, so that no label is judged by a fit to itself."""
    result = np.empty_like(probabilities)
    for fold in np.unique(folds):
        inside = folds == fold
        result[inside] = apply_temperature(
            probabilities[inside], fit_temperature(probabilities[~inside], labels[~inside])
        )
    return result


def log_loss(probabilities: Floats, labels: Labels) -> float:
    """Mean negative log probability of the labels, in nats."""
    return float(-_logs(probabilities)[np.arange(len(labels)), labels].mean())


@dataclass(frozen=True)
class Bin:
    """Examples of similar confidence: how many, their mean confidence, and the share that is right."""

    examples: int
    confidence: float
    accuracy: Interval


@dataclass(frozen=True)
class Reliability:
    """How well confidence agrees with accuracy.

    Attributes:
        of: what examples it is measured on.
        bins: of about equally many examples, by ascending confidence.
        error: expected calibration error: the mean distance of confidence and accuracy of the bins.
        expected: the error that perfectly calibrated probabilities would show on so many examples.
        high: what 95 % of such errors stay below.
    """

    of: str
    bins: tuple[Bin, ...]
    error: float
    expected: float
    high: float

    def to_json(self) -> dict[str, Any]:
        """All fields as values that JSON can hold."""
        bins = [
            {"examples": one.examples, "confidence": one.confidence, "accuracy": one.accuracy.value, "low": one.accuracy.low, "high": one.accuracy.high}
            for one in self.bins
        ]  # fmt: skip
        return {"of": self.of, "bins": bins, "error": self.error, "expected": self.expected, "high": self.high}


def measure_reliability(probabilities: Floats, labels: Labels, of: str) -> Reliability:
    """Compare confidence with accuracy.

    Args:
        probabilities: (n, K).
        labels: (n,), not used for the probabilities.
        of: what these examples are.

    References:
        Obtaining Well Calibrated Probabilities Using Bayesian Binning (Mahdi Naeini, Gregory Cooper, Milos Hauskrecht, 2015),
            https://doi.org/10.1609/aaai.v29i1.9602
    """
    confidence = probabilities.max(1)
    right = (probabilities.argmax(1) == labels).astype(np.float64)
    order = np.argsort(confidence, kind="stable")
    groups = [group for group in np.array_split(order, min(BINS, max(1, len(order) // 5))) if len(group)]
    bins = tuple(
        Bin(len(group), float(confidence[group].mean()), wilson_interval(float(right[group].sum()), len(group)))
        for group in groups
    )
    rng = np.random.default_rng(0)
    draws = [
        _error(confidence, (rng.random(len(right)) < confidence).astype(np.float64), groups) for _ in range(RESAMPLES)
    ]
    return Reliability(
        of, bins, _error(confidence, right, groups), float(np.mean(draws)), float(np.quantile(draws, 0.95))
    )


def _error(confidence: Floats, right: Floats, groups: list[Any]) -> float:
    return float(sum(abs(confidence[group].sum() - right[group].sum()) for group in groups) / len(right))


def _logs(probabilities: Floats) -> Floats:
    logs: Floats = np.log(np.clip(probabilities, LEAST_PROBABILITY, None))
    return logs


def _log_softmax(logits: Floats) -> Floats:
    from scipy.special import log_softmax

    result: Floats = log_softmax(logits, axis=1)
    return result
