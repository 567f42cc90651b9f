"""Number of statistically different bins (NDB): regions of the data that have too many or too few samples.

References:
    On GANs and GMMs (Eitan Richardson, Yair Weiss, 2018), https://arxiv.org/abs/1805.12462
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from saddlepoint.errors import DataError
from saddlepoint.evaluation.metrics.divergence import expected_jensen_shannon, jensen_shannon
from saddlepoint.evaluation.metrics.neighbours import nearest
from saddlepoint.evaluation.metrics.points import check_points
from saddlepoint.evaluation.statistics.paired_comparison import holm_p_values

LEVEL = 0.05


@dataclass(frozen=True)
class Bins:
    """K-means cells of training points.

    Attributes:
        centres: (K, D) of the cells.
        counts: (K,) training points in each cell.
    """

    centres: Tensor
    counts: Tensor

    def count(self, x: Tensor) -> Tensor:
        """Number of the points x (N, D) in each cell: (K,) int64."""
        return torch.bincount(nearest(x, self.centres)[1][:, 0], minlength=len(self.centres))


@dataclass(frozen=True)
class BinReport:
    """The shares of samples in the bins, compared with those of training points.

    Attributes:
        z: (K,) normal scores of the differences between the samples' and the training points' shares; below 0 where samples
            are too rare.
        different: bins whose shares differ by more than `threshold` standard errors (NDB).
        by_chance: the expectation of `different` for equal distributions.
        certain: bins that differ after Holm's correction at 5 %; by chance, none does in 19 of 20 cases.
        divergence: Jensen-Shannon divergence of the shares, in nats.
        expected_divergence: its expectation for equal distributions.
        trials: how many independent bins with equal probabilities would make `different` vary as much over fresh samples; K
            or more.
    """

    z: Tensor
    different: int
    by_chance: float
    certain: int
    divergence: float
    expected_divergence: float
    trials: float


def fit_bins(train: Tensor, *, number: int = 100, seed: int = 0) -> Bins:
    """K-means cells of training points.

    Args:
        train: (N, D) training points.
        number: K, of cells.
        seed: of k-means.

    Raises:
        DataError: fewer points than cells, NaN or infinite values.
    """
    train = check_points(train, "training points", least=number, dtype=None)
    from sklearn.cluster import KMeans  # most of a second to import

    centres = torch.from_numpy(KMeans(number, n_init=1, random_state=seed).fit(train.numpy()).cluster_centers_)
    # Assigned again as samples will be, so that both rows of counts follow one rule.
    empty = Bins(centres.to(train.dtype), torch.zeros(number, dtype=torch.int64))
    return Bins(empty.centres, empty.count(train))


def different_bins(bins: Bins, samples: Tensor, *, threshold: float = 1.96) -> BinReport:
    """Compare the shares of samples in the bins with those of the training points, by a two-proportion z-test for each
    bin.

    The paper tests at the 5 % level, a threshold of 1.96; the authors' published demonstration on MNIST uses 3. The
    bins were fitted to the training points, so even real points can differ slightly more often than `by_chance`.
    Held-out points give the real-data baseline. A bin without points of either set counts as equal.

    Args:
        bins: of the training points.
        samples: (M, D).
        threshold: standard errors above which a bin is different.

    Raises:
        DataError: no samples, another number of features than that of the bins, NaN or infinite values.
    """
    samples = check_points(samples, "samples", least=1, dtype=None)
    if samples.shape[1] != bins.centres.shape[1]:
        raise DataError(f"samples have {samples.shape[1]} features, the bins {bins.centres.shape[1]}.")
    counts, train = bins.count(samples).double(), bins.counts.double()
    n, m = train.sum(), counts.sum()
    pooled = (train + counts) / (n + m)
    error = (pooled * (1 - pooled) * (1 / n + 1 / m)).sqrt()
    z = torch.where(error > 0, (counts / m - train / n) / error, torch.zeros_like(error))
    p = 2 * torch.special.ndtr(-z.abs())
    return BinReport(
        z,
        int((z.abs() > threshold).sum()),
        len(z) * math.erfc(threshold / math.sqrt(2)),
        sum(value < LEVEL for value in holm_p_values(p.clamp(0, 1).tolist())),
        jensen_shannon(train, counts),
        expected_jensen_shannon(len(z), int(n), int(m)),
        _trials(z, float(n / (n + m)), threshold),
    )


def _trials(z: Tensor, noise: float, threshold: float) -> float:
    """Effective number of independent bins; see `BinReport.trials`.

    Bins that always or never differ have no variance. The variance of the scores beyond that of noise is attributed to
    their expectations, and the scores are shrunk towards 0 accordingly.

    Args:
        z: (K,) scores.
        noise: variance of a score over fresh samples, given the shares of the training points.
        threshold: standard errors above which a bin is different.
    """
    middle = z * max(0.0, 1 - noise / max(float(z.square().mean()), 1e-12)) ** 0.5
    tails = torch.stack([middle - threshold, -middle - threshold]) / noise**0.5
    chance = torch.special.ndtr(tails).sum(0)
    scatter = float((chance * (1 - chance)).mean())
    mean = float(chance.mean())
    return len(z) * mean * (1 - mean) / scatter if scatter > 0 else float(len(z))
