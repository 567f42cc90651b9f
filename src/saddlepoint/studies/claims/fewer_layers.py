"""C9: the effect of one layer of the generator, with one mode."""

from __future__ import annotations

from saddlepoint.studies.claims.contract import Claim
from saddlepoint.studies.claims.paired import RULE, measure_of, setups_of
from saddlepoint.studies.claims.setups import POST, POST_ADDRESS

THREE, TWO = "three layers", "two layers"

CLAIM = Claim(
    "C9",
    "With one mode, a generator with one layer less takes about 150 steps to converge instead of 20.",
    f"{POST}, observation 1, {POST_ADDRESS}",
    RULE,
    setups_of(1, THREE, TWO, hidden=(4, 4)),
    measure_of(THREE, TWO, ("20 steps", "about 150 steps")),
)
