"""Outliers by reconstruction: examples that are decoded worst from their own codes."""

from __future__ import annotations

import numpy as np
import torch

from saddlepoint.applications.cluster.points import Points
from saddlepoint.applications.cluster.subject import Subject


def reconstruction(subject: Subject, codes: Points, clusters: int, seed: int) -> Points:
    """Return the mean squared error of each reconstruction, in units of the raw values.

    Args:
        subject: the model and the examples.
        codes: (N, D) of the examples.
        clusters: is not used.
        seed: is not used.
    """
    decoded = subject.model.decode(torch.from_numpy(codes).float()).detach().cpu()
    return np.asarray(np.square(subject.raw_values(decoded) - subject.raw_values(subject.x)).mean(1), np.float64)
