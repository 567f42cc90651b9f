"""Principal components of examples: the directions with the most variance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


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
        seed: of the solver.
        standardised: whether to divide each column by its standard deviation first, for columns with different units
            (the pixels of an image share theirs). Constant columns are ignored.
        share: of the variance; the fewest components that explain it are used. None for no such limit.
    """
    from sklearn.decomposition import PCA  # takes most of a second to import

    scale = torch.ones(x.shape[1], dtype=x.dtype)
    if standardised:
        # An infinite scale gives a constant column, whose deviation is 0 or a rounding error, the weight 0.
        scale = torch.where((x == x[:1]).all(0), math.inf, x.std(0).clamp_min(torch.finfo(x.dtype).tiny))
    with np.errstate(invalid="ignore", divide="ignore"):  # examples that are all alike have no variance to share out
        pca = PCA(min(most, *x.shape), random_state=seed).fit((x / scale).numpy())
    held = torch.from_numpy(pca.explained_variance_ratio_).double().nan_to_num().cumsum(0)
    count = len(held) if share is None else min(len(held), int((held < share).sum()) + 1)
    return Projection(
        mean=torch.where(scale.isinf(), 0.0, torch.from_numpy(pca.mean_) * scale),
        directions=torch.from_numpy(pca.components_[:count].T.copy()) / scale[:, None],
        share=min(1.0, float(held[count - 1])),
    )
