"""The codes of the model: what `Encodes.encode` returns."""

from __future__ import annotations

from typing import Any

import numpy as np

from saddlepoint.applications.cluster.points import Transform
from saddlepoint.applications.cluster.subject import Subject


def codes(subject: Subject, fitted_on: Any) -> Transform:
    """Return the map from examples to codes.

    Args:
        subject: the model.
        fitted_on: is not used, because the model is trained.
    """
    return lambda x: subject.model.encode(x).detach().cpu().flatten(1).numpy().astype(np.float64)
