"""Principal components of the training examples of a claim: the best linear code of a given size, as a baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from saddlepoint.data.dataset import Dataset


@dataclass(frozen=True, eq=False)
class Components:
    """Principal components.

    Attributes:
        mean: (D,) float64, of the training examples.
        directions: (D, D) or fewer rows, float64, orthonormal rows by descending variance.
    """

    mean: Tensor
    directions: Tensor

    @classmethod
    def fit(cls, x: Tensor) -> Components:
        """The components of x (N, D)."""
        x = x.double()
        mean = x.mean(0)
        return cls(mean, torch.linalg.svd(x - mean, full_matrices=False).Vh)

    def codes(self, x: Tensor, units: int) -> Tensor:
        """The first `units` coordinates of x (N, D), (N, units)."""
        return (x.double() - self.mean) @ self.directions[:units].T

    def error(self, x: Tensor, units: int) -> float:
        """Mean squared error ||x - y||^2 of x (N, D) and the reconstructions from `units` coordinates."""
        centred = x.double() - self.mean
        left = centred - self.codes(x, units) @ self.directions[:units]
        return float(left.square().sum(1).mean())


def pixels(dataset: Dataset) -> tuple[Tensor, Tensor]:
    """Training and held-out examples as rows with values from 0 to 1, (N, D) and (M, D) float64."""
    event, held_out = dataset.event, dataset.held_out
    assert held_out is not None
    assert event.low is not None
    assert event.high is not None
    train, test = ((own.x.double().flatten(1) - event.low) / (event.high - event.low) for own in (dataset, held_out))
    return train, test


def largest_angle(first: Tensor, second: Tensor) -> float:
    """The largest principal angle of the subspaces that the rows of both span, (K, D) each, in degrees from 0 to 90."""
    from scipy.linalg import subspace_angles

    return float(np.rad2deg(subspace_angles(first.double().T.numpy(), second.double().T.numpy()).max()))
