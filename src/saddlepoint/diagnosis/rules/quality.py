"""Are the samples bad, and are they getting better? What most rules ask before they call something a failure.

A quality series (an energy distance, lower is better) is compared with its own first value, that of the untrained model.
"""

from __future__ import annotations

import math

from saddlepoint.diagnosis.series import Series

NEAR = 0.03  # energy distance that two unit normals a third of their width apart have: good enough, wherever it began
BAD = 0.12  # of the untrained model's distance that is left, above which a GAN's samples are plainly not like the data
STUCK = 0.8  # a distance that fell below this share of what it was two measurements ago still falls


def remaining(quality: Series | None) -> float:
    """Share of the untrained model's distance to the data that is left, 1 before training; NaN where not known.

    The better of the two newest values, so that one bad measurement does not decide.
    """
    if quality is None or len(quality) < 2 or not quality.values[0] > 0:
        return math.nan
    return max(min(quality.recent(2), default=math.nan), 0.0) / quality.values[0]


def is_bad(quality: Series | None, more_than: float = BAD) -> bool:
    """Whether samples are plainly not like the data; not known counts as bad, so that foreign logs can be judged."""
    left = remaining(quality)
    if math.isnan(left) or quality is None:
        return True
    return left > more_than and left * quality.values[0] > NEAR


def is_improving(quality: Series | None) -> bool:
    """Whether the distance still falls fast: a run under way is not a run that fails."""
    if quality is None or len(quality) < 3:
        return False
    return quality.values[-1] < STUCK * quality.values[-3]


def told(quality: Series | None) -> dict[str, float]:
    """What a finding's evidence says of it."""
    left = remaining(quality)
    return {} if math.isnan(left) else {"distance_left": round(left, 4)}


def known(quality: Series | None) -> bool:
    """Whether there is a distance to judge by."""
    return not math.isnan(remaining(quality))
