"""Do samples copy training examples? Held-out examples say how close to them honest points lie.

Every distance is from a point to its nearest training example; samples are compared with held-out ones of the same
distribution, never with a threshold out of the air.
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


@dataclass(frozen=True)
class Copies:
    """Samples that lie suspiciously near a training example.

    nearest: (M,) index of each sample's nearest training example; distance: (M,) to it. near: share of samples nearer
    than all but a `level` of held-out examples are; that share is expected of honest samples. exact: samples that are
    a training example.
    """

    nearest: Tensor
    distance: Tensor
    level: float
    near: Interval
    exact: int


def find_copies(train: Tensor, held_out: Tensor, samples: Tensor, *, level: float = 0.01) -> Copies:
    """Of train (N, D), held_out (H, D) and samples (M, D). The interval is over samples, the threshold taken as known.

    Raises:
        DataError: fewer held-out examples than 1 / level, unequal numbers of features, NaN or infinite values.
    """
    train, held_out, samples = _check_sets(train, held_out, samples, math.ceil(1 / level))
    distance, index = (column[:, 0] for column in nearest(samples, train))
    honest = nearest(held_out, train)[0][:, 0]
    threshold = honest.double().quantile(level)
    near = int((distance < threshold).sum())
    return Copies(index, distance, level, wilson_interval(near, len(samples)), int((distance == 0).sum()))


@dataclass(frozen=True)
class DataCopying:
    """C_T and its parts.

    statistic: about N(0, 1) / sqrt(cells) for honest samples; far below 0 for copies, far above for samples further
    from the training examples than held-out ones are (underfitting). NaN where no cell could be compared.
    z: (cells,) of each cell, NaN for cells left out. share: of held-out examples in the cells that were compared.
    p_copying: one-sided p-value of `statistic`.
    """

    statistic: float
    z: Tensor
    share: float
    p_copying: float


def data_copying(
    train: Tensor, held_out: Tensor, samples: Tensor, *, cells: int = 1, least: int = 20, seed: int = 0
) -> DataCopying:
    """C_T of train (N, D), held_out (H, D), samples (M, D): the mean, weighted by held-out examples, of Z over cells.

    In each cell of a k-means of the training examples, Z is the normal score of Mann and Whitney's U for the distances
    to the nearest training example there, samples' against held-out ones'. Cells tell a model that copies in some
    regions and underfits in others from an honest one. A cell with fewer than `least` samples or held-out examples
    cannot be judged and is left out (the paper leaves out those with few samples). A dropped mode is not seen.

    A Non-Parametric Test to Detect Data-Copying in Generative Models (Casey Meehan, Kamalika Chaudhuri, Sanjoy
    Dasgupta, 2020). https://arxiv.org/abs/2004.05675

    Raises:
        DataError: fewer than `least` held-out examples or samples, fewer training examples than cells, unequal numbers
            of features, NaN or infinite values.
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
            z[cell], weights[cell] = _mann_whitney(distances[1], distances[0]), len(here[1])
    judged = weights > 0
    if not judged.any():
        return DataCopying(math.nan, z, 0.0, math.nan)
    shares = weights[judged] / weights.sum()
    statistic = float((shares * z[judged]).sum())
    z_score = statistic / math.sqrt(float(shares.square().sum()))
    p = math.erfc(-z_score / math.sqrt(2)) / 2
    return DataCopying(statistic, z, float(weights.sum()) / len(held_out), p)


def _mann_whitney(x: Tensor, y: Tensor) -> float:
    """The normal score of how often x (N,) exceeds y (M,), ties counted half; 0 where all values are the same."""
    n, m = len(x), len(y)
    values, inverse, counts = torch.unique(torch.cat([x, y]), return_inverse=True, return_counts=True)
    ranks = counts.cumsum(0).double() - (counts.double() - 1) / 2
    excess = float(ranks[inverse[:n]].sum()) - n * (n + 1) / 2 - n * m / 2
    total = n + m
    ties = float((counts.double() ** 3 - counts).sum()) / (total * (total - 1))
    variance = n * m / 12 * (total + 1 - ties)
    return excess / math.sqrt(variance) if variance > 0 and len(values) > 1 else 0.0


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
