"""Scores from class probabilities of samples: confidence, balance and coverage of classes."""

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
    """Inception-type score exp(E KL(p(c | x) || p(c))), from 1 to the number of classes.

    It is high if the classifier is confident about each sample and all classes are equally frequent. It ignores the
    class shares of the real data, diversity within a class, and copies. With an Inception classifier and 10 splits it
    is the Inception score; report the classifier with it. The score has a downward bias that depends on N / splits.

    Args:
        probabilities: (N, C), with rows that add up to 1.
        splits: disjoint parts of the samples.

    Returns:
        The mean over the splits and its standard deviation, NaN for one split.

    Raises:
        DataError: not (N, C), fewer samples than splits, or rows that are no probabilities.

    References:
        Improved Techniques for Training GANs (Tim Salimans, Ian Goodfellow, Wojciech Zaremba, Vicki Cheung, Alec
            Radford, Xi
        Chen, 2016), https://arxiv.org/abs/1606.03498
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
    """Coverage of categories by labels of samples, and KL(samples || truth).

    For Stacked MNIST, labels are the 1,000 triples of digits that a classifier recognises.

    Args:
        labels: (N,) integers in [0, categories).
        categories: K.
        truth: (K,) true shares; equal ones if None.

    Raises:
        DataError: no labels, or a label out of range.

    References:
        VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning (Akash Srivastava, Lazar Valkov,
            Chris Russell,
        Michael U. Gutmann, Charles Sutton, 2017), https://arxiv.org/abs/1705.07761
    """
    if labels.ndim != 1 or len(labels) == 0 or labels.min() < 0 or labels.max() >= categories:
        raise DataError(f"labels: need one or more whole numbers from 0 to {categories - 1}, one a sample.")
    counts = torch.bincount(labels, minlength=categories)
    kl = kl_divergence(counts, torch.ones(categories) if truth is None else truth)
    return CategoryReport(counts / len(labels), int((counts > 0).sum()), kl, expected_kl(categories, len(labels)))


def covered_interval(counts: Sequence[Tensor]) -> Interval:
    """The mean number of covered categories, with its 95 % interval.

    A number of categories is not a mean, and split halves of the samples are not informative about it. Its variance is
    estimated as the number of categories that as many more samples would newly cover, by Good and Toulmin's
    alternating sum over categories with one sample, two samples, and so on, minus a correction for the fixed number of
    samples. It is at least the variance for categories with probabilities in proportion to their counts. Categories
    without samples are ignored, so a count that never varies has an interval of width 0.

    Args:
        counts: (K,) samples in each category, for one seed or several, with equal numbers of samples.

    Raises:
        DataError: no counts.

    References:
        The Number of New Species, and the Increase in Population Coverage, when a Sample Is Increased (I. J. Good, G.
            H. Toulmin,
        1956), https://doi.org/10.1093/biomet/43.1-2.45
        Estimating the Number of Unseen Species: How Many Words Did Shakespeare Know? (Bradley Efron, Ronald Thisted,
            1976), for
        the smoothing, https://doi.org/10.1093/biomet/63.3.435
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
