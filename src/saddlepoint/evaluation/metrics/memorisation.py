"""Tests of memorisation: are samples copies of training examples?

All distances are from a point to its nearest training example. Samples are compared with held-out examples of the same
distribution, not with a fixed threshold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.neighbours import nearest
from saddlepoint.evaluation.metrics.points import check_pair, check_points
from saddlepoint.evaluation.statistics.intervals import Interval, wilson_interval
from saddlepoint.evaluation.statistics.roc import rank_sum_score


@dataclass(frozen=True)
class Copies:
    """Samples that are unusually near to a training example.

    Attributes:
        nearest: (M,) index of the nearest training example of each sample.
        distance: (M,) to it.
        level: expected value of `near` for new samples.
        near: share of samples that are nearer than all but a share `level` of held-out examples.
        exact: number of samples that are equal to a training example.
    """

    nearest: Tensor
    distance: Tensor
    level: float
    near: Interval
    exact: int


def find_copies(train: Tensor, held_out: Tensor, samples: Tensor, *, level: float = 0.01) -> Copies:
    """Find samples that are unusually near to a training example.

    Args:
        train: (N, D) training examples.
        held_out: (H, D) held-out examples.
        samples: (M, D).
        level: quantile of the held-out distances that is the threshold.

    Returns:
        The interval of `near` is over samples, for a fixed threshold.

    Raises:
        DataError: fewer held-out examples than 1 / level, unequal numbers of features, NaN or infinite values.
    """
    train, held_out, samples = _check_sets(train, held_out, samples, math.ceil(1 / level))
    distance, index = (column[:, 0] for column in nearest(samples, train))
    usual = nearest(held_out, train)[0][:, 0]
    threshold = usual.double().quantile(level)
    near = int((distance < threshold).sum())
    return Copies(index, distance, level, wilson_interval(near, len(samples)), int((distance == 0).sum()))


@dataclass(frozen=True)
class DataCopying:
    """The data-copying statistic C_T.

    Attributes:
        statistic: about N(0, 1) / sqrt(cells) for new samples. It is far below 0 for copies, and far above 0 for
            samples further from the training examples than held-out examples are (underfitting). NaN if no cell could
            be compared.
        z: (cells,) of each cell, NaN for cells that were left out.
        share: of held-out examples in the compared cells.
        p_copying: one-sided p-value of `statistic`.
    """

    statistic: float
    z: Tensor
    share: float
    p_copying: float


def data_copying(
    train: Tensor, held_out: Tensor, samples: Tensor, *, cells: int = 1, least: int = 20, seed: int = 0
) -> DataCopying:
    """The data-copying statistic C_T: the mean of Z over cells, weighted by held-out examples.

    In each cell of a k-means of the training examples, Z is the normal score of the Mann-Whitney U statistic, which
    compares the distances of samples and of held-out examples to the nearest training example of the cell. Cells
    distinguish a model that copies in some regions and underfits in others from one that generalises. A cell with
    fewer than `least` samples or held-out examples is left out (the paper leaves out those with few samples). A
    dropped mode is not detected.

    Args:
        train: (N, D) training examples.
        held_out: (H, D) held-out examples.
        samples: (M, D).
        cells: number of cells.
        least: samples and held-out examples that a cell needs.
        seed: of k-means.

    Raises:
        DataError: fewer than `least` held-out examples or samples, fewer training examples than cells, unequal numbers
            of features, NaN or infinite values.

    References:
        A Non-Parametric Test to Detect Data-Copying in Generative Models (Casey Meehan, Kamalika Chaudhuri, Sanjoy
            Dasgupta,
        2020), https://arxiv.org/abs/2004.05675
    """
    train, held_out, samples = _check_sets(train, held_out, samples, least)
    if len(train) < cells or len(samples) < least:
        raise DataError(
            f"C_T over {cells} cells needs as many training examples and {least} samples or more, "
            f"got {len(train):,} and {len(samples):,}."
        )
    parts = [train, held_out, samples]
    centres = _centres(train, cells, seed)
    at = [nearest(part, centres)[1][:, 0] for part in parts]
    z = torch.full((cells,), math.nan, dtype=torch.float64)
    weights = torch.zeros(cells, dtype=torch.float64)
    for cell in range(cells):
        here = [part[index == cell] for part, index in zip(parts, at, strict=True)]
        if len(here[0]) and min(len(here[1]), len(here[2])) >= least:
            distances = [nearest(part, here[0])[0][:, 0] for part in here[1:]]
            z[cell], weights[cell] = rank_sum_score(distances[1], distances[0]), len(here[1])
    judged = weights > 0
    if not judged.any():
        return DataCopying(math.nan, z, 0.0, math.nan)
    shares = weights[judged] / weights.sum()
    statistic = float((shares * z[judged]).sum())
    z_score = statistic / math.sqrt(float(shares.square().sum()))
    p = math.erfc(-z_score / math.sqrt(2)) / 2
    return DataCopying(statistic, z, float(weights.sum()) / len(held_out), p)


def _centres(x: Tensor, cells: int, seed: int) -> Tensor:
    if cells == 1:
        return x.mean(0, keepdim=True)
    from sklearn.cluster import KMeans  # most of a second to import

    return torch.from_numpy(KMeans(cells, n_init=1, random_state=seed).fit(x.numpy()).cluster_centers_).to(x.dtype)


def _check_sets(train: Tensor, held_out: Tensor, samples: Tensor, least: int) -> tuple[Tensor, Tensor, Tensor]:
    names = ("training examples", "held-out examples", "samples")
    held_out = check_points(held_out, names[1], least=least, dtype=None)
    train, held_out = check_pair(train, held_out, least=1, names=names[:2], dtype=None)
    train, samples = check_pair(train, samples, least=1, names=(names[0], names[2]), dtype=None)
    return train, held_out.to(train.dtype), samples
