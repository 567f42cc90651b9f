"""The criteria of the verdicts of C1 to C4."""

from __future__ import annotations

import math

import pytest

from saddlepoint.evaluation.statistics.intervals import Interval
from saddlepoint.studies.claims import faster_vae, log_variances, loss_terms, separated_digits
from saddlepoint.studies.claims.autoencoders import MATCHED, SIMPLE
from saddlepoint.studies.claims.quantities import Race


def around(value: float, half: float = 0.01) -> Interval:
    return Interval(value, value - half, value + half)


@pytest.mark.parametrize(
    ("accuracy", "silhouette", "structure", "angle", "seeds", "expected"),
    [
        (0.1, 0.1, 0.6, 1.0, 12, "holds"),
        (0.1, 0.1, 0.5, 1.0, 12, "holds in part"),  # the interval's lower end is below
        (0.1, 0.0, 0.6, 1.0, 12, "holds in part"),
        (0.0, 0.1, 0.6, 1.0, 12, "does not hold"),
        (0.1, 0.1, 0.6, 30.0, 12, "not decided"),  # training was too short for the known optimum
        (0.1, 0.1, 0.6, math.nan, 12, "not decided"),
        (0.1, 0.1, 0.6, 1.0, 4, "not decided"),
    ],
)
def test_c1_asks_for_more_than_pca_and_for_clusters(accuracy, silhouette, structure, angle, seeds, expected):
    own = separated_digits.decide(around(accuracy), around(silhouette), around(structure), around(angle), seeds)
    assert own == expected


def race_of(share: float, decided: int = 12) -> Race:
    faster = round(share * decided)
    return Race(faster, decided - faster, 0, around(share, 0.2))


@pytest.mark.parametrize(
    ("steps", "seconds", "matched", "decided", "expected"),
    [
        (1.0, 1.0, 1.0, 12, "holds"),
        (1.0, 1.0, 0.5, 12, "holds in part"),  # the layers are the reason
        (1.0, 0.0, 1.0, 12, "holds in part"),
        (0.0, 1.0, 0.0, 12, "holds in part"),
        (0.0, 0.0, 1.0, 12, "does not hold"),
        (0.6, 0.6, 0.6, 12, "does not hold"),
        (0.5, 0.5, 0.5, 4, "not decided"),
    ],
)
def test_c2_asks_for_steps_and_seconds_and_for_the_reason(steps, seconds, matched, decided, expected):
    shares = {"steps": steps, "seconds": seconds}
    races = {(unit, SIMPLE): race_of(share, decided) for unit, share in shares.items()}
    races |= {(unit, MATCHED): race_of(matched, decided) for unit in shares}
    assert faster_vae.decide(races) == expected


@pytest.mark.parametrize(
    ("dominates", "trades", "seeds", "expected"),
    [
        (True, True, 12, "holds"),
        (True, False, 12, "holds in part"),
        (False, True, 12, "holds in part"),
        (False, False, 12, "does not hold"),
        (True, True, 4, "not decided"),
    ],
)
def test_c3_asks_for_a_larger_term_and_for_a_trade(dominates, trades, seeds, expected):
    assert loss_terms.decide(dominates, trades, seeds) == expected


@pytest.mark.parametrize(
    ("described", "inactive", "without", "seeds", "expected"),
    [
        (0.0, 0.0, -5.0, 12, "holds"),
        (-2.0, 0.0, -5.0, 12, "holds in part"),
        (-2.0, -2.0, -5.0, 12, "does not hold"),
        (-2.0, math.nan, -5.0, 12, "does not hold"),  # no unit is inactive
        (0.0, 0.0, 0.0, 12, "does not hold"),  # KL is not the reason
        (0.0, 0.0, -5.0, 4, "not decided"),
    ],
)
def test_c4_asks_for_zero_and_for_the_reason(described, inactive, without, seeds, expected):
    own = log_variances.decide(around(described), around(inactive), [around(-5.0), around(without)], seeds)
    assert own == expected
