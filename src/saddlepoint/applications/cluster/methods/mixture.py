"""A Gaussian mixture, fitted by EM: clusters may differ in size, shape and direction."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, cast

import numpy as np

from saddlepoint.applications.cluster.points import Labels, Points

if TYPE_CHECKING:
    from sklearn.mixture import GaussianMixture

STARTS = 3
NUMBERS_A_PARAMETER = 10
FLOOR = 1e-3  # added to variances, as a share of the mean variance of a dimension


def mixture(points: Points, clusters: int, seed: int) -> Labels:
    """Cluster by the most probable component of a Gaussian mixture.

    Args:
        points: (N, D).
        clusters: K components.
        seed: of the starts.

    Returns:
        (N,) clusters from 0 to K - 1.

    References:
        Maximum Likelihood from Incomplete Data via the EM Algorithm (A. P. Dempster, N. M. Laird, D. B. Rubin, 1977),
        https://doi.org/10.1111/j.2517-6161.1977.tb01600.x
    """
    return cast(Labels, fit_mixture(points, clusters, seed).predict(points))


def fit_mixture(points: Points, clusters: int, seed: int, starts: int = STARTS) -> GaussianMixture:
    """Fit a Gaussian mixture with full covariances, or diagonal ones where there are too few numbers for full ones.

    Args:
        points: (N, D).
        clusters: K components.
        seed: of the starts.
        starts: fits, the best of which is returned.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    variance = float(np.asarray(points, np.float64).var(0).mean())
    model = GaussianMixture(
        clusters, covariance_type=covariance_type(len(points), points.shape[1], clusters), n_init=starts, random_state=seed,
        reg_covar=max(FLOOR * variance, 1e-12),
    )  # fmt: skip
    with warnings.catch_warnings():
        # A start that stops at the limit of iterations is a mixture as well, only not the best one.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(points)


def covariance_type(examples: int, dimensions: int, clusters: int) -> str:
    """ "full" where there are ten numbers of data or more for each parameter of full covariances; "diag" otherwise."""
    parameters = clusters * dimensions * (dimensions + 3) / 2
    return "full" if examples * dimensions >= NUMBERS_A_PARAMETER * parameters else "diag"
