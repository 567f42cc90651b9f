"""The raw values: pixels from 0 to 1, or columns with mean 0 and standard deviation 1."""

from __future__ import annotations

from typing import Any

from saddlepoint.applications.cluster.points import Transform
from saddlepoint.applications.cluster.subject import Subject


def raw(subject: Subject, fitted_on: Any) -> Transform:
    """Return the map from examples to comparable numbers.

    Args:
        subject: says what one example is.
        fitted_on: is not used: the range or the moments are those of the training data.
    """
    return subject.raw_values
