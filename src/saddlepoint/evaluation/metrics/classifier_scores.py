"""Scores from a classifier's answers to samples: sure of each, and every class among them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.divergence import expected_kl, kl_divergence
from saddlepoint.evaluation.statistics.intervals import Interval, normal_interval

SMOOTHED = 10  # coins behind the weights of Efron and Thisted


def classifier_score(probabilities: Tensor, *, splits: int = 1) -> tuple[float, float]:
    """exp(E KL(p(c | x) || p(c))) for class probabilities (N, C), from 1 to C, and its deviation over `splits` parts.

    High where the classifier is sure of each sample and all classes come equally often. Blind to the real data's
    shares, to diversity within a class, and to copies. With an Inception classifier and 10 splits it is the Inception
    score; name the classifier that was used. With one split the deviation is NaN. Biased downwards in N / splits.

    Improved Techniques for Training GANs (Tim Salimans, Ian Goodfellow, Wojciech Zaremba, Vicki Cheung, Alec Radford,
    Xi Chen, 2016). https://arxiv.org/abs/1606.03498

    Raises:
        DataError: not (N, C), fewer samples than splits, or rows that are no probabilities.
    """
    if probabilities.ndim != 2 or len(probabilities) < splits:
        raise DataError(f"need probabilities (N, C) of {splits} samples or more, got {tuple(probabilities.shape)}.")
    p = probabilities.double()
    sums = p.sum(1)
    if not ((p >= 0).all() and torch.allclose(sums, torch.ones_like(sums), rtol=0, atol=1e-3)):
        raise DataError("probabilities: every row must be finite, not negative, and add up to 1: apply softmax first.")
    p = p / sums[:, None]
    scores = torch.stack([_information(part).exp() for part in p.tensor_split(splits)])
    return float(scores.mean()), float(scores.std()) if splits > 1 else float("nan")


def _information(p: Tensor) -> Tensor:
    """Mutual information of sample and class, H(mean of p) - mean of H(p), in nats."""
    information: Tensor = torch.special.entr(p.mean(0)).sum() - torch.special.entr(p).sum(1).mean()
    return information


@dataclass(frozen=True)
class CategoryReport:
    """How samples are distributed over categories.

    Attributes:
        shares: (K,) of the samples.
        covered: categories with at least one sample.
        kl: KL divergence of the samples' shares from the true ones, in nats.
        expected_kl: the expectation of `kl` for as many perfect samples.
    """

    shares: Tensor
    covered: int
    kl: float
    expected_kl: float


def category_report(labels: Tensor, categories: int, *, truth: Tensor | None = None) -> CategoryReport:
    """Coverage of `categories` by labels (N,) in [0, categories), and KL(samples || truth).

    `truth` (K,) holds the true shares, equal ones by default. For Stacked MNIST `labels` are the 1,000 triples of
    digits that a classifier reads.

    VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning (Akash Srivastava, Lazar Valkov, Chris
    Russell, Michael U. Gutmann, Charles Sutton, 2017). https://arxiv.org/abs/1705.07761

    Raises:
        DataError: no labels, or one outside of the range.
    """
    if labels.ndim != 1 or len(labels) == 0 or labels.min() < 0 or labels.max() >= categories:
        raise DataError(f"labels: need one or more whole numbers from 0 to {categories - 1}, one a sample.")
    counts = torch.bincount(labels, minlength=categories)
    kl = kl_divergence(counts, torch.ones(categories) if truth is None else truth)
    return CategoryReport(counts / len(labels), int((counts > 0).sum()), kl, expected_kl(categories, len(labels)))


def covered_interval(counts: Sequence[Tensor]) -> Interval:
    """How many of K categories are covered on average by as many samples, from counts (K,) of one seed or several.

    A number of categories is not a mean, and halves of the samples say little about it. Its variance is the number of
    categories that as many more samples would newly cover, by Good and Toulmin's alternating sum over categories hit once,
    twice, ..., minus a correction for the fixed number of samples; and at least the variance for categories that are as
    likely as their counts. Categories without samples are not considered: the interval of a count that never varies has no
    width.

    The Number of New Species, and the Increase in Population Coverage, when a Sample Is Increased (I. J. Good, G. H.
    Toulmin, 1956), https://doi.org/10.1093/biomet/43.1-2.45; smoothed as in Estimating the Number of Unseen Species: How
    Many Words Did Shakespeare Know? (Bradley Efron, Ronald Thisted, 1976), https://doi.org/10.1093/biomet/63.3.435.

    Raises:
        DataError: no counts.
    """
    if not counts or any(one.ndim != 1 or len(one) == 0 for one in counts):
        raise DataError("covered categories: need one row of counts or more, each of one category or more.")
    value = sum(int((one > 0).sum()) for one in counts) / len(counts)
    found = normal_interval(value, math.sqrt(sum(map(_covered_variance, counts))) / len(counts))
    return Interval(value, max(0.0, found.low), min(float(len(counts[0])), found.high))


def _covered_variance(counts: Tensor) -> float:
    hits = [int((counts == times).sum()) for times in range(1, SMOOTHED + 1)]
    tails = [sum(math.comb(SMOOTHED, k) for k in range(j, SMOOTHED + 1)) / 2**SMOOTHED for j in range(1, SMOOTHED + 1)]
    new = sum((-1) ** j * number * tail for j, (number, tail) in enumerate(zip(hits, tails, strict=True)))
    missed = torch.exp(-counts[counts > 0].double())
    return max(float(new - hits[0] ** 2 / max(1, int(counts.sum()))), float((missed * (1 - missed)).sum()))
