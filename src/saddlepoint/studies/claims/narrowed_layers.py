"""C10: the effect of the width of the generator's layers, with three modes."""

from __future__ import annotations

from saddlepoint.studies.claims.contract import Claim
from saddlepoint.studies.claims.paired import RULE, measure_of, setups_of
from saddlepoint.studies.claims.setups import POST, POST_ADDRESS

WIDE, NARROWED = "widths 12, 12, 12", "widths 12, 8, 8"

CLAIM = Claim(
    "C10",
    "With three modes, narrowing the generator's last two hidden layers from 12 to 8 takes convergence from step 300 to step "
    "3,050.",
    f"{POST}, observation 2, {POST_ADDRESS}",
    RULE,
    setups_of(3, WIDE, NARROWED, hidden=(12, 8, 8)),
    measure_of(WIDE, NARROWED, ("300 steps", "3,050 steps")),
)
