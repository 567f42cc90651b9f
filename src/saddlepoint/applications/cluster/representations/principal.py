"""Principal components of the raw values, as many as a code has numbers: what a linear model does with the same dimension."""

from __future__ import annotations

from typing import Any

import numpy as np

from saddlepoint.applications.cluster.points import Transform
from saddlepoint.applications.cluster.subject import Subject


def principal(subject: Subject, fitted_on: Any) -> Transform:
    """Fit principal components and return the map to their scores.

    Args:
        subject: says how many components there are.
        fitted_on: (N, *event) examples whose components are found.
    """
    from sklearn.decomposition import PCA

    values = subject.raw_values(fitted_on)
    components = min(subject.dimension, *values.shape)
    fitted = PCA(components, svd_solver="full", random_state=0).fit(values)
    return lambda x: np.asarray(fitted.transform(subject.raw_values(x)), np.float64)
