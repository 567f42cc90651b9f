"""Outliers by density: examples whose codes are least likely under a Gaussian mixture of all codes."""

from __future__ import annotations

import numpy as np

from saddlepoint.applications.cluster.methods.mixture import fit_mixture
from saddlepoint.applications.cluster.points import Points
from saddlepoint.applications.cluster.subject import Subject


def density(subject: Subject, codes: Points, clusters: int, seed: int) -> Points:
    """Return the negative log density of each code, in nats.

    Args:
        subject: is not used.
        codes: (N, D).
        clusters: components of the mixture.
        seed: of its fit.
    """
    return np.asarray(-fit_mixture(codes, clusters, seed).score_samples(codes), np.float64)
