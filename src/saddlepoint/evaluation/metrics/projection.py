"""Principal components of examples: the directions with the most variance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

_LARGEST = 1_000  # rows or columns, whichever are fewer, whose eigenvectors are computed exactly: a second


@dataclass(frozen=True, eq=False)
class Projection:
    """An affine map `(x - mean) @ directions` of flattened examples x (N, D).

    Attributes:
        mean: (D,) float32.
        directions: (D, d) float32.
        share: of the variance that the d components explain, in [0, 1].
    """

    mean: Tensor
    directions: Tensor
    share: float

    def __call__(self, x: Tensor) -> Tensor:
        """(N, D) float32 -> (N, d)."""
        projected: Tensor = (x - self.mean) @ self.directions
        return projected


def principal_components(
    x: Tensor, *, most: int, seed: int, standardised: bool, share: float | None = None
) -> Projection:
    """The leading principal components, without whitening.

    Args:
        x: (N, D) float32.
        most: largest number of components.
        seed: of the solver for more than 1,000 examples of more than 1,000 numbers.
        standardised: whether to divide each column by its standard deviation first, for columns with different units
            (the pixels of an image share theirs). Constant columns are ignored.
        share: of the variance; the fewest components that explain it are used. None for no such limit.
    """
    scale = torch.ones(x.shape[1], dtype=x.dtype)
    if standardised:
        # An infinite scale gives a constant column, whose deviation is 0 or a rounding error, the weight 0.
        scale = torch.where((x == x[:1]).all(0), math.inf, x.std(0).clamp_min(torch.finfo(x.dtype).tiny))
    values = x / scale
    count = min(most, *x.shape)
    mean = values.mean(0, dtype=torch.float64)
    solve = _exact if min(x.shape) <= _LARGEST else partial(_randomised, seed=seed)
    directions, shares = solve(values, mean, count)
    held = shares.nan_to_num().cumsum(0)  # examples that are all alike have no variance to share out
    if share is not None:
        count = min(count, int((held < share).sum()) + 1)
    return Projection(
        mean=torch.where(scale.isinf(), 0.0, mean.to(x.dtype) * scale),
        directions=directions[:, :count].to(x.dtype) / scale[:, None],
        share=min(1.0, float(held[count - 1])),
    )


def _exact(values: Tensor, mean: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Directions (D, count) and shares of the variance (count,) of values (N, D), both float64.

    The eigenvectors of the smaller of the two matrices of products. scikit-learn finds the same ones, but takes two seconds to import,
    which every run would wait for before its first step.
    """
    centred = values.double() - mean
    tall = centred.shape[0] >= centred.shape[1]
    variances, vectors = torch.linalg.eigh(centred.T @ centred if tall else centred @ centred.T)
    variances, vectors = variances.flip(0)[:count].clamp_min(0.0), vectors.flip(1)[:, :count]
    if not tall:
        # A direction without variance is 0, since rounding errors alone would choose it.
        some = variances > torch.finfo(torch.float64).eps * len(vectors) * variances[0]
        vectors = torch.where(some, centred.T @ vectors / variances.sqrt(), 0.0)
    # An eigenvector has either sign: the largest number of each is positive.
    largest = vectors.gather(0, vectors.abs().argmax(0, keepdim=True))
    return torch.where(largest < 0, -vectors, vectors), variances / centred.square().sum()


def _randomised(values: Tensor, mean: Tensor, count: int, *, seed: int) -> tuple[Tensor, Tensor]:
    """What `_exact` returns, by random projections, for matrices with many rows and many columns."""
    from sklearn.decomposition import PCA

    pca = PCA(count, random_state=seed, svd_solver="randomized").fit((values - mean).float().numpy())
    return torch.from_numpy(pca.components_.T.copy()), torch.from_numpy(pca.explained_variance_ratio_).double()
