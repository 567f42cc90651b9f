"""Checks that most rules make before they report a failure: whether samples are bad, and whether they improve.

The series of an energy distance (lower is better) is compared with its first value, which is that of the untrained model.
"""

from __future__ import annotations

import math

from saddlepoint.diagnosis.series import Series

NEAR = 0.03  # energy distance of two unit normals a third of their width apart: good enough, wherever training began
BAD = 0.12  # share of the untrained model's distance, above which a GAN's samples are plainly not like the data
STUCK = 0.8  # a distance that fell below this share of what it was two measurements ago is still falling


def distance_left(quality: Series | None) -> float:
    """Return the present distance to the data divided by that of the untrained model; NaN if it is not known.

    The smaller of the two newest values is used, so that one bad measurement does not decide.
    """
    if quality is None or len(quality) < 2 or not quality.values[0] > 0:
        return math.nan
    return max(min(quality.recent(2), default=math.nan), 0.0) / quality.values[0]


def is_known(quality: Series | None) -> bool:
    """Whether the distance is known."""
    return not math.isnan(distance_left(quality))


def is_bad(quality: Series | None, more_than: float = BAD) -> bool:
    """Whether samples clearly differ from the data. An unknown quality counts as bad, so that any log can be diagnosed."""
    left = distance_left(quality)
    if math.isnan(left) or quality is None:
        return True
    return left > more_than and left * quality.values[0] > NEAR


def is_improving(quality: Series | None) -> bool:
    """Whether the distance is still decreasing fast; such a run has not failed."""
    if quality is None or len(quality) < 3:
        return False
    return quality.values[-1] < STUCK * quality.values[-3]


def quality_evidence(quality: Series | None) -> dict[str, float]:
    """Return the quality as evidence of a finding; empty if it is not known."""
    left = distance_left(quality)
    return {} if math.isnan(left) else {"distance_left": round(left, 4)}
