"""Rules, one file a family of codes; `RULES` is the registry."""

from saddlepoint.diagnosis.rules.numerics import non_finite

RULES = (non_finite,)
