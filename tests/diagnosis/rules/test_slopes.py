"""The slope of a Wasserstein critic: what limits it makes it settle, and a penalty with the wrong sign makes it vanish."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from saddlepoint.diagnosis import Diagnosis, Facts
from saddlepoint.diagnosis.rules.critics import slope_runs_away, slope_vanishes
from saddlepoint.records import Finding, Record

STEPS = 20 * np.arange(41)
Course = Callable[[float], float]


def found(slope: Course, quality: Course, loss: float = -1.0, objective: str = "wasserstein") -> dict[str, Finding]:
    """What is found at the end; quality is measured at every fourth probe."""
    diagnosis = Diagnosis(("gan", objective), [slope_runs_away, slope_vanishes], Facts(steps=int(STEPS[-1])))
    for place, step in enumerate(STEPS):
        share = place / (len(STEPS) - 1)
        values = {"g/sample_gradient": slope(share), "d/loss": loss, "d/real_logit": 0.01, "d/fake_logit": 0.0}
        if place % 4 == 0:
            values["quality/energy_distance"] = quality(share)
        diagnosis.watch(Record(int(step), 0.0, values))
    return diagnosis.found


def stays(share: float) -> float:
    return 0.8


def falls(share: float) -> float:
    return 0.8 * 0.03**share


@pytest.mark.parametrize(
    ("slope", "grows"),
    [
        (lambda share: 0.1 + 30 * share, True),
        (lambda share: 0.1 * 1000**share, True),
        (lambda share: 0.1 + 2.5 * share, False),  # near 1, as a penalty wants it
        (lambda share: 30 * min(4 * share, 1.0), False),  # clipped weights: a constant that is not 1
        (lambda share: 30 * (1 - 0.1 ** (5 * share)), False),
        (lambda share: 30 - 20 * share, False),
    ],
)
def test_a_slope_that_nothing_limits_is_found_however_good_samples_are(slope: Course, grows: bool) -> None:
    for quality, severity in ((stays, "failure"), (falls, "warning")):
        finding = found(slope, quality).get("GAN111")
        assert (finding.severity if finding else "") == (severity if grows else "")


def test_a_slope_that_vanishes_is_found_where_samples_stay_bad() -> None:
    finding = found(lambda share: 0.1 * 0.001**share, stays, loss=-9.9)["GAN112"]
    assert "of which the scores explain -0.01" in finding.title
    assert "sign of its penalty" in finding.advice
    assert "scores explain" not in found(lambda share: 0.1 * 0.001**share, stays, loss=-0.02)["GAN112"].title
    assert not found(lambda share: 0.1 * 0.001**share, falls, loss=-9.9)
    assert not found(lambda share: 0.1 - 0.09 * share, stays, loss=-9.9)


def test_the_gradient_of_other_losses_is_no_slope() -> None:
    assert not found(lambda share: 0.1 + 30 * share, stays, objective="non-saturating")
    assert not found(lambda share: 0.1 + 30 * share, stays, objective="f-reverse-kl")
